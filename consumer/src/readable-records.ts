import { codecs } from '@tailrace/client'
import {
  type DecodedRecord,
  endOffsetAt,
  type Offset,
  type PartitionNumber,
  readRecords,
  TailraceError,
  type UnreadablePlace,
  unreadableAt,
} from '@tailrace/schemas'

/**
 * Treatment of a record that is not text, or not what a typed topic has, and of the rest of a batch that cannot be
 * decoded. fail: the records before it are given, then its error with `place`. skip: it is left out. A function is
 * called with the error, and the record is left out.
 */
export type OnUnreadable = 'fail' | 'skip' | ((error: TailraceError) => void)

/** A batch, and which of its records are read. */
export interface BatchToRead {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly bytes: Uint8Array
  readonly start: number
  readonly firstOffset: Offset
  readonly lastOffset: Offset
}

/**
 * Calls `onRecord` for every record that can be read.
 * @throws TailraceError with `place`, when that is to fail; errors of `onRecord` pass through
 */
export function eachReadable(
  batch: BatchToRead,
  onUnreadable: OnUnreadable,
  onRecord: (record: DecodedRecord) => void,
): void {
  const { bytes, start, firstOffset, lastOffset } = batch
  let next = firstOffset
  let isOurs = true
  try {
    readRecords(bytes, start, codecs.decompressors, (record) => {
      if (record.offset < firstOffset || record.offset > lastOffset) return
      isOurs = false
      onRecord(record)
      isOurs = true
      next = record.offset + 1
    })
  } catch (error) {
    if (!isOurs) throw error
    if (next > lastOffset) return
    const nextOffset = endOffsetAt(bytes, start)
    passUnreadable(error, { ...placeOf(batch), offset: next, nextOffset }, onUnreadable)
  }
}

/** The same for the result of `make` for each record. */
export function eachMade<Made>(
  batch: BatchToRead,
  onUnreadable: OnUnreadable,
  make: (record: DecodedRecord) => Made,
  onMade: (made: Made) => void,
): void {
  eachReadable(batch, onUnreadable, (record) => {
    let made: Made
    try {
      made = make(record)
    } catch (error) {
      const { offset } = record
      passUnreadable(error, { ...placeOf(batch), offset, nextOffset: offset + 1 }, onUnreadable)
      return
    }
    onMade(made)
  })
}

function placeOf({ topic, partition }: BatchToRead): Pick<UnreadablePlace, 'topic' | 'partition'> {
  return { topic, partition }
}

/** Returns where what stands at the place is left out. @throws what is told of it */
export function passUnreadable(thrown: unknown, place: UnreadablePlace, onUnreadable: OnUnreadable): void {
  // A wrong setting, as of a codec, is no record's mistake: to skip would leave all of them out.
  if (thrown instanceof TailraceError && thrown.code === 'INVALID_SETTING') throw thrown
  const error = unreadableAt(thrown, place)
  if (onUnreadable === 'fail' || !(error instanceof TailraceError)) throw error
  if (onUnreadable !== 'skip') onUnreadable(error)
}

/** @throws TailraceError INVALID_SETTING */
export function onUnreadableOf(given: OnUnreadable | undefined): OnUnreadable {
  if (given === undefined) return 'fail'
  if (given === 'fail' || given === 'skip' || typeof given === 'function') return given
  throw new TailraceError('INVALID_SETTING', `onUnreadable: "${String(given)}" is not fail, skip or a function.`)
}
