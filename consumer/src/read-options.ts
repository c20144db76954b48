import { refuseUnknown, wholeNumber } from '@tailrace/client'
import { type BrokerId, type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import type { OnUnreadable } from './readable-records.ts'

/** A record's place. The result of a producer's `send` is one: passed on unchanged, it finds the record. */
export interface ReadPlace {
  readonly partition: PartitionNumber
  readonly offset: Offset
  /** Token of an acknowledgement (text, as it was given): only replicas that hold exactly that entry answer. */
  readonly token?: string | null
  /** Brokers to ask beside the leader. Default: all replicas of the partition. */
  readonly holders?: readonly BrokerId[]
  /**
   * The topic that the offset belongs to: another topic of its name is refused. Default: the topic that has the name.
   */
  readonly topicId?: string
}

export interface ReadOptions {
  /**
   * Which broker to ask first: the leader, or the nearest of the holders, which spares the leader. Default 'leader'.
   */
  readonly first?: 'leader' | 'holder'
  /**
   * The answer shows all records that were acknowledged to any client before the call: only the leader is asked, and it
   * confirms that it still leads. Default false: a leader that was deposed and does not know that yet may answer with
   * an older end.
   */
  readonly linearizable?: boolean
  /** When a broker has not answered after this time, another one is asked as well. Default 200. */
  readonly hedgeAfterMs?: number
  /** How long the read is tried. Default 30,000. */
  readonly timeoutMs?: number
  /** Whole batches up to this number of bytes, one at least. Default 1 MiB. */
  readonly maxBytes?: number
  /** Keys, values and headers as Uint8Array instead of text. Default false. */
  readonly bytes?: boolean
  /**
   * As for `subscribe`: a record that cannot be read fails the call if it is the first, else the result ends before it.
   * 'skip' or a function: it is left out.
   */
  readonly onUnreadable?: OnUnreadable
  readonly signal?: AbortSignal
}

export interface ReadSettings {
  readonly first: 'leader' | 'holder'
  readonly linearizable: boolean
  readonly hedgeAfterMs: number
  readonly timeoutMs: number
  readonly maxBytes: number
}

const names = ['first', 'linearizable', 'hedgeAfterMs', 'timeoutMs', 'maxBytes', 'bytes', 'onUnreadable', 'signal']
const placeNames = ['partition', 'offset', 'token', 'holders', 'topicId']

/** @throws TailraceError INVALID_SETTING */
export function readSettings(options: ReadOptions): ReadSettings {
  refuseUnknown(options, names)
  const first = options.first ?? 'leader'
  if (first !== 'leader' && first !== 'holder')
    throw new TailraceError('INVALID_SETTING', `first: "${String(first)}" is not leader or holder.`)
  const linearizable = options.linearizable ?? false
  if (typeof linearizable !== 'boolean')
    throw new TailraceError('INVALID_SETTING', `linearizable: "${String(linearizable)}" is not true or false.`)
  if (linearizable && first === 'holder')
    throw new TailraceError('INVALID_SETTING', 'linearizable: only the leader can answer so; first is holder.')
  return {
    first,
    linearizable,
    hedgeAfterMs: wholeNumber('hedgeAfterMs', options.hedgeAfterMs, { default: 200, min: 0, max: 3_600_000 }),
    timeoutMs: wholeNumber('timeoutMs', options.timeoutMs, { default: 30_000, min: 1, max: 3_600_000 }),
    maxBytes: wholeNumber('maxBytes', options.maxBytes, { default: 1024 * 1024, min: 1, max: 16 * 1024 * 1024 }),
  }
}

/** @throws TailraceError INVALID_SETTING, INVALID_REQUEST */
export function checkPlace(place: ReadPlace): void {
  refuseUnknown(place, placeNames)
  wholeNumber('partition', place.partition, { default: -1, min: 0, max: 2 ** 31 - 1 })
  wholeNumber('offset', place.offset, { default: -1, min: 0, max: Number.MAX_SAFE_INTEGER })
  if (place.partition === undefined) throw new TailraceError('INVALID_SETTING', 'partition: it is missing.')
  if (place.offset === undefined) throw new TailraceError('INVALID_SETTING', 'offset: it is missing.')
  if (place.token !== undefined && place.token !== null) parseReadToken(place.token)
}
