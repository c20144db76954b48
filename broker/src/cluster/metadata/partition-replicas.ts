import type { BrokerId, GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'

/** The brokers that hold a partition, shall hold it, or must be ignored. Never changed in place. */
export interface TopicPartition {
  readonly group: GroupId
  /** The first replicas; they were there without being admitted. */
  readonly founders: readonly BrokerId[]
  /** Ordered: the first is the preferred leader. */
  readonly replicas: readonly BrokerId[]
  /** Broker -> index of the command that brought it in; a founder that never left has none (0). */
  readonly admissions?: Admissions
  /** Broker -> factor of its election timeout, where that is not 1 (M82). */
  readonly priorities?: Readonly<Record<number, number>>
  readonly change?: ReplicaChange
  readonly lastChange?: {
    readonly change: LogIndex
    readonly outcome: 'done' | 'failed'
    readonly reason: string
    readonly target: readonly BrokerId[]
  }
  /**
   * Brokers that were lost when members were forced and may come back with an outdated replica: its messages are
   * ignored (M83).
   */
  readonly outcasts?: readonly BrokerId[]
  /** Records before it were deleted by an operator; the partition's log says the same. */
  readonly deletedBefore?: Offset
}

export type Admissions = Readonly<Record<number, LogIndex>>

/** A change under way. `index`: of the command that asked for it, which tells it from all others. */
export interface ReplicaChange {
  readonly index: LogIndex
  /** cancel: back to the present replicas, if it is not too late. force: by `leader` alone. */
  readonly kind: 'assign' | 'cancel' | 'force'
  readonly replicas: readonly BrokerId[]
  readonly admissions: Admissions
  readonly leader?: BrokerId
  /** Of a forced leader: its term will be above this one. */
  readonly aboveTerm?: Term
}

/** How a broker shall hold a partition; null: not at all. */
export interface Place {
  readonly admission: LogIndex
}

export function placeOf(partition: TopicPartition, broker: BrokerId): Place | null {
  const { replicas, change, outcasts } = partition
  if (outcasts?.includes(broker)) return null
  if (!replicas.includes(broker) && !change?.replicas.includes(broker)) return null
  return { admission: admissionOf(partition, broker) }
}

/** The preferred leader: of the replicas that campaign first, the first in order (M82). */
export function preferredReplica({ replicas, priorities = {} }: TopicPartition): BrokerId {
  const factorOf = (id: BrokerId): number => priorities[id] ?? 1
  return replicas.reduce((best, id) => (factorOf(id) < factorOf(best) ? id : best))
}

/** The number under which a replica, present or coming, takes part. */
export function admissionOf({ replicas, admissions, change }: TopicPartition, broker: BrokerId): LogIndex {
  if (replicas.includes(broker)) return admissions?.[broker] ?? 0
  return change?.admissions[broker] ?? 0
}

/** The configuration that the partition's leader is to bring about. */
export function wantedMembers(partition: TopicPartition): { voters: readonly BrokerId[]; admissions: Admissions } {
  const { change, replicas, admissions = {} } = partition
  if (change === undefined || change.kind === 'cancel') return { voters: replicas, admissions }
  return { voters: change.replicas, admissions: change.admissions }
}

export function withChange(partition: TopicPartition, index: LogIndex, replicas: readonly BrokerId[]): TopicPartition {
  if (sameMembers(replicas, partition.replicas)) return { ...partition, replicas }
  const admissions: Record<number, LogIndex> = {}
  for (const id of replicas) {
    const admission = partition.replicas.includes(id) ? (partition.admissions?.[id] ?? 0) : index
    if (admission > 0) admissions[id] = admission
  }
  return { ...partition, change: { index, kind: 'assign', replicas, admissions } }
}

export function withOutcome(partition: TopicPartition, outcome: 'done' | 'failed', reason: string): TopicPartition {
  const { change, ...rest } = partition
  if (change === undefined) return partition
  const lastChange = { change: change.index, outcome, reason, target: change.replicas }
  if (outcome === 'failed') return { ...rest, lastChange }
  const { admissions } = change
  return { ...rest, replicas: change.replicas, admissions, lastChange }
}

interface Forced {
  readonly members: readonly BrokerId[]
  readonly leader: BrokerId
  readonly lost: readonly BrokerId[]
  readonly term?: Term
}

export function withForced(
  partition: TopicPartition,
  index: LogIndex,
  { members, leader, lost, term: aboveTerm = 0 }: Forced,
): TopicPartition {
  const admissions: Record<number, LogIndex> = {}
  for (const id of members) {
    const admission = admissionOf(partition, id)
    if (admission > 0) admissions[id] = admission
  }
  const outcasts = [...new Set([...(partition.outcasts ?? []), ...lost])].filter((id) => !members.includes(id))
  return {
    ...partition,
    ...(outcasts.length > 0 ? { outcasts } : {}),
    change: { index, kind: 'force', replicas: members, admissions, leader, aboveTerm },
  }
}

export function withoutOutcast(partition: TopicPartition, broker: BrokerId): TopicPartition {
  const { outcasts = [], ...rest } = partition
  const left = outcasts.filter((id) => id !== broker)
  return left.length > 0 ? { ...rest, outcasts: left } : rest
}

export function withPriority(partition: TopicPartition, broker: BrokerId, factor: number): TopicPartition {
  const priorities: Record<number, number> = { ...partition.priorities, [broker]: factor }
  if (factor === 1) delete priorities[broker]
  return { ...partition, priorities }
}

export function sameMembers(a: readonly BrokerId[], b: readonly BrokerId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id))
}
