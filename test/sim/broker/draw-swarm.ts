import type { LogStorageOptions } from '../../../broker/src/log/log-storage.ts'
import { defaultPartitionSettings, type PartitionSettings } from '../../../broker/src/partition/settings.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { DiskBehaviour } from './disk/sim-disk.ts'
import { cascadeFaults } from './faults/cascades.ts'
import type { FaultClass } from './faults/fault.ts'
import { members } from './faults/members.ts'
import { laterRot, lostTails, rot } from './faults/rot.ts'
import { faultClasses } from './faults/table.ts'
import { upkeepFaults } from './faults/upkeep.ts'
import { addressOf, type BrokerSwarm, type CascadeSwarm, doorOf } from './swarm.ts'

/** Classes of faults that there were when seeds were first pinned. */
const FIRST_CLASSES = 16
/** And those that there were when disks began to lose the end of their journals. */
const SECOND_CLASSES = 28
/** Without those of cascade brokers and of upkeep, which not all seeds have. */
const THIRD_CLASSES = faultClasses.length - cascadeFaults.length - upkeepFaults.length
const CASCADE_SHARE = 0.35
const CASCADE_SEEDS = 2 ** 40
const CONDITION_SHARE = 0.4
const CONDITION_SEEDS = 2 ** 41
const UPKEEP_SHARE = 0.2
const UPKEEP_SEEDS = 2 ** 42
/** Of operators who move replicas themselves, and of disks that only a minority of replicas may stand on. */
const NOT_WITH_UPKEEP = ['wipe', ...[...members, ...rot, ...laterRot, ...lostTails].map(({ name }) => name)]
const CONSUMER_GROUP_SHARE = 0.3
const CONSUMER_GROUP_SEEDS = 2 ** 44
/** Numbers of the first cascade brokers of levels 1 and 2. */
const FIRST_CASCADE = 101
const FIRST_OF_SECOND = 201

/**
 * Draws which faults a seed has, and how hard: a seed with few kinds reaches deeper into each than one with all (swarm
 * testing).
 */
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
  const drawn: BrokerSwarm = {
    brokers,
    late: 0,
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
    faults: drawFaults(random, faultClasses.slice(0, FIRST_CLASSES)),
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
    fillsDisks: false,
    cascades: null,
    conditions: null,
    upkeep: null,
    consumerGroups: null,
  }
  return withMore(random, drawn)
}

/** Nearly every batch goes to its segment, where many have room, and the power fails often. */
export function withLargeRounds(swarm: BrokerSwarm): BrokerSwarm {
  return {
    ...swarm,
    log: { ...swarm.log, directBytes: 150, segmentBytes: 1 << 18 },
    valueBytes: [200, 6_000],
    faults: { ...swarm.faults, 'power-loss': 300, blackout: 2_000 },
  }
}

/**
 * Adds cascade brokers, to some seeds or to all. They have a source of randomness of their own, so that all else that
 * was drawn of a seed stays unchanged.
 */
export function withCascades(seed: number, swarm: BrokerSwarm, toAll: boolean): BrokerSwarm {
  const random = new SimRandom(seed + CASCADE_SEEDS)
  if (!random.chance(CASCADE_SHARE) && !toAll) return swarm
  const faults = { ...swarm.faults, ...drawFaults(random, cascadeFaults) }
  return { ...swarm, faults, cascades: drawCascades(random, swarm) }
}

/** Adds clients that publish under conditions, as withCascades does; not where brokers have two releases. */
export function withConditions(seed: number, swarm: BrokerSwarm, toAll: boolean): BrokerSwarm {
  const random = new SimRandom(seed + CONDITION_SEEDS)
  const isDrawn = random.chance(CONDITION_SHARE) || toAll
  if (!isDrawn || 'newer-version' in swarm.faults) return swarm
  return { ...swarm, conditions: { partitions: random.between(1, 2), writers: random.between(3, 6) } }
}

/** Lets brokers look after the spread of replicas, likewise. */
export function withUpkeep(seed: number, swarm: BrokerSwarm, toAll: boolean): BrokerSwarm {
  const random = new SimRandom(seed + UPKEEP_SEEDS)
  if (!random.chance(UPKEEP_SHARE) && !toAll) return swarm
  const kept = Object.entries(swarm.faults).filter(([name]) => !NOT_WITH_UPKEEP.includes(name))
  const faults = { ...Object.fromEntries(kept), ...drawFaults(random, upkeepFaults) }
  const upkeep = { balanceMs: random.pick([300, 1_000]), replaceAfterMs: random.pick([0, 1_500, 5_000]) }
  return { ...swarm, faults, upkeep }
}

/**
 * Adds consumer groups, likewise; not where brokers move replicas until none is better. Their topic needs a level that
 * an older release does not know.
 */
