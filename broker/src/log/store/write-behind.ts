import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { StateStore } from '../log-storage.ts'

const RETRY_MS = 1000

export interface WriteBehindDeps {
  readonly store: StateStore
  readonly clock: Clock
  readonly logger: Logger
  /** What is written, for people: "the metadata". */
  readonly what: string
}

/**
 * Writes the state of a machine out behind `apply`: one write at a time, each holds all changes put meanwhile. It
 * queues one value a key, so the queue is bounded by the state itself.
 */
export class WriteBehind {
  readonly #deps: WriteBehindDeps
  #pending = new Map<string, Uint8Array | null>()
  #writing: Promise<void> | null = null
  #closed = false

  constructor(deps: WriteBehindDeps) {
    this.#deps = deps
  }

  /** A value as JSON. Null: the key is removed. Nothing is written before `begin`. */
  put(key: string, value: unknown): void {
    this.#pending.set(key, value === null ? null : new TextEncoder().encode(JSON.stringify(value)))
  }

  /** What was put belongs together, and is complete. */
  begin(): void {
    if (this.#writing !== null || this.#pending.size === 0 || this.#closed) return
    const { store, clock, logger, what } = this.#deps
    const changes = this.#pending
    this.#pending = new Map()
    this.#writing = store.write([...changes]).then(
      () => {
        this.#writing = null
        this.begin()
      },
      (error) => {
        this.#writing = null
        // Nothing is lost: the log has it. Changes applied since are newer.
        this.#pending = new Map([...changes, ...this.#pending])
        logger.error({ err: error }, `cannot write ${what} to the state store; trying again`)
        clock.after(RETRY_MS, () => this.begin())
      },
    )
  }

  /**
   * Resolves when all that was put so far has been written; it is durable with the store's own flush.
   * @throws TailraceError SHUTTING_DOWN after `close`; INTERNAL while the store does not take it
   */
  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#pending.size === 0) return
    if (this.#closed) throw new TailraceError('SHUTTING_DOWN')
    throw new TailraceError('INTERNAL', `The state store does not take ${this.#deps.what}.`)
  }

  /** The waiting writes belong to a state that another has replaced. Resolves when no write is under way. */
  async discard(): Promise<void> {
    this.#pending.clear()
    while (this.#writing !== null) {
      await this.#writing
      this.#pending.clear()
    }
  }

  /** Writes out waiting changes, then no more. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    this.#closed = true
  }
}
