import type { RaftMessage } from '../../raft/messages.ts'

interface Held {
  readonly number: number
  /** The write that must be durable first; Readies without a write wait for the last one before them. */
  readonly needs: number
  readonly messages: readonly RaftMessage[]
}

/**
 * Messages that promise durability, held back until the fsync (M5, M25). Readies come in order and leave in order: a
 * Ready with nothing to write may acknowledge what an earlier one is still writing.
 */
export class DurabilityQueue {
  readonly #held: Held[] = []
  #lastWrite = 0
  #durable = 0

  /** Call for each Ready in order. Returns true if it need not wait: its messages may leave now. */
  add(number: number, hasWrite: boolean, messages: readonly RaftMessage[]): boolean {
    if (hasWrite) this.#lastWrite = number
    if (this.#lastWrite <= this.#durable) return true
    this.#held.push({ number, needs: this.#lastWrite, messages })
    return false
  }

  /**
   * A write is durable: passes on the messages that may leave now, in order, and returns the highest Ready number that
   * is now persisted.
   */
  durable(ticket: number, release: (messages: readonly RaftMessage[]) => void): number {
    this.#durable = Math.max(this.#durable, ticket)
    let persisted = ticket
    while (this.#held.length > 0 && this.#held[0]!.needs <= this.#durable) {
      const held = this.#held.shift()!
      persisted = Math.max(persisted, held.number)
      release(held.messages)
    }
    return persisted
  }
  /**
   * The log has been replaced by another one: term and vote of every earlier write are durable with that, entries are
   * given up. Returns the messages that may leave: not an acknowledgement of entries that are gone.
   */
  replaced(): readonly RaftMessage[] {
    this.#durable = this.#lastWrite
    const held = this.#held.splice(0)
    return held.flatMap(({ messages }) => messages.filter(({ type }) => type !== 'append-reply'))
  }

  get lastWrite(): number {
    return this.#lastWrite
  }
}