export function withConsumerGroups(seed: number, swarm: BrokerSwarm, toAll: boolean): BrokerSwarm {
  const random = new SimRandom(seed + CONSUMER_GROUP_SEEDS)
  const isChosen = random.chance(CONSUMER_GROUP_SHARE) && !('newer-version' in swarm.faults)
  if ((!isChosen && !toAll) || swarm.upkeep !== null) return swarm
  const { 'newer-version': _, ...faults } = swarm.faults
  const consumerGroups = {
    groups: random.between(1, 2),
    members: random.between(2, 4),
    sessionMs: random.pick([1_000, 2_000, 4_000]),
    moveEveryMs: random.pick([300, 1_000, 3_000]),
    sticks: random.chance(0.7),
    // A clock that jumps by a day has what was used just before expire.
    expirationMs: 'clock-jump' in faults ? 0 : random.pick([0, 5_000, 10_000]),
  }
  // Sessions take their time to run out.
  return { ...swarm, faults, consumerGroups, faultMs: swarm.faultMs + 10_000 }
}

function drawCascades(random: SimRandom, { addresses, disks, rotten }: BrokerSwarm): CascadeSwarm {
  const founders = addresses.map((_, at) => at + 1)
  const first = Array.from({ length: random.between(1, 3) }, (_, at) => FIRST_CASCADE + at)
  const second = Array.from({ length: random.between(0, 2) }, (_, at) => FIRST_OF_SECOND + at)
  const shape = (id: number, level: number, above: readonly number[]) => {
    // One that is lost permanently may be lost before any broker below has heard of others.
    const lasting = random.pick(above.filter((source) => !rotten.includes(source)))
    const sources = above.filter((source) => source === lasting || random.chance(0.4)).map(doorOf)
    const disk = drawDisk(random, disks[0]!.capacity)
    return { id, level, sources, disk, rate: random.between(950, 1050) / 1000 }
  }
  return {
    brokers: [...first.map((id) => shape(id, 1, founders)), ...second.map((id) => shape(id, 2, first))],
    readers: random.between(1, 3),
    pauseBufferedBytes: random.pick([20_000, 1 << 20]),
  }
}

function drawFaults(random: SimRandom, classes: readonly FaultClass[]): Record<string, number> {
  const drawn: Record<string, number> = {}
  for (const { name, likelihood, everyMs } of classes) {
    if (random.chance(likelihood)) drawn[name] = random.pick(everyMs)
  }
  return drawn
}

/**
 * The choices of seeds since there are more faults than at first: drawn last, so that the earlier choices of a seed
 * stay unchanged.
 */
function withMore(random: SimRandom, first: BrokerSwarm): BrokerSwarm {
  const faults = { ...first.faults, ...drawFaults(random, faultClasses.slice(FIRST_CLASSES, SECOND_CLASSES)) }
  const late = random.between(1, 2)
  const capacity = first.disks[0]!.capacity
  const drawn = {
    ...first,
    late,
    partition: { ...first.partition, ...drawUpkeep(random) },
    log: { ...first.log, segmentBytes: random.pick([first.log.segmentBytes, 4_000]) },
    disks: [...first.disks, ...Array.from({ length: late }, () => drawDisk(random, capacity))],
    rates: [...first.rates, ...Array.from({ length: late }, () => random.between(950, 1050) / 1000)],
    // Some seeds leave time to fall asleep.
    publishEveryMs: random.pick([first.publishEveryMs, first.publishEveryMs, 1_500]),
    fillsDisks: random.chance(0.15),
  }
  return { ...drawn, faults: { ...faults, ...drawFaults(random, faultClasses.slice(SECOND_CLASSES, THIRD_CLASSES)) } }
}

function drawUpkeep(random: SimRandom): Partial<PartitionSettings> {
  const sleepAfterMs = random.pick([100, 300, 1_000, 5_000])
  const copyChunkBytes = random.pick([500, 5_000, 256 << 10])
  const replicationBytesPerSecond = random.pick([0, 0, 500_000])
  const copyIdleMs = random.pick([1_000, 60_000])
  return {
    sleepAfterMs,
    copyChunkBytes,
    replicationBytesPerSecond,
    // More than is published, or no newcomer would ever catch up; and a source must not take a slow reader for one that
    // is gone.
    copyIdleMs: replicationBytesPerSecond > 0 ? 60_000 : copyIdleMs,
    snapshotBytes: random.pick([1_000, 5_000, 1 << 20]),
    snapshotMs: random.pick([1_000, 3_600_000]),
    snapshotGapMs: random.pick([100, 1_000]),
    retentionCheckMs: random.pick([100, 1_000]),
    scrubBytes: random.pick([10_000, 1 << 20]),
    scrubMs: random.pick([300, 2_000]),
  }
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
    capacity,
    copiesOnWrite: false,
    failSync: false,
    tears: false,
    liesAboutSync: false,
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
