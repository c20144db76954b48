import { type ClientOptions, refuseUnknown, wholeNumber } from '@tailrace/client'
import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
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
  /** Aborting it ends the subscription with ABORTED. */
  readonly signal?: AbortSignal
}

export interface FeedSettings {
  readonly maxBufferedBytes: number
  readonly onOutOfRange: 'fail' | 'earliest' | 'latest'
}

const names = ['from', 'partitions', 'maxBufferedBytes', 'bytes', 'onOutOfRange', 'signal']

/** @throws TailraceError INVALID_SETTING */
export function feedSettings(options: SubscribeOptions): FeedSettings {
  refuseUnknown(options, names)
  const onOutOfRange = options.onOutOfRange ?? 'fail'
  if (!['fail', 'earliest', 'latest'].includes(onOutOfRange)) {
    throw new TailraceError('INVALID_SETTING', `onOutOfRange: "${onOutOfRange}" is not fail, earliest or latest.`)
  }
  const bounds = { default: 8 * 1024 * 1024, min: 1, max: 2 ** 40 }
  return { onOutOfRange, maxBufferedBytes: wholeNumber('maxBufferedBytes', options.maxBufferedBytes, bounds) }
}
