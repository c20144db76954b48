import type { LogIndex } from '@tailrace/schemas'

/** Marks in the time span that is asked about; they set the precision. */
const MARKS = 64

interface Mark {
  readonly at: number
  readonly index: LogIndex
}

/**
 * The last index of a log a span of time ago, as this broker has seen it. Entries that were there at the start count as
 * appended then, so an entry is never taken for older than it is. Times are monotonic milliseconds.
 */
export class AppendTimes {
  readonly #spanMs: number
  readonly #marks: Mark[] = []

  constructor(spanMs: number) {
    this.#spanMs = spanMs
  }

  /** The log ends at `index` now. */
  note(now: number, index: LogIndex): void {
    const marks = this.#marks
    // Entries that were cut and written anew are younger than the old mark says.
    while (marks.length > 0 && marks[marks.length - 1]!.index > index) marks.pop()
    const last = marks[marks.length - 1]
    if (last !== undefined && (last.index === index || now - last.at < this.#spanMs / MARKS)) return
    marks.push({ at: now, index })
    while (marks.length > 1 && marks[1]!.at <= now - this.#spanMs) marks.shift()
  }

  /** The last entry known to be at least the span old; 0: none. */
  oldUpTo(now: number): LogIndex {
    let index = 0
    for (const mark of this.#marks) {
      if (mark.at > now - this.#spanMs) break
      index = mark.index
    }
    return index
  }
}
