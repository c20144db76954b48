import type { BrokerId } from '@tailrace/schemas'
import type { LogStorageOptions } from '../../../broker/src/log/log-storage.ts'
import type { PartitionSettings } from '../../../broker/src/partition/settings.ts'
import type { DiskBehaviour } from './disk/sim-disk.ts'
import type { MessageFaults } from './unreliable-raft.ts'

type Range = readonly [number, number]

/** Everything that one seed decides before its history begins. Printed, so that a failing seed can be understood. */
export interface BrokerSwarm {
  readonly brokers: 3 | 5
  /** Brokers that do not found the cluster: they may join it later, or take the place of one whose disk was lost. */
  readonly late: number
  readonly addresses: readonly string[]
  /** Milliseconds of the phase with faults; it begins when the cluster is formed, or, with `earlyFaults`, at once. */
  readonly faultMs: number
  readonly earlyFaults: boolean
  readonly partition: PartitionSettings
  readonly log: Omit<LogStorageOptions, 'folder'>
  readonly disks: readonly DiskBehaviour[]
  /** How fast each broker's clock runs. */
  readonly rates: readonly number[]
  readonly network: { readonly minDelayMs: number; readonly maxDelayMs: number; readonly maxChunkBytes: number }
  readonly messages: MessageFaults
  /** Mean milliseconds between two faults of each class that the seed has. */
  readonly faults: Readonly<Record<string, number>>
  /**
   * Brokers whose disks may rot: never a majority of any partition's replicas, for no promise would be possible then.
   */
  readonly rotten: readonly number[]
  readonly topics: readonly { readonly name: string; readonly partitions: number; readonly replicas: number }[]
  readonly producers: number
  readonly readers: number
  /** Mean milliseconds between a producer's batches. */
  readonly publishEveryMs: number
  readonly valueBytes: Range
  /** Mean milliseconds between creations of topics that are deleted again; 0: none. */
  readonly churnEveryMs: number
  /** At the end all disks become full, and must get room again. */
  readonly fillsDisks: boolean
  /** Null: there are none. */
  readonly cascades: CascadeSwarm | null
  /** Null: nobody publishes under conditions. */
  readonly conditions: ConditionSwarm | null
  /** Null: replicas move only when operators move them. */
  readonly upkeep: UpkeepSwarm | null
  /** Null: there are none. */
  readonly consumerGroups: ConsumerGroupSwarm | null
}

/** A topic of its own, with clients that publish to it under conditions. */
export interface ConditionSwarm {
  readonly partitions: number
  /** Of each partition. */
  readonly writers: number
}

/** How brokers look after the spread of replicas; see ClusterNodeDeps. */
export interface UpkeepSwarm {
  readonly balanceMs: number
  readonly replaceAfterMs: number
}

export interface ConsumerGroupSwarm {
  readonly groups: number
  /** Of each group, at most. */
  readonly members: number
  readonly sessionMs: number
  /** Mean milliseconds between two events of one group. */
  readonly moveEveryMs: number
  /** Handlers of members are stuck now and then. */
  readonly sticks: boolean
  /** After so many milliseconds without members a group expires; 0: never. */
  readonly expirationMs: number
}

/** Brokers below level 0. */
export interface CascadeSwarm {
  readonly brokers: readonly CascadeShape[]
  /** Clients that go from broker to broker, of all levels. */
  readonly readers: number
  /** Bytes waiting to be sent to a broker below beyond which its source stops reading for it. */
  readonly pauseBufferedBytes: number
}

export interface CascadeShape {
  readonly id: BrokerId
  /** That it is meant for, from 1 on. */
  readonly level: number
  /** HTTP addresses. */
  readonly sources: readonly string[]
  readonly disk: DiskBehaviour
  readonly rate: number
}

/** The name of its machine in the network. */
export function hostOf(id: BrokerId): string {
  return `b${id}`
}

/** Where clients and brokers below reach it. */
export function doorOf(id: BrokerId): string {
  return `${hostOf(id)}:8080`
}

/** Where other brokers reach it. */
export function addressOf(id: BrokerId): string {
  return `${hostOf(id)}:7080`
}
