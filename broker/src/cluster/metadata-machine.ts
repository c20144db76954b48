import type { EntryHeader, LogIndex } from '@tailrace/schemas'
import type { MachineSnapshots, StateMachine } from '../partition/types.ts'
import { decodeCommand } from './command.ts'
import type { Applied, MetadataState } from './metadata-state.ts'
import type { MetadataWriter } from './metadata-store.ts'

export interface MetadataMachineDeps {
  readonly state: MetadataState
  readonly writer: MetadataWriter
  readonly snapshots: MachineSnapshots
  /** Must not throw. */
  readonly onApplied: (applied: Applied) => void
}

/** Group 0's state machine on this broker: applies, then tells the store and whoever else follows. */
export class MetadataMachine implements StateMachine {
  readonly state: MetadataState
  readonly snapshots: MachineSnapshots
  readonly #writer: MetadataWriter
  readonly #onApplied: (applied: Applied) => void

  constructor({ state, writer, snapshots, onApplied }: MetadataMachineDeps) {
    this.state = state
    this.snapshots = snapshots
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
    this.#writer.applied(this.state, applied)
    if (applied !== null) this.#onApplied(applied)
  }
}
