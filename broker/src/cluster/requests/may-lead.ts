import { isNatural } from '../metadata/commands/command-checks.ts'
import type { GroupRequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const mayLead: GroupRequestHandler<'MayLead'> = {
  check: ({ group }) => isNatural(group),
  needs: 'no-client',
  checkReply: anything,
  async answer({ groupRequests }, _from, { group }) {
    groupRequests.mayLead(group)
    return withoutBody({})
  },
}
