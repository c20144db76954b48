import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { type SwarmOptions, TICK } from './swarm-options.ts'

/**
 * Draws which faults a seed has, and how hard: a seed with few kinds reaches deeper into each than one with all (swarm
 * testing).
 */
export function drawSwarm(random: SimRandom): SwarmOptions {
  if (random.chance(REVENANTS)) return revive(random, drawMixed(random))
  const options = cutLogs(random, drawMembers(random, drawShape(random)))
  return random.chance(SLEEP) ? doze(random, options) : options
}

function drawMembers(random: SimRandom, options: SwarmOptions): SwarmOptions {
  if (random.chance(SCHISM)) return divide(random, options)
  return random.chance(MIGRATION) ? migrate(random, options) : options
}

function drawShape(random: SimRandom): SwarmOptions {
  const options = drawMixed(random)
  if (random.chance(CHURN)) return churn(random, options)
  return random.chance(USURPATION) ? usurp(random, options) : options
}

/**
 * In half the seeds logs are cut, so that a broker that falls behind needs a state; in a part of them readers come with
 * tokens.
 */
function cutLogs(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const cut = random.chance(0.5)
  return {
    ...options,
    compactEvery: cut ? random.pick([10_000, 50_000, 300_000]) : 0,
    offerEvery: cut && random.chance(0.5) ? random.pick([10_000, 50_000, 300_000]) : 0,
    fetchFor: random.pick([1_000, 20_000, 150_000]),
    tokenEvery: random.chance(0.4) ? random.pick([2_000, 20_000]) : 0,
  }
}

/**
 * Share of the seeds that are all about elections, and of the others that are all about leaders that do not know that
 * they lost one.
 */
const CHURN = 0.4
const USURPATION = 0.4
/** Share of the seeds, of every kind, in which members change or leadership is transferred. */
const MIGRATION = 0.4
/** Share of the seeds in which leaders that reach a minority alone change members, and in which candidates die. */
const SCHISM = 0.08
const REVENANTS = 0.05
/** Share of the seeds, of every kind, in which clients pause and groups sleep. */
const SLEEP = 0.2

/** Members come and go, wholly new sets among them, leaders remove themselves, and leadership is transferred. */
function migrate(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const brokers = random.pick([1, 2, 3, 3, 4, 5])
  const spares = random.pick(brokers === 1 ? [1, 2, 3] : [0, 1, 2, 3])
  const all = <T>(drawn: readonly T[]): T[] => Array.from({ length: brokers + spares }, () => random.pick(drawn))
  return {
    ...options,
    brokers,
    spares,
    ticks: all(options.ticks),
    syncs: all(options.syncs),
    changeEvery: random.pick([0, 20_000, 50_000, 200_000]),
    transferEvery: random.pick([0, 50_000, 200_000]),
    renewal: random.pick([0, 0.5, 1, 1]),
  }
}

/**
 * Four voters, so that there are halves: each change is begun by a leader with few, the next leader begins another one
 * before it learns of the first, and majorities of the two need have no member in common (the bug of 2015).
 */
function divide(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const brokers = random.pick([4, 4, 4, 5])
  const all = <T>(drawn: readonly T[]): T[] => Array.from({ length: brokers }, () => random.pick(drawn))
  return {
    ...options,
    brokers,
    ticks: all(options.ticks),
    syncs: all(options.syncs),
    network: { ...options.network, loss: 0, maxDelay: random.pick([500, 2_000, 10_000]), straggler: 0 },
    crashEvery: random.pick([0, 0, 300_000]),
    partitionEvery: 0,
    schismEvery: random.pick([100_000, 300_000]),
    hastyChanges: random.pick([0, 0.5, 1]),
    partitionFor: random.pick([200_000, 400_000]),
    proposeEvery: random.pick([100_000, 300_000]),
  }
}

/**
 * Disks so slow that a candidate has entries, and its own term, in memory alone: it dies, forgets both, and asks again,
 * while answers to its earlier life are still in flight (M5, M9).
 */
function revive(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const { raft, network } = options
  const slow = random.below(3)
  const ofThree = <T>(draw: (slot: number) => T): T[] => [0, 1, 2].map(draw)
  return {
    ...options,
    brokers: 3,
    raft: { ...raft, maxAppendBytes: 1_000_000, maxInflightAppends: 8 },
    network: { ...network, loss: 0, duplication: 0.3, maxDelay: random.pick([5_000, 10_000]), straggler: 0.1 },
    ticks: ofThree(() => random.pick(options.ticks)),
    syncs: ofThree((slot) => (slot === slow ? [30_000, 80_000] : [100, 1_000])),
    crashEvery: 0,
    partitionEvery: 0,
    partitionFor: random.pick([50_000, 200_000]),
    candidateFalls: 0.7,
    keepUnsynced: 0,
    campaignEvery: random.pick([30_000, 80_000]),
    proposeEvery: random.pick([20_000, 40_000]),
    proposalBurst: 1,
    leases: false,
    readEvery: 0,
  }
}

/**
 * Leaders crash every few election timeouts, messages and fsyncs are slow against them, and entries travel one at a
 * time: logs stay short and diverge often. This finds mistakes that need two or three changes of leader around one
 * entry (Figure 8).
 */
function churn(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const slow = random.pick([5_000, 20_000, 80_000])
  return {
    ...options,
    raft: { ...options.raft, maxAppendBytes: 1, maxInflightAppends: random.pick([1, 1, 2, 8]) },
    network: {
      ...options.network,
      loss: random.pick([0, 0.05, 0.2]),
      maxDelay: random.pick([5_000, 20_000, 40_000]),
      straggler: random.pick([0, 0.05, 0.2]),
    },
    syncs: options.syncs.map(() => [100, slow]),
    crashEvery: random.pick([60_000, 120_000, 250_000]),
    downFor: random.pick([1_000, 30_000, 200_000]),
    campaignEvery: random.pick([0, 30_000, 100_000]),
    proposeEvery: random.pick([30_000, 100_000, 300_000]),
    proposalBurst: random.pick([1, 3]),
    ...(random.chance(0.5) ? { leases: false, readEvery: 0 } : {}),
  }
}

