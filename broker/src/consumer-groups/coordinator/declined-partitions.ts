import type { ConsumerGroupBeat, DeclinedPartition } from '../../api/consumer-groups-api.ts'
import { type ConsumerGroup, partitionIn } from '../state/consumer-group.ts'
import { placeKey } from '../state/place-key.ts'

const NONE: ReadonlySet<string> = new Set()

/**
 * Whether partitions may have to be assigned anew because of what a beat declines. `before`: what the member declined
 * with the beat before; unknown to a new coordinator, to which it says therefore that a handler has returned.
 */
export function declinesAnew(before: readonly DeclinedPartition[], { declined = [] }: ConsumerGroupBeat): boolean {
  if (before.length === 0 && declined.length === 0) return false
  return declined.some(({ ended }) => ended) || textOf(before) !== textOf(declined)
}

/**
 * The partitions (`placeKey`) that a member does not take for now. One of which it has got another lease since it gave
 * up the named one is not among them: the beat is late, or the member does not know of the lease yet.
 */
export function declinedNow(
  group: ConsumerGroup,
  member: string,
  declined: readonly DeclinedPartition[],
): ReadonlySet<string> {
  if (declined.length === 0) return NONE
  const holds = declined.filter(({ topicId, partition, token, ended }) => {
    const { holder, token: present } = partitionIn(group, topicId, partition)
    return !ended && (holder !== member || present === token)
  })
  return new Set(holds.map(placeKey))
}

function textOf(declined: readonly DeclinedPartition[]): string {
  return declined.map((one) => `${placeKey(one)} ${one.token} ${one.ended}`).join()
}
