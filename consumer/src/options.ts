import {
  type ClientOptions,
  clientOptionNames,
  type OpenTelemetryApi,
  refuseUnknown,
  wholeNumber,
} from '@tailrace/client'
import { type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { ReceiveBudget } from './feed/receive-budget.ts'
import type { ReceivedCounts } from './feed/received-counts.ts'
import type { LevelRules } from './level-choice.ts'
import type { RangeOptions } from './range/range-options.ts'
import type { OnUnreadable } from './readable-records.ts'

export interface ConsumerOptions extends ClientOptions {
  /**
   * Subscriptions read from a cascade broker: 'nearest' from the deepest level that is well, a number from no deeper
   * than that level; from level 0 while no cascade broker is well. The records are the same in the same order. Default:
   * as `readFrom` says.
   */
  readonly level?: 'nearest' | number
  /**
   * Where this program stands: brokers of this rack are preferred to others of their level (`level`), and replicas in
   * it to others (`readFrom: 'nearest'`, and `read` from a holder). Default: none.
   */
  readonly rack?: string
  /** With `level`: a cascade broker that is further behind level 0 than this is not well. Default 10,000. */
  readonly maxLagMs?: number
  /**
   * The package `@opentelemetry/api`: each attempt of `run` to handle a record is a span, a child of the one that sent
   * the record, and active while the handler runs. Default: none.
   */
  readonly openTelemetry?: OpenTelemetryApi
}

/** A reader was moved from an offset that is not, or no longer, in the partition to one that is. */
export interface Jump {
  readonly topic: string
  readonly partition: PartitionNumber
  /** The offset that was to be read next. */
  readonly from: Offset
  /** The one that is read next instead. */
  readonly to: Offset
  /** Offsets between them, whose records are not read; 0 when it went back. */
  readonly missing: number
}

export interface SubscribeOptions extends RangeOptions {
  /** Bytes received ahead of the reader, over all partitions. Default 8 MiB. */
  readonly maxBufferedBytes?: number
  /** Keys, values and headers as Uint8Array instead of text. Default false. */
  readonly bytes?: boolean
  /** What to do when the wanted offset is not, or no longer, in the partition. Default 'fail': OFFSET_OUT_OF_RANGE. */
  readonly onOutOfRange?: 'fail' | 'earliest' | 'latest'
  /**
   * Told of each jump that `onOutOfRange` has led to, as soon as the new offset is known. An error that it throws ends
   * the subscription.
   */
  readonly onJump?: (jump: Jump) => void
  /**
   * The broker to read from: each partition's leader, or the nearest broker that holds it, which spares leaders and
   * long distances. The records are the same in the same order; from a follower they come a little later, and later
   * still while it is cut off. Default 'leader'.
   */
  readonly readFrom?: 'leader' | 'nearest'
  /**
   * What to do with a record that is not text (without `bytes`) or that the codec of a typed topic refuses, and with a
   * batch that cannot be decoded: 'fail' gives the records before it and then the error, whose `place` says where it
   * stands and where to go on; 'skip' leaves it out; a function is called with the error, and the record is left out.
   * Default 'fail'.
   */
  readonly onUnreadable?: OnUnreadable
  /** Aborting it ends the subscription with ABORTED. */
  readonly signal?: AbortSignal
}

export interface FeedSettings {
  readonly budget: ReceiveBudget
  readonly counts: ReceivedCounts
  readonly onOutOfRange: 'fail' | 'earliest' | 'latest'
  readonly onJump: ((jump: Jump) => void) | undefined
  readonly onTopicRecreated: 'fail' | 'earliest' | 'latest'
  readonly readFrom: 'leader' | 'nearest'
}

const ownNames = ['level', 'rack', 'maxLagMs', 'openTelemetry']
const names = [
  'from',
  'last',
  'to',
  'until',
  'partitions',
  'otherwise',
  'maxBufferedBytes',
  'bytes',
  'onOutOfRange',
  'onJump',
  'onTopicRecreated',
  'readFrom',
  'onUnreadable',
  'signal',
]

/**
 * Undefined: cascade brokers are not looked for.
 * @throws TailraceError INVALID_SETTING
 */
export function levelRules(options: ConsumerOptions): LevelRules | undefined {
  refuseUnknown(options, [...clientOptionNames, ...ownNames])
  const { level, rack = '' } = options
  if (typeof rack !== 'string') throw new TailraceError('INVALID_SETTING', 'rack is not a text.')
  const maxLagMs = wholeNumber('maxLagMs', options.maxLagMs, { default: 10_000, min: 100, max: 86_400_000 })
  if (level === undefined && options.maxLagMs !== undefined) {
    throw new TailraceError('INVALID_SETTING', 'maxLagMs means nothing without level.')
  }
  if (level === undefined) return undefined
  const deepest = Number.MAX_SAFE_INTEGER
  if (level === 'nearest') return { maxLevel: deepest, rack, maxLagMs }
  return { maxLevel: wholeNumber('level', level, { default: deepest, min: 0, max: deepest }), rack, maxLagMs }
}

/** @throws TailraceError INVALID_SETTING */
export function feedSettings(options: SubscribeOptions, counts: ReceivedCounts): FeedSettings {
  refuseUnknown(options, names)
  const { onJump } = options
  if (onJump !== undefined && typeof onJump !== 'function') {
    throw new TailraceError('INVALID_SETTING', 'onJump is not a function.')
  }
  const bounds = { default: 8 * 1024 * 1024, min: 1, max: 2 ** 40 }
  return {
    onOutOfRange: oneOf('onOutOfRange', options.onOutOfRange, ['fail', 'earliest', 'latest']),
    onJump,
    onTopicRecreated: oneOf('onTopicRecreated', options.onTopicRecreated, ['fail', 'earliest', 'latest']),
    readFrom: oneOf('readFrom', options.readFrom, ['leader', 'nearest']),
    counts,
    budget: new ReceiveBudget(wholeNumber('maxBufferedBytes', options.maxBufferedBytes, bounds)),
  }
}

/** The first of them is the default. */
function oneOf<Choice extends string>(name: string, given: Choice | undefined, choices: readonly Choice[]): Choice {
  const chosen = given ?? choices[0]!
  if (choices.includes(chosen)) return chosen
  throw new TailraceError('INVALID_SETTING', `${name}: "${String(chosen)}" is not ${choices.join(' or ')}.`)
}
