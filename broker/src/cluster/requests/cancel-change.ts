import { isNatural } from '../metadata/commands/command-checks.ts'
import type { GroupRequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const cancelChange: GroupRequestHandler<'CancelChange'> = {
  check: ({ group }) => isNatural(group),
  checkReply: anything,
  async answer({ groupRequests }, _from, { group }) {
    groupRequests.cancelChange(group)
    return withoutBody({})
  },
}
