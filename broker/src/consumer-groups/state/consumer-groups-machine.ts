import type { EntryHeader, LogIndex, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import type { MachineSnapshots, StateMachine } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { decodeConsumerGroupCommands, nameOfUnreadable } from './commands/command-codec.ts'
import type { AppliedCommands } from './consumer-groups-state.ts'
import { ConsumerGroupsState } from './consumer-groups-state.ts'
import { consumerGroupsSnapshots } from './store/consumer-groups-snapshots.ts'
import { ConsumerGroupsWriter } from './store/consumer-groups-writer.ts'
import { loadConsumerGroups, rangeOf } from './store/load-consumer-groups.ts'

export interface ConsumerGroupsMachineDeps {
  readonly store: StateStore
  /** Of all its keys, one for each Raft group; ends with a slash. */
  readonly keyPrefix: string
  readonly clock: Clock
  readonly logger: Logger
  /** Must not throw. */
  readonly onApplied?: (applied: AppliedCommands, header: EntryHeader) => void
  /** The state is another one from now on, from another broker. Must not throw. */
  readonly onRestored?: () => void
  /** An entry cannot be read, and nothing after it is applied. Must not throw. */
  readonly onUnreadable?: (error: TailraceError) => void
}

/**
 * The state machine of a coordinator's Raft group on this broker: applies, then tells the store and the listener. It
 * stops at an entry that it cannot read: a state that lacks one command differs from that of the other brokers.
 */
export class ConsumerGroupsMachine implements StateMachine {
  readonly state = new ConsumerGroupsState()
  readonly snapshots: MachineSnapshots
  readonly #writer: ConsumerGroupsWriter
  readonly #deps: ConsumerGroupsMachineDeps
  #unreadable: TailraceError | null = null

  constructor(deps: ConsumerGroupsMachineDeps) {
    this.#deps = deps
    this.#writer = new ConsumerGroupsWriter(deps)
    const onRestored = (): void => {
      this.#unreadable = null
      deps.onRestored?.()
    }
    this.snapshots = consumerGroupsSnapshots({ ...deps, state: this.state, writer: this.#writer, onRestored })
  }

  /**
   * Reads what the store has, some prefix of the log. To be called once, before the replica is opened.
   * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
   */
  load(): Promise<void> {
    return loadConsumerGroups(this.#deps.store, this.#deps.keyPrefix, this.state)
  }

  /** Why no entry is applied any more, or null. */
  get unreadable(): TailraceError | null {
    return this.#unreadable
  }

  get appliedIndex(): LogIndex {
    return this.state.head.appliedIndex
  }

  get appliedTerm(): Term {
    return this.state.head.appliedTerm
  }

  apply(header: EntryHeader, batch: Uint8Array): void {
    // A group that was recovered from its log may start before the index that the store has.
    if (header.index <= this.appliedIndex || this.#unreadable !== null) return
    const commands = decodeConsumerGroupCommands(batch)
    if (commands === null) {
      const what = `Entry ${header.index} of a coordinator is the command ${nameOfUnreadable(batch)}`
      const detail = `${what}, which this broker cannot read; it applies no command after it.`
      this.#unreadable = new TailraceError('NEWER_FORMAT', detail)
      this.#deps.logger.error({ err: this.#unreadable }, 'this broker cannot go on applying consumer groups')
      this.#deps.onUnreadable?.(this.#unreadable)
      return
    }
    const applied = this.state.apply(header.index, commands, header.term)
    this.#writer.applied(this.state, applied)
    this.#deps.onApplied?.(applied, header)
  }

  /** Writes out what was applied, then no more. */
  close(): Promise<void> {
    return this.#writer.close()
  }
}

/** Removes the state of a replica that this broker does not have any more, durably. */
export async function removeConsumerGroups(store: StateStore, keyPrefix: string): Promise<void> {
  const keys: [string, null][] = []
  for await (const [key] of store.range(...rangeOf(keyPrefix))) keys.push([key, null])
  await store.write(keys)
  await store.flush()
}
