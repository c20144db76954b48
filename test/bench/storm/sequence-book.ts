/** What one subscriber has had of a stream whose records are numbered without gaps. */
export class SequenceBook {
  doubled = 0
  /** Those that came behind a later one. */
  late = 0
  #next: number
  readonly #holes = new Set<number>()

  /** `first`: the number of the first record that is due to it. */
  constructor(first: number) {
    this.#next = first
  }

  take(number: number): void {
    if (number >= this.#next) {
      for (let hole = this.#next; hole < number; hole++) this.#holes.add(hole)
      this.#next = number + 1
    } else if (this.#holes.delete(number)) this.late++
    else this.doubled++
  }

  /** How many of all below `end` have not come. */
  missedBelow(end: number): number {
    return this.#holes.size + Math.max(0, end - this.#next)
  }
}