/**
 * Leaders are cut off, wholly, one-way or from one follower, while clients write and read all the time: a lease must
 * hold (M24).
 */
function usurp(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const { brokers, raft, network } = options
  return {
    ...options,
    raft: { ...raft, heartbeatTicks: random.pick([1, 2, 3]), maxAppendBytes: 2_000, maxInflightAppends: 8 },
    network: { ...network, loss: 0, maxDelay: random.pick([2_000, 10_000, 20_000]), straggler: random.pick([0, 0.2]) },
    ticks: Array.from({ length: brokers }, () => random.between(...WITHIN_DRIFT)),
    syncs: options.syncs.map(() => [100, 1_000]),
    crashEvery: random.pick([0, 40_000, 150_000]),
    downFor: random.pick([1_000, 30_000]),
    partitionEvery: random.pick([100_000, 300_000]),
    partitionFor: 300_000,
    partitionsAtLeader: true,
    campaignEvery: random.pick([0, 20_000]),
    proposeEvery: 3_000,
    proposalBurst: 1,
    leases: true,
    readEvery: 2_000,
  }
}

/**
 * Groups fall asleep between proposals (M86), and other events happen in their sleep, seldom enough that they fall
 * asleep.
 */
function doze(random: SimRandom, options: SwarmOptions): SwarmOptions {
  const { raft, network, changeEvery, transferEvery, compactEvery, offerEvery, readEvery } = options
  const calm = (every: number) => every * random.pick([1, 5, 20])
  return {
    ...options,
    raft: { ...raft, sleepAfterTicks: random.pick([1, 5, 20]) },
    network: {
      ...network,
      loss: random.pick([0, 0, 0.05]),
      maxDelay: random.pick([500, 2_000, 10_000, 30_000]),
      straggler: random.pick([0, 0.05, 0.2]),
    },
    proposeEvery: random.pick([50_000, 100_000, 300_000]),
    crashEvery: random.pick([0, 200_000, 1_000_000]),
    partitionEvery: random.pick([0, 300_000, 600_000]),
    partitionsAtLeader: random.chance(0.7),
    partitionFor: random.pick([300_000, 600_000]),
    campaignEvery: random.pick([0, 0, 300_000]),
    changeEvery: calm(changeEvery),
    transferEvery: calm(transferEvery),
    compactEvery: calm(compactEvery),
    offerEvery: calm(offerEvery),
    readEvery: readEvery > 0 ? 5_000 : 0,
  }
}

function drawMixed(random: SimRandom): SwarmOptions {
  const brokers = random.chance(0.8) ? 3 : 5
  const often = (probability: number, choices: readonly number[]): number =>
    random.chance(probability) ? random.pick(choices) : 0
  const maxDelay = random.pick([500, 2_000, 10_000, 40_000])
  const skewed = random.chance(0.3)
  const each = <T>(draw: () => T): T[] => Array.from({ length: brokers }, draw)
  const slowest = random.pick([500, 3_000, 20_000])
  return {
    brokers,
    spares: 0,
    changeEvery: 0,
    transferEvery: 0,
    renewal: 0,
    schismEvery: 0,
    hastyChanges: 0,
    candidateFalls: 0,
    events: random.between(2_000, 6_000),
    raft: {
      electionTicks: 10,
      heartbeatTicks: random.pick([1, 2, 3]),
      maxAppendBytes: random.pick([1, 300, 2_000, 1_000_000]),
      maxInflightAppends: random.pick([1, 2, 8, 64]),
      maxInflightBytes: random.pick([500, 5_000, 1_000_000]),
      maxUncommittedBytes: random.pick([200, 2_000, 50_000]),
      controlBytes: 100,
      announceCommit: random.chance(0.5),
    },
    network: {
      loss: often(0.5, [0.01, 0.05, 0.2]),
      duplication: often(0.5, [0.01, 0.1, 0.3]),
      minDelay: 50,
      maxDelay,
      straggler: often(0.4, [0.01, 0.1]),
    },
    ticks: each(() => (skewed ? Math.round(TICK * (0.7 + random.below(60) / 100)) : random.between(...WITHIN_DRIFT))),
    syncs: each(() => (random.chance(0.2) ? [20_000, 150_000] : [100, slowest])),
    readFailure: often(0.3, [0.1, 0.5]),
    crashEvery: often(0.7, [100_000, 300_000, 1_000_000]),
    partitionEvery: often(0.6, [200_000, 600_000]),
    partitionsAtLeader: false,
    campaignEvery: often(0.3, [100_000, 400_000]),
    unreachableEvery: often(0.3, [50_000, 300_000]),
    downFor: random.pick([1_000, 50_000, 400_000]),
    partitionFor: random.pick([100_000, 400_000]),
    keepUnsynced: random.pick([0, 0.5, 1]),
    proposeEvery: random.pick([1_000, 5_000, 30_000, 100_000]),
    proposalBurst: random.pick([1, 1, 4, 20]),
    leases: true,
    readEvery: skewed ? 0 : random.pick([2_000, 20_000]),
    compactEvery: 0,
    offerEvery: 0,
    fetchFor: 0,
    tokenEvery: 0,
  }
}

/** Ticks that a lease allows for: the longest is less than 10/9 of the shortest. */
const WITHIN_DRIFT = [TICK * 0.95, TICK * 1.05] as const
