import { type ClientOptions, refuseUnknown, wholeNumber } from '@tailrace/client'
import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { OnUnreadable } from './readable-records.ts'
import type { From } from './start.ts'

export type ConsumerOptions = ClientOptions

export interface SubscribeOptions {
  /** Where to begin. Default 'latest'. */
  readonly from?: From
  /** Only these partitions. Default: all, also those that are added later. */
  readonly partitions?: readonly PartitionNumber[]
  /** Bytes received ahead of the reader, over all partitions. Default 8 MiB. */
  readonly maxBufferedBytes?: number
  /** Keys, values and headers as Uint8Array instead of text. Default false. */
  readonly bytes?: boolean
  /** What to do when the wanted offset is not, or no longer, in the partition. Default 'fail': OFFSET_OUT_OF_RANGE. */
  readonly onOutOfRange?: 'fail' | 'earliest' | 'latest'
  /**
   * Where from: each partition's leader, or the nearest broker that holds it, which spares leaders and long ways. What comes is the same records
   * in the same order; from a follower they come a little later, and later still while it is cut off. Default 'leader'.
   */
  readonly readFrom?: 'leader' | 'nearest'
  /**
   * What to do with a record that is not text (without `bytes`), and with a batch that cannot be decoded: 'fail' gives the records before it and then the
   * error, whose `place` says where it stands and where to go on; 'skip' leaves it out; a function is told the error, and it is left out. Default 'fail'.
   */
  readonly onUnreadable?: OnUnreadable
  /** Aborting it ends the subscription with ABORTED. */
  readonly signal?: AbortSignal
}

export interface FeedSettings {
  readonly maxBufferedBytes: number
  readonly onOutOfRange: 'fail' | 'earliest' | 'latest'
  readonly readFrom: 'leader' | 'nearest'
}

const names = ['from', 'partitions', 'maxBufferedBytes', 'bytes', 'onOutOfRange', 'readFrom', 'onUnreadable', 'signal']

/** @throws TailraceError INVALID_SETTING */
export function feedSettings(options: SubscribeOptions): FeedSettings {
  refuseUnknown(options, names)
  const onOutOfRange = options.onOutOfRange ?? 'fail'
  if (!['fail', 'earliest', 'latest'].includes(onOutOfRange)) {
    throw new TailraceError('INVALID_SETTING', `onOutOfRange: "${onOutOfRange}" is not fail, earliest or latest.`)
  }
  const readFrom = options.readFrom ?? 'leader'
  if (readFrom !== 'leader' && readFrom !== 'nearest')
    throw new TailraceError('INVALID_SETTING', `readFrom: "${String(readFrom)}" is not leader or nearest.`)
  const bounds = { default: 8 * 1024 * 1024, min: 1, max: 2 ** 40 }
  return { onOutOfRange, readFrom, maxBufferedBytes: wholeNumber('maxBufferedBytes', options.maxBufferedBytes, bounds) }
}
