import { isNatural } from '../metadata/commands/command-checks.ts'
import { alterCluster } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const cancelChange: GroupRequestHandler<'CancelChange'> = {
  check: ({ group }) => isNatural(group),
  needs: alterCluster,
  checkReply: anything,
  async answer({ groupRequests }, _from, { group }) {
    groupRequests.cancelChange(group)
    return withoutBody({})
  },
}
