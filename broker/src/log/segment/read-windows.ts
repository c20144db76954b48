import type { LogIndex, Offset } from '@tailrace/schemas'
import type { Segment } from './segment.ts'
import type { IndexPlace } from './sparse-index.ts'

/** Windows have a mebibyte at most, or one batch. */
const mostWindows = 16
const mostPlaces = 64

interface Window {
  readonly segment: Segment
  readonly generation: number
  readonly position: number
  readonly bytes: Uint8Array
}

interface Place {
  readonly segment: Segment
  readonly generation: number
  readonly place: IndexPlace
}

/**
 * What the latest reads have brought into memory beyond what they gave, and where they ended: a reader that comes back
 * for what follows finds its place, and mostly the bytes. They are as unproven as the file's: each read checks them.
 * `generation`: of the log; a truncation or a split makes all older ones worthless.
 */
export class ReadWindows {
  #windows: Window[] = []
  #places: Place[] = []

  /** Bytes of the segment from `position` on, as many as there are; null: none are known. */
  find(segment: Segment, generation: number, position: number): Uint8Array | null {
    let best = -1
    let end = position
    for (const [at, window] of this.#windows.entries()) {
      if (window.segment !== segment || window.generation !== generation || window.position > position) continue
      const windowEnd = window.position + window.bytes.length
      if (windowEnd <= end) continue
      best = at
      end = windowEnd
    }
    if (best < 0) return null
    const [window] = this.#windows.splice(best, 1)
    this.#windows.push(window!)
    return window!.bytes.subarray(position - window!.position)
  }

  keep(segment: Segment, generation: number, position: number, bytes: Uint8Array): void {
    if (this.#windows.length >= mostWindows) this.#windows.shift()
    this.#windows.push({ segment, generation, position, bytes })
  }

  /** Its bytes were not what they should be: the file has the last word. */
  forget(segment: Segment): void {
    this.#windows = this.#windows.filter((window) => window.segment !== segment)
  }

  /** A read has ended before this batch. */
  ended(segment: Segment, generation: number, place: IndexPlace): void {
    if (this.#places.length >= mostPlaces) this.#places.shift()
    this.#places.push({ segment, generation, place })
  }

  placeOf(segment: Segment, generation: number, wanted: { index: LogIndex } | { offset: Offset }): IndexPlace | null {
    const found = this.#places.findLast(
      ({ segment: other, generation: of, place }) =>
        other === segment &&
        of === generation &&
        ('index' in wanted ? place.index === wanted.index : place.offset === wanted.offset),
    )
    return found?.place ?? null
  }
}
