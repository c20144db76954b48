import { type BrokerId, backoffMs, TailraceError, type Timestamp } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Audit, AuditEvent } from './audit-event.ts'

/** An event as the topic keeps it, in JSON. */
export interface AuditEntry extends AuditEvent {
  readonly at: Timestamp
  readonly broker: BrokerId
  /** Equal events of a short time are one entry. */
  readonly times: number
}

export interface AuditTrailDeps {
  readonly brokerId: BrokerId
  readonly clock: Clock
  readonly log: Logger
  /** Resolves when the entries are kept; undefined: there is only the log. */
  readonly keep?: ((entries: readonly AuditEntry[]) => Promise<void>) | undefined
}

/** A client that is refused a thousand times a second makes one line a second. */
const GATHER_MS = 1_000
const MOST_KINDS = 1_000
/** Entries that wait to be kept, while the topic has no leader for instance. */
const MOST_WAITING = 10_000
const MOST_AT_ONCE = 500
const RETRIES = { firstMs: 500, maxMs: 30_000 }

/**
 * Gathers events for a second, writes a line of the log for each kind of them, and hands them to the topic in order. It
 * never holds up the act itself.
 */
export class AuditTrail implements Audit {
  readonly #deps: AuditTrailDeps
  readonly #gathered = new Map<string, { event: AuditEvent; at: Timestamp; times: number }>()
  readonly #answered = new WeakSet<TailraceError>()
  readonly #waiting: AuditEntry[] = []
  #timer: TimerHandle | null = null
  #keeping = false
  #failures = 0
  #closed = false
  /** Entries that were neither kept nor will be: too many waited. Each is in the log. */
  dropped = 0
  kept = 0

  constructor(deps: AuditTrailDeps) {
    this.#deps = deps
  }

  get waiting(): number {
    return this.#waiting.length
  }

  note(event: AuditEvent, answered?: TailraceError): void {
    if (this.#closed) return
    if (answered !== undefined) {
      if (this.#answered.has(answered)) return
      this.#answered.add(answered)
    }
    const { principal, host, action, target, outcome, code } = event
    const kind = JSON.stringify([principal, host, action, target, outcome, code])
    const known = this.#gathered.get(kind)
    if (known !== undefined) {
      known.times++
      return
    }
    if (this.#gathered.size >= MOST_KINDS) this.#settle()
    this.#gathered.set(kind, { event, at: this.#deps.clock.now(), times: 1 })
    this.#timer ??= this.#deps.clock.after(GATHER_MS, () => this.#settle())
  }

  /** Writes what is gathered to the log, and ends. */
  close(): void {
    this.#settle()
    this.#closed = true
    this.#timer?.cancel()
  }

  #settle(): void {
    this.#timer?.cancel()
    this.#timer = null
    const { brokerId: broker, log, keep } = this.#deps
    for (const { event, at, times } of this.#gathered.values()) {
      const entry = { at, broker, ...event, times }
      if (event.outcome === 'done') log.info({ audit: entry }, 'audit')
      else log.warn({ audit: entry }, 'audit')
      if (keep === undefined) continue
      if (this.#waiting.push(entry) <= MOST_WAITING) continue
      this.#waiting.shift()
      this.dropped++
    }
    this.#gathered.clear()
    if (!this.#keeping && this.#waiting.length > 0) void this.#keep()
  }

  async #keep(): Promise<void> {
    this.#keeping = true
    while (!this.#closed && this.#waiting.length > 0) {
      const entries = this.#waiting.splice(0, MOST_AT_ONCE)
      try {
        await this.#deps.keep!(entries)
        this.kept += entries.length
        this.#failures = 0
      } catch (error) {
        this.#waiting.unshift(...entries)
        this.#retryLater(error)
        return
      }
    }
    this.#keeping = false
  }

  /** At least once: an entry may be in the topic twice after an error. */
  #retryLater(error: unknown): void {
    const { clock, log } = this.#deps
    if (this.#failures === 0)
      log.warn({ err: TailraceError.from(error) }, 'the audit cannot be kept at present; trying again')
    clock.after(backoffMs(RETRIES, this.#failures++), () => {
      this.#keeping = false
      if (!this.#closed) void this.#keep()
    })
  }
}
