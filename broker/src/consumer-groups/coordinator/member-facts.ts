import type { Asker } from '../../api/broker-api.ts'
import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'
import type { ConsumerGroupMember } from '../state/consumer-group.ts'

const NOTHING = { topics: [], patterns: [] } as const

/** The member that a beat is of. Its principal, address and instance are those with which it has joined. */
export function memberOf(
  { member: id, instance, clientId, rack, sessionMs, subscribed }: ConsumerGroupBeat,
  known: ConsumerGroupMember | undefined,
  asker: Asker | null,
): ConsumerGroupMember {
  const { principal = '', host = '' } = known ?? asker ?? {}
  return {
    id,
    instance: known?.instance ?? instance,
    clientId,
    host,
    principal,
    rack,
    sessionMs,
    subscribed: subscribed ?? known?.subscribed ?? NOTHING,
  }
}

export function isSameMember(a: ConsumerGroupMember, b: ConsumerGroupMember): boolean {
  return (
    a.clientId === b.clientId &&
    a.rack === b.rack &&
    a.sessionMs === b.sessionMs &&
    areSame(a.subscribed.topics, b.subscribed.topics) &&
    areSame(a.subscribed.patterns, b.subscribed.patterns)
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, at) => name === others[at])
}
