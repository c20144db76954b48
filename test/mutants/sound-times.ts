/** What one mutant may cost: the nearest tests until these are used up. */
const MOST_TESTS = 40
const MOST_MS = 15_000
/** A test that takes longer judges only what it is nearest to. */
const LONG_MS = 3000
const NEAREST = 3

export interface Affordable {
  /** The quickest first. */
  readonly judges: readonly string[]
  /** How long they take together while nothing is broken. */
  readonly soundMs: number
}

/**
 * How long each test takes while nothing is broken, found out when it is first wanted. A test that fails then judges
 * nothing: it would fail for every mutant.
 */
export class SoundTimes {
  /** Milliseconds; null for a test that fails. */
  readonly #known = new Map<string, number | null>()
  readonly #measure: (test: string) => Promise<number | null>

  /** @param measure milliseconds of one test; null when it fails */
  constructor(measure: (test: string) => Promise<number | null>) {
    this.#measure = measure
  }

  /** Those of `tests`, the nearest first, that judge a mutant. */
  async affordable(tests: readonly string[]): Promise<Affordable> {
    const chosen: { test: string; ms: number }[] = []
    let soundMs = 0
    for (const [at, test] of tests.slice(0, MOST_TESTS).entries()) {
      if (soundMs >= MOST_MS) break
      const ms = await this.#timeOf(test)
      if (ms === null || (ms > LONG_MS && at >= NEAREST)) continue
      chosen.push({ test, ms })
      soundMs += ms
    }
    return { judges: chosen.sort((a, b) => a.ms - b.ms).map(({ test }) => test), soundMs }
  }

  async #timeOf(test: string): Promise<number | null> {
    const known = this.#known.get(test)
    if (known !== undefined) return known
    const ms = await this.#measure(test)
    this.#known.set(test, ms)
    return ms
  }
}
