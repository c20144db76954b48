import type { GroupId, LogIndex } from '@tailrace/schemas'
import type { RaftCore } from '../../raft/core.ts'
import type { Ready } from '../../raft/ready.ts'
import type { GroupSpec, GroupStatus, Snapshot } from '../group.ts'
import type { GroupDriver } from './driver.ts'
import type { CheckpointSchedule } from './state/checkpoint.ts'

/** The services that a replica gives the parts that copy to and from others. */
export interface CopyingReplica {
  readonly group: GroupId
  readonly core: RaftCore
  readonly driver: GroupDriver
  readonly schedule: CheckpointSchedule
  readonly producersUnknown: boolean
  readonly replica: { readonly id: GroupId; readonly spec: GroupSpec; readonly driver: GroupDriver }
  readonly spec: () => GroupSpec
  /** Its derived state does not belong to its log. */
  readonly incomplete: () => boolean
  /** The core has a Ready. */
  readonly wake: () => void
  readonly broken: (error: unknown) => void
  /** Gives up leadership and every promise made on this log. */
  readonly distrust: (reason: string) => void
}

/**
 * The parts that copy to and from other replicas, as the replica uses them; copies/ has them, and is not known here.
 */
export interface ReplicaCopying {
  readonly snapshots: Snapshots
  readonly repairs: Repairs
  readonly producers: {
    /** Whether retries from before the log's start cannot be told from new batches here. */
    readonly unknown: boolean
    tick(): void
  }
}

interface Snapshots {
  readonly place: Snapshot | null
  readonly installation: { readonly progress: NonNullable<GroupStatus['installing']> } | null
  asked(ready: Ready): void
  appended(bytes: number): void
  persisted(): void
  /** Another replica's snapshot is offered to this one. */
  offered(lastIndex: LogIndex): void
  take(): Promise<Snapshot>
  tick(): void
  stop(): void
}

interface Repairs {
  /** Replaces entries that are known to be rotten. Never rejects. */
  repair(): Promise<void>
  /** Reads all segments, and replaces rotten entries. Never rejects. */
  verify(): Promise<void>
  tick(): void
  stop(): void
}
