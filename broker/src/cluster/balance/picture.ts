import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { PlannedMove } from '../../api/upkeep-api.ts'
import type { RackedBroker } from '../metadata/racks.ts'

/** A broker as the planner sees it. */
export interface PicturedBroker extends RackedBroker {
  /** It is reached, and tells its load. */
  readonly up: boolean
  /**
   * Its replicas have to go. drained: an operator wants it. lost: it has been away for too long; where others cannot
   * take a replica without a worse spread over racks, it stays.
   */
  readonly leaving: 'drained' | 'lost' | null
  /** It may get replicas. */
  readonly open: boolean
  /** Bytes of replicas that its disk may still take. */
  readonly roomBytes: number
  /** How many replicas it may still get. */
  readonly roomReplicas: number
}

export interface PicturedPartition {
  readonly group: GroupId
  /** In order: the first one is the preferred leader. */
  readonly replicas: readonly BrokerId[]
  /** An operator has said by priorities which replica leads: it is moved only away from a broker that leaves. */
  readonly leaderFixed: boolean
  /** Of one replica. */
  readonly bytes: number
  readonly bytesPerSecond: number
  /** Its members do not change now, and may. */
  readonly settled: boolean
}

export interface ClusterPicture {
  readonly brokers: readonly PicturedBroker[]
  readonly partitions: readonly PicturedPartition[]
}

/** Other replicas, or another order of them, for one partition. */
export interface Move extends Omit<PlannedMove, 'topic' | 'partition'> {
  readonly group: GroupId
}
