import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import { onGroup } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const deleteRecords: GroupRequestHandler<'DeleteRecords'> = {
  check: ({ group, before }) => isPositive(group) && (before === -1 || isNatural(before)),
  needs: ({ group }, state) => [onGroup('delete', group, state)],
  checkReply: ({ logStart }) => isNatural(logStart),
  async answer({ groupRequests }, _from, { group, before }) {
    return withoutBody({ logStart: await groupRequests.deleteRecords(group, before) })
  },
}
