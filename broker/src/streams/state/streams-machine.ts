import type { EntryHeader, LogIndex, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { MachineSnapshots, StateMachine } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { decodeChanges, type StreamChange } from './change-codec.ts'
import { rangeOf, storedKeys } from './stored-keys.ts'
import type { StreamsStore } from './streams-store.ts'
import { MOST_UNWRITTEN_BY_FOLLOWERS } from './unwritten-bounds.ts'

const RETRY_MS = 1000

export interface StreamsMachineDeps {
  readonly store: StreamsStore
  /** Bytes that all replicas of this broker have applied, and its state store does not have yet. */
  readonly unwrittenBytes: () => number
  readonly clock: Clock
  readonly logger: Logger
  /** An entry is applied. Must not throw. */
  readonly onApplied: (header: EntryHeader) => void
  /** The state is another one from now on, from another broker, or is not continued. Must not throw. */
  readonly onReplaced: () => void
}

/**
 * The state machine of a partition of durable streams on this broker. Its entries are the changes themselves, which the
 * leader has worked out: so a replica applies an entry without what the streams were before, and keeps none of them in
 * memory. It stops at an entry that it cannot read.
 */
export class StreamsMachine implements StateMachine {
  readonly snapshots: MachineSnapshots
  readonly #deps: StreamsMachineDeps
  #unreadable: TailraceError | null = null
  #isSweeping = false
  /** Something became garbage while a walk was under way. */
  #mustSweep = false
  #isClosed = false

  constructor(deps: StreamsMachineDeps) {
    const { store, onReplaced } = deps
    this.#deps = deps
    this.snapshots = {
      flush: () => store.flush(),
      take: () => store.take(),
      restore: async (index, chunks) => {
        await store.restore(index, chunks)
        this.#unreadable = null
        onReplaced()
        void this.#sweep()
      },
    }
  }

  /** To be called once, before the replica is opened. @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT */
  async load(): Promise<void> {
    await this.#deps.store.load()
    void this.#sweep()
  }

  get store(): StreamsStore {
    return this.#deps.store
  }

  /** Why no entry is applied any more, or null. */
  get unreadable(): TailraceError | null {
    return this.#unreadable
  }

  get appliedIndex(): LogIndex {
    return this.#deps.store.head.appliedIndex
  }

  get appliedTerm(): Term {
    return this.#deps.store.head.appliedTerm
  }

  get hasRoom(): boolean {
    return this.#deps.unwrittenBytes() <= MOST_UNWRITTEN_BY_FOLLOWERS
  }

  apply(header: EntryHeader, batch: Uint8Array): void {
    // A group that was recovered from its log may start before the index that the store has.
    if (header.index <= this.appliedIndex || this.#unreadable !== null) return
    const changes = decodeChanges(batch)
    if (changes === null) {
      const what = `Entry ${header.index} of a log of durable streams is none that this broker can read`
      this.#unreadable = new TailraceError('NEWER_FORMAT', `${what}; it applies no entry after it.`)
      this.#deps.logger.error({ err: this.#unreadable }, 'this broker cannot go on applying durable streams')
      this.#deps.onReplaced()
      return
    }
    this.#deps.store.apply({ appliedIndex: header.index, appliedTerm: header.term }, changes)
    this.#deps.onApplied(header)
    if (changes.some(isGarbage)) void this.#sweep()
  }

  /** Writes out what was applied, then no more. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#deps.store.close()
  }

  /** Removes what is left of streams that are gone, some keys at a time. Never rejects. */
  async #sweep(): Promise<void> {
    this.#mustSweep = true
    if (this.#isSweeping || this.#isClosed) return
    this.#isSweeping = true
    const { clock, logger } = this.#deps
    try {
      while (this.#mustSweep && !this.#isClosed) await this.#sweepOnce()
    } catch (error) {
      if (this.#isClosed) return
      logger.warn({ err: error }, 'what is left of deleted streams could not be removed; trying again')
      clock.after(RETRY_MS, () => void this.#sweep())
    } finally {
      this.#isSweeping = false
    }
  }

  async #sweepOnce(): Promise<void> {
    this.#mustSweep = false
    const { store } = this.#deps
    await store.settled()
    for (let id = await this.#firstGarbage(); id !== null && !this.#isClosed; id = await this.#firstGarbage()) {
      while (await store.removeSome(storedKeys.all(id))) if (this.#isClosed) return
      store.forget(storedKeys.garbageOf(id))
      await store.settled()
    }
  }

  async #firstGarbage(): Promise<string | null> {
    for await (const [key] of this.#deps.store.range(...rangeOf(storedKeys.garbage))) {
      return key.slice(storedKeys.garbage.length)
    }
    return null
  }
}

function isGarbage([key, value]: StreamChange): boolean {
  return value !== null && key.startsWith(storedKeys.garbage)
}
