import { TailraceError } from '@tailrace/schemas'
import { type Defects, noDefects } from '../../../broker/src/raft/defects.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { History } from './history.ts'
import { Violation } from './invariants.ts'
import type { DriverDefects, SimBroker } from './sim-broker.ts'
import { drawSwarm } from './swarm.ts'
import { type SwarmOptions, TICK } from './swarm-options.ts'
import { withoutFaults } from './without-faults.ts'
import { World } from './world.ts'

export const noDriverDefects: DriverDefects = {
  votesNotSynced: false,
  followerAcksBeforeFsync: false,
  slowLeaderClock: false,
  installDeletesFirst: false,
  restartCommitsTail: false,
}

/** A mechanism that can be switched off: of the core, or of the driver that the simulation supplies. */
export type DefectName = keyof Defects | keyof DriverDefects

export const defectNames = [...Object.keys(noDefects), ...Object.keys(noDriverDefects)] as DefectName[]

export interface SeedResult {
  readonly seed: number
  readonly options: SwarmOptions
  readonly digest: string
  readonly events: number
  readonly elections: number
  readonly committed: number
  readonly acknowledged: number
  /** Answers that leaders gave under a lease. */
  readonly reads: number
  /** States that took the place of a log, and readers that a token served. */
  readonly installs: number
  /** Changes of members that the leader which began them has finished, and transfers that have reached their target. */
  readonly changes: number
  readonly transfers: number
  /** How often a replica fell asleep. */
  readonly slumbers: number
  readonly tokenReads: number
  readonly violation: Violation | null
}

function switchedOn(defects: readonly DefectName[], known: object): Record<string, true> {
  return Object.fromEntries(defects.filter((name) => name in known).map((name) => [name, true]))
}

/** Election timeouts of calm after which the cluster must have converged. */
const PATIENCE = 60

/**
 * Part of a seed's history: without some classes of faults, with the rest of them at other times in each turn but the
 * first.
 */
export interface SmallerHistory {
  readonly without: readonly string[]
  readonly turn: number
}

const SEEDS_OF_TURN = 2 ** 33

/** Runs the history of one seed: faults, then calm. The same seed gives the same history on every machine. */
export function runSeed(
  seed: number,
  defects: readonly DefectName[] = [],
  trace: ((line: string) => void) | null = null,
  smaller: SmallerHistory = { without: [], turn: 0 },
): SeedResult {
  const drawn = new SimRandom(seed)
  const options = withoutFaults(drawSwarm(drawn), smaller.without)
  // Without a class of faults the rest of the randomness means something else anyway.
  const random = smaller.turn === 0 ? drawn : new SimRandom(seed + smaller.turn * SEEDS_OF_TURN)
  const history = new History(trace)
  let world: World | null = null
  let violation: Violation | null = null
  try {
    const core = { ...noDefects, noLeaseCheck: !options.leases, ...switchedOn(defects, noDefects) }
    const driver = { ...noDriverDefects, ...switchedOn(defects, noDriverDefects) }
    world = new World(options, random, history, core, driver)
    while (history.events < options.events) world.queue.step()
    world.calm()
    world.checkOutcome(converge(world, options))
  } catch (error) {
    violation = asViolation(error)
  }
  return {
    seed,
    options,
    digest: history.digest,
    events: history.events,
    elections: world?.elections ?? 0,
    committed: world?.invariants.commitIndex ?? 0,
    acknowledged: world?.acks.length ?? 0,
    reads: world?.reads ?? 0,
    installs: world?.installs ?? 0,
    changes: world?.changes ?? 0,
    transfers: world?.transfers ?? 0,
    slumbers: world?.slumbers ?? 0,
    tokenReads: world?.tokenReads ?? 0,
    violation,
  }
}

/**
 * Runs on until a new proposal is acknowledged and every broker has committed, and fsynced, all that was committed by
 * then. Returns that commit index; clients go on all the while.
 */
export function converge(world: World, { raft }: SwarmOptions): number {
  const { queue, brokers, invariants } = world
  const patience = PATIENCE * raft.electionTicks * TICK
  let deadline = queue.now + patience
  const acksBefore = world.acks.length
  let goal = 0
  let moved = 0
  while (queue.now < deadline) {
    queue.step()
    if (goal === 0 && world.acks.length > acksBefore) goal = invariants.commitIndex
    const lags = (broker: SimBroker) => broker.commitIndex < goal || !invariants.isDurable(broker, goal)
    const rests = goal > 0 && invariants.configuration.outgoing.length === 0
    // A broker that has many entries to get, one at a time, is waited for as long as it advances.
    const caughtUp = brokers.reduce((sum, { commitIndex }) => sum + Math.min(commitIndex, goal), 0)
    if (caughtUp > moved) deadline = queue.now + patience
    moved = Math.max(moved, caughtUp)
    if (!rests || brokers.some((broker) => invariants.isMember(broker) && lags(broker))) continue
    return goal
  }
  const states = brokers.map(
    ({ id, core, commitIndex }) => `${id} ${core?.role} term ${core?.term} commit ${commitIndex}`,
  )
  throw new Violation('liveness', `no convergence within ${PATIENCE} election timeouts: ${states.join(', ')}`)
}

/** An assertion of the core itself counts as well, under its own name; anything else is a mistake of the simulator. */
function asViolation(error: unknown): Violation {
  if (error instanceof Violation) return error
  if (error instanceof TailraceError) return new Violation('core-assertion', error.message)
  throw error
}
