import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const driveChange: GroupRequestHandler<'DriveChange'> = {
  check: ({ group, change }) => isNatural(group) && isPositive(change),
  needs: 'no-client',
  checkReply: ({ state }) => ['done', 'failed', 'running'].includes(state),
  async answer({ groupRequests }, _from, { group, change }) {
    return withoutBody(groupRequests.drive(group, change))
  },
}
