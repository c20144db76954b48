import type { GroupRequestName, GroupRequests } from '../../partition/peers.ts'
import type { RequestHandler } from './request.ts'
import { anything } from './request.ts'

/**
 * Requests that a group's replica answers and checks itself: for copies of its state, and for entries that another has
 * lost.
 */
function answeredByReplica<Name extends GroupRequestName>(
  name: Name,
): RequestHandler<Name, { readonly groups: GroupRequests }> {
  return {
    check: anything,
    needs: 'no-client',
    checkReply: anything,
    answer: ({ groups }, from, fields) => groups.answer(from, name, fields),
  }
}

export const copyOpen = answeredByReplica('CopyOpen')
export const copyRead = answeredByReplica('CopyRead')
export const copyClose = answeredByReplica('CopyClose')
export const readEntries = answeredByReplica('ReadEntries')
