import type { EntryHeader, LogIndex, Offset } from '@tailrace/schemas'
import { verifyBatch } from '@tailrace/schemas'
import type { DiskFile } from '../../platform/disk.ts'
import { headerOrNull } from '../entry-header.ts'
import type { LogState } from '../log-state.ts'
import { refuseNewerControl } from '../newer-batch.ts'
import { scanBatches } from '../segment/batch-scan.ts'
import type { IndexPlace } from '../segment/sparse-index.ts'
import { isUnreadable } from './finding.ts'
import type { LogToInspect, SegmentFile } from './inspected-log.ts'

const WINDOW_BYTES = 1024 * 1024

export interface WalkedSegment {
  /** Of sound batches. */
  readonly bytes: number
  /** The entry that would come next. */
  readonly next: LogIndex
  /** After the last record; null: the last entry cannot be read. */
  readonly endOffset: Offset | null
}

/**
 * Checks the batches of the entries up to `last`: checksum, offset, term. After one that is not as it was written the
 * walk goes on at the next place that the index knows.
 */
export async function walkSegment(
  log: LogToInspect,
  state: LogState,
  segment: SegmentFile,
  last: LogIndex,
  places: readonly IndexPlace[],
): Promise<WalkedSegment> {
  const size = await log.disk.size(segment.path)
  if (size === null) return { bytes: 0, next: segment.baseIndex, endOffset: null }
  const file = await log.disk.open(segment.path)
  const walk = new SegmentWalk(log, state, segment, places)
  try {
    for (;;) {
      const why = await walk.run(file, size, last)
      const { bytes, index: next, offset: endOffset } = walk
      // Where the file ends behind a whole batch, the caller knows whether more should follow.
      if (next > last || walk.position === size) return { bytes, next, endOffset }
      const known = places.find(({ index }) => index > next && index <= last)
      walk.reportDamage(why, known === undefined ? last : known.index - 1)
      if (known === undefined) return { bytes, next: last + 1, endOffset: null }
      walk.goTo(known)
    }
  } finally {
    await file.close()
  }
}

class SegmentWalk {
  index: LogIndex
  offset: Offset
  bytes = 0
  position = 0
  #place = 0
  readonly #log: LogToInspect
  readonly #state: LogState
  readonly #segment: SegmentFile
  readonly #places: readonly IndexPlace[]

  constructor(log: LogToInspect, state: LogState, segment: SegmentFile, places: readonly IndexPlace[]) {
    this.index = segment.baseIndex
    this.offset = segment.baseOffset
    this.#log = log
    this.#state = state
    this.#segment = segment
    this.#places = places
  }

  /** Goes on until an entry after `last`, or until it cannot. Resolves with the reason for which it has stopped. */
  async run(file: DiskFile, size: number, last: LogIndex): Promise<string> {
    let why = 'it breaks off here'
    try {
      await scanBatches(file, this.position, size, WINDOW_BYTES, (bytes, at, end, position) => {
        if (this.index > last) return false
        const header = this.#checked(bytes, at, end)
        if (typeof header === 'string') {
          why = header
          return false
        }
        this.#took(header, position)
        return true
      })
    } catch (error) {
      // A sector that the disk cannot read.
      if (!isUnreadable(error)) throw error
      why = error.message
    }
    return why
  }

  reportDamage(why: string, to: LogIndex): void {
    const { index } = this
    const entries = to === index ? `entry ${index}` : `entries ${index} to ${to}`
    this.#log.report({
      severity: 'damage',
      file: this.#segment.path,
      position: this.position,
      problem: `${entries}: ${why}`,
      advice:
        'Start the broker while the brokers of the other replicas run: it does not serve these entries, and gets them from another replica.',
    })
  }

  goTo(place: IndexPlace): void {
    const { index, offset, position } = place
    this.#place = this.#places.indexOf(place)
    this.index = index
    this.offset = offset
    this.position = position
  }

  #checked(bytes: Uint8Array, at: number, end: number): EntryHeader | string {
    if (!verifyBatch(bytes, at, end, this.#log.crc32c)) return 'the batch does not match its checksum'
    const header = headerOrNull(bytes, at, end, this.index)
    if (header === null) {
      refuseNewerControl(bytes.subarray(at, end), this.#segment.path)
      return 'the batch is of no known kind'
    }
    if (header.baseOffset !== this.offset) return `the batch has offset ${header.baseOffset}, not ${this.offset}`
    const term = this.#state.termAt(this.index)
    return header.term === term ? header : `the batch has term ${header.term}, not ${term}`
  }

  #took(header: EntryHeader, position: number): void {
    this.#checkPlace(position)
    this.bytes += header.bytes
    this.#log.onRead(header.bytes)
    this.index++
    this.offset = header.lastOffset + 1
    this.position = position + header.bytes
  }

  /** The index says of the places that it knows what stands there. */
  #checkPlace(position: number): void {
    const known = this.#places[this.#place]
    if (known === undefined || position < known.position) return
    this.#place++
    if (position === known.position && known.index === this.index && known.offset === this.offset) return
    this.#log.report({
      severity: 'damage',
      file: this.#segment.path,
      position,
      problem: `the index has entry ${known.index} at ${known.position}, and the segment has entry ${this.index} at ${position}`,
      advice: 'This is a fault of the program, not of the disk: please report it with both files.',
    })
  }
}
