import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { MetadataState } from './metadata-state.ts'
import type { Load } from './placement.ts'

/** What a replica counts beside its bytes, and beside its bytes a second, so that small ones count alike. */
const BASE_BYTES = 1024 * 1024
const BASE_RATE = 1024 * 1024

/** Of one replica of a partition. */
export interface PartitionFigures {
  readonly bytes: number
  readonly bytesPerSecond: number
}

export interface LoadFigures {
  /** Of the brokers that have told theirs. `roomBytes`: what their disks may still take. */
  readonly brokers: ReadonlyMap<BrokerId, { readonly roomBytes: number }>
  readonly partitions: ReadonlyMap<GroupId, PartitionFigures>
}

/**
 * What brokers hold, in replicas of the mean size: one of twice as many bytes and twice the traffic counts as two. A
 * replica of which nothing is known counts as one.
 * @param figures null: nothing is known, and all replicas count alike
 * @param mostReplicas that one broker may hold
 */
export function placedLoad(state: MetadataState, figures: LoadFigures | null, mostReplicas: number): Load {
  const [held, replicas, leaders] = [new Map(), new Map(), new Map()] as [Counts, Counts, Counts]
  const weightsOf = weighing(state, figures)
  for (const { partitions } of state.topics.values()) {
    for (const { group, replicas: holders, change } of partitions) {
      const { stored, written } = weightsOf(group)
      for (const id of holders) add(replicas, id, (stored + written) / 2)
      for (const id of new Set([...holders, ...(change?.replicas ?? [])])) add(held, id, 1)
      add(leaders, holders[0]!, written)
    }
  }
  const room: Counts = new Map()
  for (const id of state.brokers.keys()) {
    const isFull = figures?.brokers.get(id)?.roomBytes === 0
    room.set(id, isFull ? 0 : mostReplicas - (held.get(id) ?? 0))
  }
  return { replicas: rounded(replicas), leaders: rounded(leaders), room }
}

type Counts = Map<BrokerId, number>

interface ReplicaWeights {
  readonly stored: number
  readonly written: number
}

/** What a replica of a partition counts; the mean of all replicas is 1. */
function weighing(state: MetadataState, figures: LoadFigures | null): (group: GroupId) => ReplicaWeights {
  const known = figures?.partitions ?? new Map<GroupId, PartitionFigures>()
  let [count, stored, written] = [0, 0, 0]
  for (const { partitions } of state.topics.values()) {
    for (const { group, replicas } of partitions) {
      const figuresOf = known.get(group)
      if (figuresOf === undefined) continue
      count += replicas.length
      stored += replicas.length * (figuresOf.bytes + BASE_BYTES)
      written += replicas.length * (figuresOf.bytesPerSecond + BASE_RATE)
    }
  }
  return (group) => {
    const figuresOf = known.get(group)
    if (figuresOf === undefined) return { stored: 1, written: 1 }
    const { bytes, bytesPerSecond } = figuresOf
    return {
      stored: (count * (bytes + BASE_BYTES)) / stored,
      written: (count * (bytesPerSecond + BASE_RATE)) / written,
    }
  }
}

function add(counts: Counts, id: BrokerId, by: number): void {
  counts.set(id, (counts.get(id) ?? 0) + by)
}

/** Differences of less than a replica are none. */
function rounded(counts: Counts): Counts {
  return new Map([...counts].map(([id, count]) => [id, Math.round(count)]))
}
