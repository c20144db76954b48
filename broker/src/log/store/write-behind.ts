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
  #pendingBytes = 0
  #writingBytes = 0
  #failures = 0
  #closed = false

  constructor(deps: WriteBehindDeps) {
    this.#deps = deps
  }

  /** A value as JSON. Null: the key is removed. Nothing is written before `begin`. */
  put(key: string, value: unknown): void {
    this.putBytes(key, value === null ? null : new TextEncoder().encode(JSON.stringify(value)))
  }

  /** As `put`. The bytes must stay as they are. */
  putBytes(key: string, value: Uint8Array | null): void {
    this.#pendingBytes += bytesOf(key, value) - bytesOf(key, this.#pending.get(key))
    this.#pending.set(key, value)
  }

  /** Keys and values that wait to be written, in bytes. */
  get waitingBytes(): number {
    return this.#pendingBytes + this.#writingBytes
  }

  /** What was put belongs together, and is complete. */
  begin(): void {
    if (this.#writing !== null || this.#pending.size === 0 || this.#closed) return
    const { store, clock, logger, what } = this.#deps
    const changes = this.#pending
    this.#pending = new Map()
    this.#writingBytes = this.#pendingBytes
    this.#pendingBytes = 0
    this.#writing = store.write([...changes]).then(
      () => {
        this.#writing = null
        this.#writingBytes = 0
        this.begin()
      },
      (error) => {
        this.#writing = null
        this.#failures += 1
        this.#writingBytes = 0
        // Nothing is lost: the log has it. Changes applied since are newer.
        for (const [key, value] of changes) if (!this.#pending.has(key)) this.putBytes(key, value)
        logger.error({ err: error }, `cannot write ${what} to the state store; trying again`)
        clock.after(RETRY_MS, () => this.begin())
      },
    )
  }

  /**
   * Resolves when all that was put so far has been written, whatever is put meanwhile; it is durable with the store's
   * own flush.
   * @throws TailraceError SHUTTING_DOWN after `close`; INTERNAL while the store does not take it
   */
  async written(): Promise<void> {
    const failures = this.#failures
    const isPending = this.#pending.size > 0
    if (isPending && this.#writing === null) throw this.#stuck()
    await this.#writing
    // What was pending is the write that has begun then.
    if (isPending && this.#failures === failures) await this.#writing
    if (this.#failures !== failures) throw this.#stuck()
  }

  /** The waiting writes belong to a state that another has replaced. Resolves when no write is under way. */
  async discard(): Promise<void> {
    this.#forget()
    while (this.#writing !== null) {
      await this.#writing
      this.#forget()
    }
  }

  /** Writes out waiting changes, then no more. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    this.#closed = true
  }

  #stuck(): TailraceError {
    if (this.#closed) return new TailraceError('SHUTTING_DOWN')
    return new TailraceError('INTERNAL', `The state store does not take ${this.#deps.what}.`)
  }

  #forget(): void {
    this.#pending.clear()
    this.#pendingBytes = 0
  }
}

/** Undefined: the key does not wait. Null: it is to be removed. */
function bytesOf(key: string, value: Uint8Array | null | undefined): number {
  return value === undefined ? 0 : key.length + (value?.length ?? 0)
}
