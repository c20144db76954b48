import type { GroupId, LogIndex, Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { LogState } from './log-state.ts'
import type { LogCopy, LogDescription, LogFile } from './log-storage.ts'
import type { OpenFiles } from './segment/open-files.ts'
import { type Segment, segmentName } from './segment/segment.ts'
import type { Tail } from './tail/tail.ts'

/** The source of a copy. */
export interface CopySource {
  readonly group: GroupId
  readonly files: OpenFiles
  readonly state: LogState
  /** In log order, none before the log's start. */
  readonly segments: readonly Segment[]
  /** The last entry of the segments that is still part of the log. */
  readonly readable: LogIndex
  /**
   * The newest entries in memory; null when it is not the same log as in the segments, which have a truncation before
   * them.
   */
  readonly tail: Tail | null
  /** The group's log is no longer this one. */
  removed(): boolean
}

/** The leading part of a segment that belongs to a copy. */
interface Part {
  readonly segment: Segment
  readonly bytes: number
  readonly lastIndex: LogIndex
  readonly endOffset: Offset
}

/** Takes the content of the segments up to the entry `upTo`, whole entries only, and keeps the files. */
export function copyLog(source: CopySource, upTo: LogIndex): LogCopy {
  const limit = Math.min(upTo, source.readable)
  const parts: Part[] = []
  for (const segment of source.segments) {
    const part = leadingPart(source, segment, limit)
    if (part !== null) parts.push(part)
    if (part === null || part.lastIndex < segment.lastIndex) break
  }
  return new SegmentCopy(source, describe(source.state, parts[parts.length - 1]), parts)
}

function describe(state: LogState, last: Part | undefined): LogDescription {
  const { prevIndex, prevTerm, startOffset, terms, configurations } = state
  const lastIndex = last?.lastIndex ?? prevIndex
  return {
    prevIndex,
    prevTerm,
    startOffset,
    lastIndex,
    lastTerm: lastIndex === prevIndex ? prevTerm : state.termAt(lastIndex),
    endOffset: last?.endOffset ?? startOffset,
    terms: terms.filter(({ index }) => index <= lastIndex),
    configurations: configurations.filter(({ index }) => index <= lastIndex),
  }
}

/**
 * The entries of a segment up to `limit`, or fewer: to somewhere before where neither memory nor index tells where an
 * entry ends.
 */
function leadingPart({ tail }: CopySource, segment: Segment, limit: LogIndex): Part | null {
  const { baseIndex, lastIndex, bytes, endOffset, index } = segment
  if (lastIndex <= limit) return bytes === 0 ? null : { segment, bytes, lastIndex, endOffset }
  if (limit < baseIndex) return null
  const first = tail?.header(limit + 1)
  const left = first === undefined ? null : bytesOf(tail!, limit + 1, lastIndex)
  if (left !== null) return { segment, bytes: bytes - left, lastIndex: limit, endOffset: first!.baseOffset }
  const place = index === null || index.length === 0 ? null : index.byIndex(limit + 1)
  if (place === null || place.position === 0) return null
  return { segment, bytes: place.position, lastIndex: place.index - 1, endOffset: place.offset }
}

/** Null when memory does not hold them all. */
function bytesOf(tail: Tail, from: LogIndex, to: LogIndex): number | null {
  let bytes = 0
  for (let index = from; index <= to; index++) {
    const header = tail.header(index)
    if (header === undefined) return null
    bytes += header.bytes
  }
  return bytes
}

class SegmentCopy implements LogCopy {
  readonly description: LogDescription
  readonly files: readonly LogFile[]
  readonly #source: CopySource
  readonly #parts = new Map<string, Part>()
  #closed = false

  constructor(source: CopySource, description: LogDescription, parts: readonly Part[]) {
    this.#source = source
    this.description = description
    for (const part of parts) {
      part.segment.hold(part.bytes)
      this.#parts.set(segmentName(part.segment.baseIndex, part.segment.baseOffset), part)
    }
    this.files = [...this.#parts].map(([name, { bytes, segment }]) => ({ name, bytes, appendedAt: segment.appendedAt }))
  }

  async read(name: string, position: number, maxBytes: number): Promise<Uint8Array> {
    const { group, files } = this.#source
    const part = this.#parts.get(name)
    if (part === undefined || position < 0)
      throw new RangeError(`group ${group}: the copy has no ${name} at ${position}`)
    const { segment } = part
    // Its file is being renamed.
    while (segment.moving !== null) await segment.moving
    if (this.#closed) throw new TailraceError('CLOSED', `The copy of group ${group} has been closed.`)
    if (this.#source.removed()) {
      throw new TailraceError('UNKNOWN_PARTITION', `The log of group ${group} is no longer the one that was copied.`)
    }
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(maxBytes, part.bytes - position)))
    const count = await files.use(segment.path, (file) => file.read(bytes, position))
    if (count < bytes.length)
      throw new TailraceError('STORAGE_CORRUPT', `${segment.path} is shorter than it should be.`)
    return bytes
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const { segment } of this.#parts.values()) await segment.release()
  }
}
