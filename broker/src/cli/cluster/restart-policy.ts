import { backoffMs } from '@tailrace/schemas'

const pauses = { firstMs: 100, maxMs: 5000 }
/** After this long without an end, a broker counts as healthy again. */
const healthyAfterMs = 30_000
const mostFailures = 8

/**
 * What to do about a broker that ended by itself. One that was never ready has a fault that a restart does not heal (a
 * port in use, a wrong setting), so the cluster gives up; one that ran is started again, more slowly each time, a
 * bounded number of times in a row.
 */
export class RestartPolicy {
  #everReady = false
  #failures = 0
  /** When its present run became ready, or null. */
  #readyAt: number | null = null

  /** It is ready, at `now` milliseconds of a clock that never goes back. */
  ready(now: number): void {
    this.#everReady = true
    this.#readyAt = now
  }

  /** It ended at `now`: the pause before the restart in milliseconds, or null to give up. */
  ended(now: number): number | null {
    if (!this.#everReady) return null
    const healthy = this.#readyAt !== null && now - this.#readyAt >= healthyAfterMs
    this.#failures = healthy ? 1 : this.#failures + 1
    this.#readyAt = null
    if (this.#failures > mostFailures) return null
    return backoffMs(pauses, this.#failures - 1)
  }
}
