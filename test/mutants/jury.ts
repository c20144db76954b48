/** What one mutant may cost: the nearest tests until these are used up. */
const MOST_TESTS = 40
const MOST_MS = 15_000
/** A test that takes longer judges only what it is nearest to. */
const LONG_MS = 3000
const NEAREST = 3
/** How much slower a mutant may make a test before it counts as one that never ends. */
const SLOWER = 5
const SLACK_MS = 20_000
const UNKNOWN_MS = 10_000

export interface Run {
  readonly failed: boolean
  readonly ms: number
}

/** Runs one test on broken or on sound code; null when it takes longer than `limitMs`. */
export type RunTest = (test: string, code: 'broken' | 'sound', limitMs: number) => Promise<Run | null>

export interface Judgement {
  readonly outcome: 'killed' | 'survived' | 'timed out' | 'no test'
  /** The test that noticed the mutant. */
  readonly test: string | null
}

/**
 * Tries tests on a mutant, the nearest first, until one fails that passes on sound code. One that fails there as well
 * would fail for every mutant: it is asked no more.
 */
export class Jury {
  /** Milliseconds of a test that passed; null for one that fails on sound code. */
  readonly #times = new Map<string, number | null>()
  readonly #sound = new Set<string>()

  async judge(tests: readonly string[], run: RunTest): Promise<Judgement> {
    let spentMs = 0
    let asked = 0
    for (const [at, test] of tests.slice(0, MOST_TESTS).entries()) {
      if (spentMs >= MOST_MS) break
      const known = this.#times.get(test)
      if (known === null || (known !== undefined && known > LONG_MS && at >= NEAREST)) continue
      asked++
      const result = await run(test, 'broken', SLACK_MS + SLOWER * (known ?? UNKNOWN_MS))
      if (result !== null && !result.failed) {
        this.#times.set(test, result.ms)
        spentMs += result.ms
      } else if (await this.#passesOnSoundCode(test, run)) {
        return { outcome: result === null ? 'timed out' : 'killed', test }
      } else asked--
    }
    return { outcome: asked === 0 ? 'no test' : 'survived', test: null }
  }

  async #passesOnSoundCode(test: string, run: RunTest): Promise<boolean> {
    if (this.#sound.has(test)) return true
    const result = await run(test, 'sound', SLACK_MS + SLOWER * UNKNOWN_MS)
    const passes = result !== null && !result.failed
    this.#times.set(test, passes ? result.ms : null)
    if (passes) this.#sound.add(test)
    return passes
  }
}
