import { TailraceError } from '@tailrace/schemas'
import { isBrokerSet, isNatural, isPositive } from '../metadata/command-checks.ts'
import type { GroupRequest } from './group-requests.ts'

type Fields = Readonly<Record<string, unknown>>

/** What each request has beside the group. */
const fieldsOf: { readonly [Do in GroupRequest['do']]: (fields: Fields) => boolean } = {
  report: ({ tail }) => typeof tail === 'boolean',
  drive: ({ change }) => isPositive(change),
  'change-metadata': ({ voters }) => isBrokerSet(voters) && voters.length > 0,
  cancel: () => true,
  transfer: ({ to }) => isNatural(to),
  'may-lead': () => true,
  return: ({ to }) => isPositive(to),
  keep: () => true,
  snapshot: () => true,
  offer: ({ source, place }) => isPositive(source) && isPlace(place),
}

/**
 * A request about a group as another broker sends it.
 * @throws TailraceError UNSUPPORTED_MESSAGE: a newer broker may send it; INVALID_REQUEST
 */
export function checkGroupRequest(value: unknown): GroupRequest {
  const request = (typeof value === 'object' ? (value ?? {}) : {}) as Fields
  const kind = request.do
  if (typeof kind !== 'string' || !Object.hasOwn(fieldsOf, kind)) {
    throw new TailraceError('UNSUPPORTED_MESSAGE', `A request about a group: ${String(kind).slice(0, 60)}.`)
  }
  if (isNatural(request.group) && fieldsOf[kind as GroupRequest['do']](request)) return value as GroupRequest
  throw new TailraceError('INVALID_REQUEST', `A field of "${kind}" is missing or wrong.`)
}

/** @throws TailraceError INVALID_REQUEST */
export function checkGroupList(value: unknown): readonly number[] {
  const { groups } = ((typeof value === 'object' ? value : null) ?? {}) as { groups?: unknown }
  if (Array.isArray(groups) && groups.every(isNatural)) return groups
  throw new TailraceError('INVALID_REQUEST', 'A list of groups is missing or wrong.')
}

function isPlace(value: unknown): boolean {
  const { index, term } = ((typeof value === 'object' ? value : null) ?? {}) as Fields
  return isNatural(index) && isNatural(term)
}
