import type { BrokerId, GroupId, HoldingFields } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { type TopicPartition, wantedMembers } from '../metadata/partition-replicas.ts'
import type { LoadFigures } from '../metadata/placed-load.ts'
import { rackedBroker } from '../metadata/racks.ts'
import type { ClusterPicture, PicturedBroker, PicturedPartition } from './picture.ts'

/** Where the picture comes from. */
export interface PictureSources {
  readonly state: MetadataState
  /** All brokers of the cluster. */
  readonly brokers: () => readonly BrokerId[]
  readonly alive: (broker: BrokerId) => boolean
  readonly loads: (brokers: readonly BrokerId[]) => Promise<ReadonlyMap<BrokerId, HoldingFields>>
  readonly clock: Clock
  /** That one broker may hold. */
  readonly mostReplicas: number
}

export interface Circumstances {
  /** All brokers of the cluster. */
  readonly brokers: readonly BrokerId[]
  /** Of them those that have been up for long enough to get replicas. */
  readonly steady: (id: BrokerId) => boolean
  /** Those that have been away for too long. */
  readonly lost: (id: BrokerId) => boolean
  /** A partition that is left as it is for now. */
  readonly resting: (group: GroupId) => boolean
  /** That one broker may hold. */
  readonly mostReplicas: number
}

/** The cluster for the planner, of what the metadata say and what brokers have told. */
export function drawPicture(state: MetadataState, figures: LoadFigures, around: Circumstances): ClusterPicture {
  const counts = new Map<BrokerId, number>()
  const partitions: PicturedPartition[] = []
  for (const [group, { topic, partition }] of state.places) {
    const place = topic.partitions[partition]!
    partitions.push(pictured(place, figures, around.resting(group)))
    for (const id of new Set([...place.replicas, ...(place.change?.replicas ?? [])])) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  const brokers = around.brokers.map((id): PicturedBroker => {
    // One that has never registered stands alone, and gets nothing.
    const registered = state.brokers.get(id) ?? { id, peer: `broker ${id}` }
    const told = figures.brokers.get(id)
    const drained = state.upkeep.draining.includes(id)
    const leaving = drained ? 'drained' : around.lost(id) ? 'lost' : null
    return {
      ...rackedBroker(registered),
      up: told !== undefined,
      leaving,
      open: told !== undefined && leaving === null && around.steady(id),
      roomBytes: told?.roomBytes ?? 0,
      roomReplicas: around.mostReplicas - (counts.get(id) ?? 0),
    }
  })
  return { brokers, partitions }
}

function pictured(place: TopicPartition, { partitions }: LoadFigures, resting: boolean): PicturedPartition {
  const { group, priorities = {}, change, outcasts } = place
  return {
    group,
    // Where they are going to be: else the same broker would be relieved again in each round until they are there.
    replicas: wantedMembers(place).voters,
    leaderFixed: Object.keys(priorities).length > 0,
    bytes: partitions.get(group)?.bytes ?? 0,
    bytesPerSecond: partitions.get(group)?.bytesPerSecond ?? 0,
    settled: change === undefined && outcasts === undefined && !resting,
  }
}
