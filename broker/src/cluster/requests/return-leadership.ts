import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const returnLeadership: GroupRequestHandler<'ReturnLeadership'> = {
  check: ({ group, to }) => isNatural(group) && isPositive(to),
  needs: 'no-client',
  checkReply: ({ outcome }) => ['returned', 'kept'].includes(outcome),
  async answer({ groupRequests }, _from, { group, to }) {
    return withoutBody(await groupRequests.returnLeadership(group, to))
  },
}
