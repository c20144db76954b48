import type { BrokerId, CascadeReport } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'

/** Five beats: a broker between that changes its own source delays the reports that it passes on. */
export const reportLifeMs = 5_000
const maxBrokers = 10_000

interface Known {
  readonly report: CascadeReport
  readonly seen: number
}

/**
 * The cascade brokers below this one, as long as they send reports. Soft state: it is not kept through a restart, and a
 * beat later it is complete again (docs/decisions/cascade-soft-state.md).
 */
export class CascadeRegistry {
  readonly #clock: Clock
  readonly #known = new Map<BrokerId, Known>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Takes a broker's own report, which comes first, and those of brokers below it. Of two reports of one broker the
   * younger counts.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH, OVERLOADED: then no report is taken
   */
  take(reports: readonly CascadeReport[]): void {
    const own = reports[0]
    const now = this.#clock.monotonic()
    this.#expire(now)
    const known = own && this.#known.get(own.broker)
    if (own !== undefined && known !== undefined && known.report.directoryId !== own.directoryId) {
      const detail = `Cascade broker ${own.broker} runs with another data folder at ${known.report.http}.`
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', detail)
    }
    const fresh = reports.filter(({ broker }) => !this.#known.has(broker)).length
    if (this.#known.size + fresh > maxBrokers) throw new TailraceError('OVERLOADED', 'Too many cascade brokers.')
    for (const report of reports) {
      const seen = now - report.ageMs
      const before = this.#known.get(report.broker)
      if (before === undefined || seen >= before.seen) this.#known.set(report.broker, { report, seen })
    }
    this.#expire(now)
  }

  /** Brokers with a recent report, by number, each with its age now. */
  all(): CascadeReport[] {
    const now = this.#clock.monotonic()
    this.#expire(now)
    return [...this.#known.values()]
      .map(({ report, seen }) => ({ ...report, ageMs: Math.max(0, Math.round(now - seen)) }))
      .sort((a, b) => a.broker - b.broker)
  }

  #expire(now: number): void {
    for (const [broker, { seen }] of this.#known) if (now - seen > reportLifeMs) this.#known.delete(broker)
  }
}
