import type { GroupId } from '@tailrace/schemas'
import { isNatural } from '../metadata/commands/command-checks.ts'
import type { RequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

/** Of partitions that have records, and nothing of these: brokers fetch them for readers, each with its right. */
export const watchEnds: RequestHandler<'WatchEnds'> = {
  check: ({ session, added, dropped, waitMs }) =>
    [session, waitMs, ...added.map(({ offset }) => offset)].every(isNatural) &&
    isGroupSet([...added.map(({ group }) => group), ...dropped]),
  needs: 'no-client',
  checkReply: ({ moved }) => isGroupSet(moved),
  answer: async ({ watched }, from, fields) => withoutBody(await watched.answer(from, fields)),
}

function isGroupSet(groups: readonly GroupId[]): boolean {
  return groups.every(isNatural) && new Set(groups).size === groups.length
}
