import { type ExecutedCode, ran } from './executed-code.ts'

/**
 * The cost of one mutant: the nearest tests that run the mutated place, until these milliseconds of the processor are
 * used up.
 */
const MOST_TESTS = 40
const MOST_CPU_MS = 20_000
/** A test that takes longer judges only the files that it is nearest to. */
const LONG_CPU_MS = 5000
const NEAREST = 3
/** How much slower a mutant may make a test before it counts as one that never ends. */
const SLOWER = 5
const SLACK_MS = 20_000
const SOUND_LIMIT_MS = 120_000

export interface Run {
  readonly failed: boolean
  /** Of the tests alone. */
  readonly ms: number
  readonly cpuMs: number
  /** On sound code: the parts that ran. */
  readonly executed: ExecutedCode | null
}

/** Runs one test on broken or on sound code; null when it takes longer than `limitMs`. */
export type RunTest = (test: string, code: 'broken' | 'sound', limitMs: number) => Promise<Run | null>

/** By test; null for one that fails on sound code. */
export type KnownRuns = Pick<Map<string, Run | null>, 'get'> & { set(test: string, run: Run | null): unknown }

export interface Place {
  readonly file: string
  readonly start: number
}

export interface Judgement {
  readonly outcome: 'killed' | 'survived' | 'timed out' | 'no test'
  /** The test that noticed the mutant. */
  readonly test: string | null
}

/**
 * Tries tests on a mutant, the nearest first, until one fails. Before its first mutant each test runs on sound code:
 * one that fails there would fail for every mutant and is asked no more, and one that never comes to the mutated place
 * is not asked about it.
 */
export class Jury {
  readonly #sound: KnownRuns

  /** How tests ran on sound code, as far as that is known; new results are added. */
  constructor(sound: KnownRuns = new Map()) {
    this.#sound = sound
  }

  async judge({ file, start }: Place, tests: readonly string[], run: RunTest): Promise<Judgement> {
    let spentMs = 0
    let asked = 0
    for (const test of tests.slice(0, MOST_TESTS)) {
      if (spentMs >= MOST_CPU_MS) break
      const sound = await this.#onSoundCode(test, run)
      if (sound === null || !ran(sound.executed!, file, start)) continue
      if (sound.cpuMs > LONG_CPU_MS && asked >= NEAREST) continue
      asked++
      const result = await run(test, 'broken', SLACK_MS + SLOWER * sound.ms)
      if (result === null || result.failed) return { outcome: result === null ? 'timed out' : 'killed', test }
      spentMs += result.cpuMs
    }
    return { outcome: asked === 0 ? 'no test' : 'survived', test: null }
  }

  async #onSoundCode(test: string, run: RunTest): Promise<Run | null> {
    const known = this.#sound.get(test)
    if (known !== undefined) return known
    const result = await run(test, 'sound', SOUND_LIMIT_MS)
    const sound = result === null || result.failed ? null : result
    this.#sound.set(test, sound)
    return sound
  }
}
