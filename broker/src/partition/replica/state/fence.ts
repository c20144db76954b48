import type { LogIndex } from '@tailrace/schemas'

/** Below every token: none has been accepted yet. */
export const NO_FENCE = -1

interface Raise {
  readonly index: LogIndex
  readonly token: number
}

const noRaises: Raise[] = []

/**
 * The highest fencing token that one partition has accepted, over committed and appended-but-uncommitted entries alike:
 * a pure function of the log. Raises above the commit are few, and can be taken back when Raft truncates.
 */
export class Fence {
  #settled: number
  /** Oldest first; their tokens grow. One empty list for all partitions, most of which are idle. */
  #raises: Raise[] = noRaises

  constructor(settled: number = NO_FENCE) {
    this.#settled = settled
  }

  get token(): number {
    return this.#raises.at(-1)?.token ?? this.#settled
  }

  /** The token as of the commit: without raises that can still be taken back. */
  get settled(): number {
    return this.#settled
  }

  appended(index: LogIndex, token: number): void {
    if (token > this.token) this.#raises = [...this.#raises, { index, token }]
  }

  /** Takes back the raises from `from` on. */
  truncated(from: LogIndex): void {
    if (this.#raises.length > 0) this.#keep(this.#raises.filter(({ index }) => index < from))
  }

  /** Raises up to `index` cannot be taken back any more. */
  committed(index: LogIndex): void {
    if (this.#raises.length === 0) return
    const last = this.#raises.findLast((raise) => raise.index <= index)
    if (last === undefined) return
    this.#settled = last.token
    this.#keep(this.#raises.filter((raise) => raise.index > index))
  }

  #keep(raises: Raise[]): void {
    this.#raises = raises.length === 0 ? noRaises : raises
  }
}
