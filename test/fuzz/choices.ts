/** Numbers at which code often fails, next to an anchor and on their own. */
const steps = [0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 2, -2, 5, -5, 100, 1_000_000]
const edges = [0, -1, 1, 2 ** 20, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER]

/**
 * Reads choices from an input, a byte each; all are 0 when it is used up. So every input has a meaning, and a shorter
 * one stands for less.
 */
export class Choices {
  readonly #input: Uint8Array
  #at = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  get left(): number {
    return this.#input.length - this.#at
  }

  byte(): number {
    return this.#input[this.#at++] ?? 0
  }

  of<T>(items: readonly T[]): T {
    return items[this.byte() % items.length]!
  }

  /** One of the anchors, or a number near one; rarely one at which code often fails. */
  number(anchors: readonly number[]): number {
    const choice = this.byte()
    if (choice >= 240) return edges[choice % edges.length]!
    return anchors[choice % anchors.length]! + steps[Math.floor(choice / anchors.length) % steps.length]!
  }
}
