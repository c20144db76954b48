/** Messages and bytes of frames, by the level of the source that they go to (`up`) or come from (`down`). */
export interface Counts {
  messages: number
  bytes: number
}

export type Direction = 'up' | 'down' | 'peers'

/** What goes over the wires of a tree; `since` subtracts two moments. */
export class Traffic {
  readonly #counts = new Map<string, Counts>()

  count(level: number, direction: Direction, bytes: number): void {
    const counts = this.of(level, direction)
    counts.messages++
    counts.bytes += bytes
  }

  /** `peers`: between brokers of level 0. */
  of(level: number, direction: Direction): Counts {
    const key = `${level} ${direction}`
    let counts = this.#counts.get(key)
    if (counts === undefined) this.#counts.set(key, (counts = { messages: 0, bytes: 0 }))
    return counts
  }

  snapshot(): Traffic {
    const copy = new Traffic()
    for (const [key, counts] of this.#counts) copy.#counts.set(key, { ...counts })
    return copy
  }

  since(before: Traffic, level: number, direction: Direction): Counts {
    const [now, then] = [this.of(level, direction), before.of(level, direction)]
    return { messages: now.messages - then.messages, bytes: now.bytes - then.bytes }
  }
}
