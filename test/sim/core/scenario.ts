import { noDefects } from '../../../broker/src/raft/defects.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { History } from './history.ts'
import { noDriverDefects } from './run-seed.ts'
import { type SwarmOptions, TICK } from './swarm-options.ts'
import { World } from './world.ts'

/** The options that may differ from a world without faults. */
export interface ScenarioChanges extends Partial<Omit<SwarmOptions, 'raft' | 'network'>> {
  readonly raft?: Partial<SwarmOptions['raft']>
  readonly network?: Partial<SwarmOptions['network']>
}

export interface Scenario {
  readonly world: World
  readonly options: SwarmOptions
}

/**
 * A world in which nothing fails by itself, for tests that cause the events themselves. All invariants are checked as
 * ever.
 */
export function scenario(seed: number, { raft, network, ...changes }: ScenarioChanges): Scenario {
  const brokers = changes.brokers ?? 3
  const options: SwarmOptions = {
    brokers,
    spares: 0,
    changeEvery: 0,
    transferEvery: 0,
    renewal: 0,
    schismEvery: 0,
    hastyChanges: 0,
    candidateFalls: 0,
    events: 0,
    raft: {
      electionTicks: 10,
      heartbeatTicks: 1,
      maxAppendBytes: 1_000_000,
      maxInflightAppends: 64,
      maxInflightBytes: 1_000_000,
      maxUncommittedBytes: 1_000_000,
      controlBytes: 100,
      announceCommit: false,
      ...raft,
    },
    network: { loss: 0, duplication: 0, minDelay: 100, maxDelay: 2_000, straggler: 0, ...network },
    ticks: Array.from({ length: brokers + (changes.spares ?? 0) }, () => TICK),
    syncs: Array.from({ length: brokers + (changes.spares ?? 0) }, () => [100, 1_000]),
    readFailure: 0,
    crashEvery: 0,
    partitionEvery: 0,
    partitionsAtLeader: false,
    campaignEvery: 0,
    unreachableEvery: 0,
    downFor: 0,
    partitionFor: 0,
    keepUnsynced: 0,
    proposeEvery: 0,
    proposalBurst: 1,
    leases: true,
    readEvery: 0,
    compactEvery: 0,
    offerEvery: 0,
    fetchFor: 0,
    tokenEvery: 0,
    ...changes,
  }
  const world = new World(options, new SimRandom(seed), new History(null), noDefects, noDriverDefects)
  return { world, options }
}

/** Runs until `done`, or `micros` of virtual time have passed; returns the microseconds that it took. */
export function runUntil({ queue }: World, micros: number, done: () => boolean): number {
  const begin = queue.now
  while (queue.now - begin < micros && !done()) queue.step()
  return queue.now - begin
}
