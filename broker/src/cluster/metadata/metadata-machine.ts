import type { EntryHeader, LogIndex, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { MachineSnapshots, StateMachine } from '../../partition/group.ts'
import { decodeCommand, nameOfUnreadable } from './commands/command.ts'
import type { Applied, MetadataState } from './metadata-state.ts'
import type { MetadataWriter } from './store/metadata-store.ts'

export interface MetadataMachineDeps {
  readonly state: MetadataState
  readonly writer: MetadataWriter
  readonly snapshots: MachineSnapshots
  /** Must not throw. */
  readonly onApplied: (applied: Applied) => void
  /** An entry cannot be read, and nothing after it is applied. Must not throw. */
  readonly onUnreadable: (error: TailraceError) => void
  /** Why this broker must not work at the state's feature level; null: it may. */
  readonly levelProblem: () => TailraceError | null
}

/**
 * Group 0's state machine on this broker: applies, then tells the store and other listeners. It stops at an entry that
 * it cannot read: a state that lacks one command differs from that of the other brokers. A later version of Tailrace
 * goes on from there.
 */
export class MetadataMachine implements StateMachine {
  readonly state: MetadataState
  readonly snapshots: MachineSnapshots
  readonly #writer: MetadataWriter
  readonly #onApplied: (applied: Applied) => void
  readonly #onUnreadable: (error: TailraceError) => void
  readonly #levelProblem: () => TailraceError | null
  #unreadable: TailraceError | null = null

  constructor({ state, writer, snapshots, onApplied, onUnreadable, levelProblem }: MetadataMachineDeps) {
    this.state = state
    this.snapshots = snapshots
    this.#writer = writer
    this.#onApplied = onApplied
    this.#onUnreadable = onUnreadable
    this.#levelProblem = levelProblem
  }

  /** Why no command is applied any more, or null. */
  get unreadable(): TailraceError | null {
    return this.#unreadable
  }

  /** Another state has come, with the unreadable commands applied by brokers that could read them. */
  restored(): void {
    this.#unreadable = null
    this.#stopIf(this.#levelProblem())
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
    const command = decodeCommand(batch)
    if (command === null) {
      const what = `Entry ${header.index} of the metadata group is the command ${nameOfUnreadable(batch)}`
      this.#stopIf(
        new TailraceError('NEWER_FORMAT', `${what}, which this broker cannot read; it applies no command after it.`),
      )
      return
    }
    const applied = this.state.apply(header.index, command, header.term)
    this.#writer.applied(this.state, applied)
    this.#onApplied(applied)
    this.#stopIf(this.#levelProblem())
  }

  #stopIf(problem: TailraceError | null): void {
    if (problem === null) return
    this.#unreadable = problem
    this.#onUnreadable(problem)
  }
}
