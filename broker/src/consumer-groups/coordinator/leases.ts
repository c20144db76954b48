import type { PartitionNumber, Timestamp } from '@tailrace/schemas'
import type { ConsumerGroupBeatReply, DueRecord, TopicPartitionId } from '../../api/consumer-groups-api.ts'
import type { ConsumerGroup, DelayedRecord } from '../state/consumer-group.ts'
import { partitionIn } from '../state/consumer-group.ts'
import { placeKey } from '../state/place-key.ts'

/** A lease, without what changes while it lasts. */
interface Lease {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly token: number
  readonly revoking: boolean
  readonly leasedSince: number
}

/** Delayed records of a group whose time has come, by partition (`placeKey`). */
type DueRecords = ReadonlyMap<string, readonly DelayedRecord[]>

/** Due records of one answer; the others come with the next one. */
const MOST_DUE = 1000
const NONE: readonly Lease[] = []
const NONE_DUE: DueRecords = new Map()

/**
 * The leases of each member of the groups of one coordinator: found once for each epoch of a group, so that the beats
 * of a large group do not each walk all its partitions.
 */
export class Leases {
  readonly #known = new WeakMap<ConsumerGroup, { readonly epoch: number; readonly of: Map<string, Lease[]> }>()

  of(group: ConsumerGroup, member: string): readonly Lease[] {
    return this.#all(group).get(member) ?? NONE
  }

  /** All that a member is to know, in one text: what it was told last is told again only when this has changed. */
  signatureOf(group: ConsumerGroup, member: string, due: readonly DueRecord[]): string {
    const leases = this.of(group, member).map(({ topicId, partition, token, revoking, leasedSince }) => {
      return `${topicId}/${partition} ${token} ${revoking ? 'revoking' : leasedSince}`
    })
    const again = due.map(({ topicId, partition, offset, attempt, token }) => {
      return `${topicId}/${partition} ${offset} ${attempt} ${token}`
    })
    return `${leases.join()};${again.join()}`
  }

  replyOf(
    group: ConsumerGroup,
    member: string,
    heartbeatMs: number,
    due: readonly DueRecord[],
  ): ConsumerGroupBeatReply {
    const leases = this.of(group, member)
    return {
      kind: 'beaten',
      epoch: group.epoch,
      heartbeatMs,
      assignment: leases.map(({ topic, topicId, partition, token }) => {
        const { offset, term, metadata } = partitionIn(group, topicId, partition)
        return { topic, topicId, partition, token, offset, term, metadata }
      }),
      revoke: leases.filter(({ revoking }) => revoking).map(({ topicId, partition }) => ({ topicId, partition })),
      due,
      heedsDeclined: true,
    }
  }

  /** Leases that a member was told to give back, knew of in the epoch, and does not own any more. */
  givenBack(
    group: ConsumerGroup,
    member: string,
    epoch: number,
    owned: readonly (TopicPartitionId & { readonly token: number })[],
  ): (TopicPartitionId & { readonly token: number })[] {
    const held = new Set(owned.map(({ topicId, partition, token }) => `${topicId}/${partition} ${token}`))
    return this.of(group, member)
      .filter(({ topicId, partition, token, revoking, leasedSince }) => {
        return revoking && leasedSince <= epoch && !held.has(`${topicId}/${partition} ${token}`)
      })
      .map(({ topicId, partition, token }) => ({ topicId, partition, token }))
  }

  /** Delayed records of its partitions, of those that are due; those that it is to give back come to the next one. */
  dueOf(group: ConsumerGroup, member: string, due: DueRecords): readonly DueRecord[] {
    if (due.size === 0) return []
    const found: DueRecord[] = []
    for (const { topicId, partition, token, revoking } of this.of(group, member)) {
      if (revoking) continue
      for (const { offset, attempt } of due.get(placeKey({ topicId, partition })) ?? []) {
        if (found.length === MOST_DUE) return found
        found.push({ topicId, partition, offset, attempt, token })
      }
    }
    return found
  }

  #all(group: ConsumerGroup): Map<string, Lease[]> {
    const known = this.#known.get(group)
    if (known?.epoch === group.epoch) return known.of
    const of = new Map<string, Lease[]>()
    for (const { topic, topicId, partitions } of group.topics.values()) {
      for (const [partition, { holder, token, revoking, leasedSince }] of partitions) {
        if (holder === '') continue
        const lease = { topic, topicId, partition, token, revoking, leasedSince }
        const held = of.get(holder)
        if (held === undefined) of.set(holder, [lease])
        else held.push(lease)
      }
    }
    this.#known.set(group, { epoch: group.epoch, of })
    return of
  }
}

/** Found once for all members of a group that are looked at together. */
export function dueIn({ delayed }: ConsumerGroup, now: Timestamp): DueRecords {
  if (delayed.size === 0) return NONE_DUE
  const found = new Map<string, DelayedRecord[]>()
  for (const record of delayed.values()) {
    if (record.due > now) continue
    const key = placeKey(record)
    const known = found.get(key)
    if (known === undefined) found.set(key, [record])
    else known.push(record)
  }
  return found
}
