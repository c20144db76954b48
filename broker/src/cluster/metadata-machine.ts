import type { BrokerId, EntryHeader, LogIndex } from '@tailrace/schemas'
import type { StateMachine } from '../partition/types.ts'
import { decodeCommand } from './command.ts'
import type { Applied, MetadataState } from './metadata-state.ts'
import type { MetadataWriter } from './metadata-store.ts'

/** Group 0's state machine on this broker: applies, then tells the store and whoever else follows. */
export class MetadataMachine implements StateMachine {
  readonly state: MetadataState
  readonly #self: BrokerId
  readonly #writer: MetadataWriter
  readonly #onApplied: (applied: Applied) => void

  /** `onApplied` must not throw. */
  constructor(state: MetadataState, self: BrokerId, writer: MetadataWriter, onApplied: (applied: Applied) => void) {
    this.state = state
    this.#self = self
    this.#writer = writer
    this.#onApplied = onApplied
  }

  get appliedIndex(): LogIndex {
    return this.state.head.appliedIndex
  }

  apply(header: EntryHeader, batch: Uint8Array): void {
    // A group that was recovered from its log may start before what the store has.
    if (header.index <= this.appliedIndex) return
    const applied = this.state.apply(header.index, decodeCommand(batch))
    this.#writer.applied(this.state, applied, this.#self)
    if (applied !== null) this.#onApplied(applied)
  }
}
