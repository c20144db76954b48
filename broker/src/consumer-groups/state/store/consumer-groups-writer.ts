import { formatTable } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import { WriteBehind } from '../../../log/store/write-behind.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/logger.ts'
import type { AppliedCommands, ConsumerGroupsState } from '../consumer-groups-state.ts'
import { storedKeys } from '../stored-keys.ts'

export interface ConsumerGroupsWriterDeps {
  readonly store: StateStore
  /** Of all keys, one for each Raft group; ends with a slash. */
  readonly keyPrefix: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Writes the changes of each applied entry behind `apply`, together with its index. */
export class ConsumerGroupsWriter {
  readonly #behind: WriteBehind
  readonly #prefix: string
  #formatted = false

  constructor({ store, keyPrefix, clock, logger }: ConsumerGroupsWriterDeps) {
    this.#prefix = keyPrefix
    this.#behind = new WriteBehind({ store, clock, logger, what: 'the consumer groups' })
  }

  applied({ head }: ConsumerGroupsState, { stored }: AppliedCommands): void {
    for (const [key, value] of stored) this.#behind.put(this.#prefix + key, value)
    this.#behind.put(this.#prefix + storedKeys.head, head)
    if (!this.#formatted) {
      this.#behind.put(this.#prefix + storedKeys.format, formatTable.consumerGroupsSnapshot.version)
    }
    this.#formatted = true
    this.#behind.begin()
  }

  /**
   * Resolves when all that was applied so far has been written; it is durable with the store's own flush.
   * @throws TailraceError SHUTTING_DOWN after `close`; INTERNAL while the store does not take it
   */
  settled(): Promise<void> {
    return this.#behind.written()
  }

  /** The waiting writes belong to a state that another has replaced. Resolves when no write is under way. */
  discard(): Promise<void> {
    // The next entry is written with the format again: what is restored may lack it.
    this.#formatted = false
    return this.#behind.discard()
  }

  /** Writes out waiting changes, then no more. */
  close(): Promise<void> {
    return this.#behind.close()
  }
}
