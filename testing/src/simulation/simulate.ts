import type { EmbeddedSettings } from 'tailrace/embedded'
import type { TestCluster } from '../test-cluster.ts'
import { SimulationFailure } from './failure.ts'
import { checkFaults, type Faults } from './faults.ts'
import { replaceGlobals } from './globals.ts'
import type { Program, ProgramWorld } from './program.ts'
import { SimulatedWorld } from './simulated-world.ts'

/** What a scenario has: brokers, clients, time, and programs that can be killed. */
export interface ScenarioWorld extends ProgramWorld {
  readonly seed: number
  readonly cluster: TestCluster
  /**
   * Runs the code of a program on a machine of its own, from now on and again after each kill. What it throws fails the
   * scenario.
   */
  program(name: string, run: (world: ProgramWorld) => Promise<unknown>): Program
  /** Faults end and do not come back, and all that is down starts. Resolves when all brokers are ready. */
  calm(): Promise<void>
}

export type Scenario<Result> = (world: ScenarioWorld) => Promise<Result>

export interface ScenarioOptions<Result = unknown> {
  readonly scenario: Scenario<Result>
  /** Default: none. */
  readonly faults?: Faults
  /** Default: 3. */
  readonly brokers?: number
  /** Cascade brokers that copy from them. Default: 0. */
  readonly cascades?: number
  /** Of all brokers, by the names of docs/configuration.md. Default: as in production, with smaller files. */
  readonly settings?: EmbeddedSettings
  /** Simulated milliseconds after which a scenario that has not ended fails. Default: ten minutes. */
  readonly limitMs?: number
  /**
   * Replaces setTimeout, Date, Math.random and the other globals for time and chance while the scenario runs, for code
   * that does not take them from its world. One such run at a time in a process. Default: false.
   */
  readonly globals?: boolean
  /** Gets each line of the history. Default: nobody does. */
  readonly trace?: (line: string) => void
}

export interface SimulateOptions<Result = unknown> extends ScenarioOptions<Result> {
  /** A whole number from 0 on: the same one gives the same history. */
  readonly seed: number
}

export interface SimulateManyOptions<Result = unknown> extends ScenarioOptions<Result> {
  /** How many. */
  readonly seeds: number
  /** The first one. Default: 1. */
  readonly from?: number
}

export interface Simulated<Result> {
  readonly seed: number
  /** What the scenario has returned. */
  readonly result: Result
  /** SHA-256 of all that happened. */
  readonly hash: string
  readonly events: number
  /** Simulated milliseconds. */
  readonly ms: number
}

const MOST_BROKERS = 25
const LARGEST_SEED = 100_000_000_000
const LIMIT_MS = 600_000

/**
 * Runs a scenario in a simulated world: real brokers, real clients and the scenario's own code, with one clock, one
 * network and one source of randomness, all of them drawn from the seed.
 * @throws SimulationFailure when the scenario, or a program of it, throws; TailraceError INVALID_SETTING; RangeError,
 * TypeError for options that are none
 */
async function one<Result>(options: SimulateOptions<Result>): Promise<Simulated<Result>> {
  const { seed, scenario, limitMs = LIMIT_MS, brokers = 3, cascades = 0, settings = {}, faults = {} } = options
  whole('seed', seed, 0, LARGEST_SEED)
  whole('brokers', brokers, 1, MOST_BROKERS)
  whole('cascades', cascades, 0, MOST_BROKERS)
  whole('limitMs', limitMs, 1, Number.MAX_SAFE_INTEGER)
  if (typeof scenario !== 'function') throw new TypeError('scenario is not a function.')
  const world = new SimulatedWorld({
    seed,
    brokers,
    cascades,
    settings,
    faults: checkFaults(faults),
    trace: options.trace,
  })
  const restore = options.globals === true ? replaceGlobals(world.own) : () => {}
  try {
    await world.start()
    world.unleash()
    const result = await world
      .run(() => scenario(sceneOf(world, seed)), limitMs)
      .catch((error: unknown) => Promise.reject(new SimulationFailure(seed, world.history.last, error)))
    const ended = { seed, result, events: world.events, ms: world.clock.monotonic() }
    return { ...ended, hash: world.history.end() }
  } finally {
    await world.end()
    restore()
  }
}

/** Runs one seed after the other. @throws SimulationFailure of the first one that fails */
async function many<Result>(options: SimulateManyOptions<Result>): Promise<Simulated<Result>[]> {
  const { seeds, from = 1, ...others } = options
  whole('seeds', seeds, 1, LARGEST_SEED)
  const all: Simulated<Result>[] = []
  for (let seed = from; seed < from + seeds; seed++) all.push(await one({ ...others, seed }))
  return all
}

export const simulate = Object.assign(one, { many })

function sceneOf(world: SimulatedWorld, seed: number): ScenarioWorld {
  return {
    ...world.own,
    seed,
    cluster: world.cluster,
    program: (name, run) => world.program(name, run),
    calm: () => world.calm(),
  }
}

function whole(name: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return
  throw new RangeError(`${name} is ${String(value)}, but must be a whole number from ${least} to ${most}.`)
}
