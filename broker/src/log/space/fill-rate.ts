/** Looks at the free space that count; with one each 5 s, those of five minutes. */
const MOST_LOOKS = 60
/** With less time between the first and the last look, one large file would pass for a rate. */
const LEAST_MS = 30_000

/** How fast the file system has filled up in the last minutes, by this and other programs. */
export class FillRate {
  readonly #looks: { readonly at: number; readonly free: number }[] = []

  /** `at`: milliseconds of a clock that does not go back. */
  note(at: number, free: number): void {
    this.#looks.push({ at, free })
    if (this.#looks.length > MOST_LOOKS) this.#looks.shift()
  }

  /** Seconds after which `room` more bytes are taken; infinite while the free space does not shrink. */
  secondsToTake(room: number): number {
    if (room <= 0) return 0
    const first = this.#looks[0]
    const last = this.#looks.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return Number.POSITIVE_INFINITY
    const taken = first.free - last.free
    return taken <= 0 ? Number.POSITIVE_INFINITY : (room / taken) * ((last.at - first.at) / 1000)
  }
}
