/** Credit of a partition never falls below this, whatever its share: enough for progress. */
const LEAST_BYTES = 64 * 1024

/** What reads under a budget. */
export interface BudgetUser {
  /** The share of each partition has become smaller: takes back what brokers may still send beyond it. */
  takeBack(): void
  /** Asks for what partitions lack of their share. */
  topUp(): void
}

/**
 * How many bytes brokers may send ahead of a reader, over all partitions that it reads at present: an equal share for
 * each. One that comes later gets what others have left, and `LEAST_BYTES` in any case.
 */
export class ReceiveBudget {
  readonly #total: number
  readonly #users = new Set<BudgetUser>()
  #partitions = 0
  #used = 0
  /** How many partitions there were when credit was last taken back. */
  #takenBackAt = 1

  constructor(total: number) {
    this.#total = total
  }

  /** Partitions that are read from now on. */
  enter(user: BudgetUser, partitions: number): void {
    this.#users.add(user)
    this.#partitions += partitions
    // Not at each partition: of many, each would be asked for anew as often.
    if (this.#partitions < 2 * this.#takenBackAt) return
    this.#takenBackAt = this.#partitions
    for (const one of this.#users) one.takeBack()
    for (const one of this.#users) one.topUp()
  }

  /** Partitions that are not read any more. */
  leave(partitions: number): void {
    this.#partitions -= partitions
    this.#takenBackAt = Math.max(1, Math.min(this.#takenBackAt, this.#partitions))
  }

  end(user: BudgetUser): void {
    this.#users.delete(user)
  }

  /** Bytes that brokers may send, or have sent and that are not read yet. */
  use(bytes: number): void {
    this.#used += bytes
  }

  free(bytes: number): void {
    this.#used -= bytes
  }

  /** Bytes that a stream of so many partitions may have. */
  limitOf(partitions: number): number {
    return partitions * Math.max(LEAST_BYTES, Math.floor(this.#total / Math.max(1, this.#partitions)))
  }

  /** How much credit a stream should get that has `granted` bytes; 0: nothing that is worth a message. */
  creditFor(partitions: number, granted: number): number {
    const limit = this.limitOf(partitions)
    const least = partitions * LEAST_BYTES
    const room = Math.min(limit - granted, Math.max(this.#total - this.#used, least - granted))
    return room < (granted < least ? least : limit) / 4 ? 0 : room
  }
}
