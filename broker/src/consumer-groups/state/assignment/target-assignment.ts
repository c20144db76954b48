import type { PartitionNumber } from '@tailrace/schemas'
import { balance } from './balance.ts'
import type { Holding } from './holdings.ts'
import { Holdings } from './holdings.ts'

/** A member with the topics that it subscribes to and may read. */
export interface AssignableMember {
  readonly id: string
  readonly topicIds: ReadonlySet<string>
  /** Partitions that it does not take for now, by `placeKey`; missing: none. */
  readonly declined?: ReadonlySet<string>
}

export interface AssignableTopic {
  readonly topicId: string
  /** Its number of partitions. */
  readonly partitions: number
}

/** The member that has a partition so far; empty: none. */
export interface FormerOwner {
  /** By the last target assignment. */
  readonly owner: string
  /** The epoch in which it became the owner. */
  readonly ownedSince: number
  /** The member that still has the lease, which may be another one. */
  readonly holder: string
}

export type Owners = ReadonlyMap<string, readonly string[]>

/**
 * The owner that each partition is to have: by topic id and partition number, the id of a member; empty where nobody
 * subscribes. A pure function: the same arguments in any order give the same result. As balanced as the subscriptions
 * allow; members with the same topics differ by one partition at most. What can stay where it is stays; of what has to
 * move, the partitions that moved last move first, so that a member that comes back takes its former share from the
 * others. A partition that a member declines counts as one of its own, for it is busy with it: so the partition moves,
 * and comes back later, and no others with it.
 */
export function targetAssignment(
  members: readonly AssignableMember[],
  topics: readonly AssignableTopic[],
  former: (topicId: string, partition: PartitionNumber) => FormerOwner,
): Owners {
  const sorted = [...topics].sort((a, b) => (a.topicId < b.topicId ? -1 : 1))
  const holdings = new Holdings(members, sorted)
  const free: Omit<Holding, 'since'>[] = []
  sorted.forEach(({ topicId, partitions }, at) => {
    for (let partition = 0; partition < partitions; partition++) {
      const topic = holdings.kindOf(at, partition)
      const { owner, ownedSince, holder } = former(topicId, partition)
      const stays = holdings.subscriber(owner, topic)
      const kept = stays === -1 ? holdings.subscriber(holder, topic) : stays
      if (kept === -1) free.push({ topic, partition })
      else holdings.give({ topic, partition, since: stays === -1 ? 0 : ownedSince }, kept)
    }
  })
  for (const { topic, partition } of free) {
    const receiver = holdings.leastLoaded(topic)
    // It moves in any case, so it is the first one to move again.
    if (receiver !== -1) holdings.give({ topic, partition, since: Number.POSITIVE_INFINITY }, receiver)
  }
  balance(holdings)
  return holdings.owners()
}
