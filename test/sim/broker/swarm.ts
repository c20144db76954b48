import type { BrokerId } from '@tailrace/schemas'
import type { LogStorageOptions } from '../../../broker/src/log/types.ts'
import { defaultPartitionSettings, type PartitionSettings } from '../../../broker/src/partition/settings.ts'
import type { SimRandom } from '../random.ts'
import type { DiskBehaviour } from './disk/sim-disk.ts'
import { faultClasses } from './faults/table.ts'
import type { MessageFaults } from './unreliable-raft.ts'

type Range = readonly [number, number]

/** Everything that one seed decides before its history begins. Printed, so that a failing seed can be understood. */
export interface BrokerSwarm {
  readonly brokers: 3 | 5
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
  /** Mean milliseconds between the strikes of each class of faults that the seed has. */
  readonly faults: Readonly<Record<string, number>>
  /** Brokers whose disks may rot: never a majority of any partition's replicas, for nobody can promise anything then. */
  readonly rotten: readonly number[]
  readonly topics: readonly { readonly name: string; readonly partitions: number; readonly replicas: number }[]
  readonly producers: number
  readonly readers: number
  /** Mean milliseconds between a producer's batches. */
  readonly publishEveryMs: number
  readonly valueBytes: Range
  /** Mean milliseconds between creations of topics that are deleted again; 0: none. */
  readonly churnEveryMs: number
}

/** Draws which faults a seed has, and how hard: a seed with few kinds reaches deeper into each than one with all (swarm testing). */
export function drawBrokerSwarm(random: SimRandom): BrokerSwarm {
  const brokers = random.chance(0.85) ? 3 : 5
  const ids = Array.from({ length: brokers }, (_, at) => at + 1)
  const capacity = random.chance(0.2) ? 1 << 21 : 1 << 26
  const messages = random.chance(0.5)
    ? {
        loss: random.pick([0, 0.01, 0.1]),
        duplication: random.pick([0, 0.05, 0.3]),
        delay: random.pick([0, 0.05, 0.3]),
        maxDelayMicros: random.pick([5_000, 50_000, 400_000]),
      }
    : { loss: 0, duplication: 0, delay: 0, maxDelayMicros: 0 }
  return {
    brokers,
    addresses: ids.map(addressOf),
    faultMs: random.between(3_000, 10_000),
    earlyFaults: random.chance(0.2),
    partition: drawPartitionSettings(random),
    log: drawLog(random, capacity),
    disks: ids.map(() => drawDisk(random, capacity)),
    rates: ids.map(() => random.between(950, 1050) / 1000),
    network: {
      minDelayMs: 0,
      maxDelayMs: random.pick([1, 2, 5, 20]),
      maxChunkBytes: random.pick([100, 1_000, 65_536, 65_536]),
    },
    messages,
    faults: drawFaults(random),
    rotten: [random.pick(ids)],
    topics: drawTopics(random, brokers),
    producers: random.between(1, 3),
    readers: random.between(1, 3),
    publishEveryMs: random.pick([5, 20, 100]),
    valueBytes: random.pick([
      [10, 100],
      [10, 100],
      [10, 2_000],
      [1_000, 12_000],
    ]),
    churnEveryMs: random.chance(0.3) ? random.pick([500, 2_000]) : 0,
  }
}

function drawFaults(random: SimRandom): Record<string, number> {
  const drawn: Record<string, number> = {}
  for (const { name, likelihood, everyMs } of faultClasses) {
    if (random.chance(likelihood)) drawn[name] = random.pick(everyMs)
  }
  return drawn
}

function drawPartitionSettings(random: SimRandom): PartitionSettings {
  return {
    ...defaultPartitionSettings,
    electionTimeoutMs: random.pick([300, 600, 600]),
    heartbeatMs: random.pick([60, 120, 150]),
    maxAppendBytes: random.pick([1, 2_000, 1 << 20]),
    maxInflightAppends: random.pick([1, 4, 64]),
    maxInflightBytes: random.pick([4_000, 1 << 20]),
    maxUncommittedBytes: random.pick([10_000, 1 << 20]),
    maxWaitingReaders: 100,
    producerCapacity: 1_000,
    checkpointBytes: random.pick([1_000, 10_000, 1 << 20]),
  }
}

function drawLog(random: SimRandom, capacity: number): Omit<LogStorageOptions, 'folder'> {
  return {
    journalFileBytes: random.pick([1 << 15, 1 << 16, 1 << 18]),
    segmentBytes: random.pick([8_000, 40_000, 1 << 20]),
    tailBytes: random.pick([20_000, 200_000, 4 << 20]),
    directBytes: random.pick([2_000, 10_000, 1 << 20]),
    diskReserveBytes: capacity >> 3,
  }
}

function drawDisk(random: SimRandom, capacity: number): DiskBehaviour {
  return {
    readMicros: [20, random.pick([100, 2_000])],
    writeMicros: [5, random.pick([20, 500])],
    syncMicros: [100, random.pick([500, 3_000, 20_000])],
    ...{ capacity, failSync: false, tears: false, liesAboutSync: false },
  }
}

function drawTopics(random: SimRandom, brokers: number): BrokerSwarm['topics'] {
  const count = random.between(1, 2)
  return Array.from({ length: count }, (_, at) => ({
    name: `flights-${at}`,
    partitions: random.between(1, 3),
    // A partition of one replica has no minority.
    replicas: random.pick([3, 3, brokers]),
  }))
}

export function hostOf(id: BrokerId): string {
  return `b${id}`
}

/** Where other brokers reach it. */
export function addressOf(id: BrokerId): string {
  return `${hostOf(id)}:7080`
}
