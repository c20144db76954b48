import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import { alterCluster } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const transferLeadership: GroupRequestHandler<'TransferLeadership'> = {
  check: ({ group, to }) => isNatural(group) && isNatural(to),
  needs: alterCluster,
  checkReply: ({ leader }) => isPositive(leader),
  async answer({ groupRequests }, _from, { group, to }) {
    return withoutBody({ leader: await groupRequests.transferLeadership(group, to) })
  },
}
