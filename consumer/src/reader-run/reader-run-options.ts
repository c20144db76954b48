import { wholeNumber } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import type { SubscribeOptions } from '../options.ts'
import {
  type HandlingOptions,
  type HandlingSettings,
  handlingNames,
  handlingSettings,
} from '../run/handling-options.ts'
import type { TopicsOptions } from '../topics/topics-options.ts'

export interface CheckpointOptions {
  /**
   * Where progress is kept: a position before which every record has been handled. It is loaded at the start, and holds
   * then in the place of `from` and `last`; saved at intervals and at the end. With it `from` is 'earliest' by default.
   */
  readonly checkpoint?: CheckpointStore
  /** The name in the store, of one run at a time. Default: that of the topic; of several topics it has to be given. */
  readonly checkpointName?: string
  /** How often progress is saved. Default 1,000. */
  readonly checkpointIntervalMs?: number
}

/** What is read, as for `subscribe`, how it is handled, and where progress is kept. */
export interface ConsumerRunOptions extends SubscribeOptions, HandlingOptions, CheckpointOptions {}

/** The same for several topics. */
export interface TopicsRunOptions extends TopicsOptions, HandlingOptions, CheckpointOptions {}

export interface CheckpointSettings {
  readonly store: CheckpointStore
  readonly name: string
  readonly intervalMs: number
}

/** The options of `subscribe` among those of a run. */
export type Reading = SubscribeOptions | TopicsOptions

export interface ReaderRunSettings {
  readonly reading: Reading
  readonly handling: HandlingSettings
  readonly checkpoint: CheckpointSettings | undefined
}

const HOUR_MS = 3_600_000
const checkpointNames = ['checkpoint', 'checkpointName', 'checkpointIntervalMs'] as const

/** `topic` undefined: there are several. @throws TailraceError INVALID_SETTING */
export function readerRunSettings(
  options: ConsumerRunOptions | TopicsRunOptions,
  topic: string | undefined,
): ReaderRunSettings {
  const reading = { ...options }
  for (const name of [...handlingNames, ...checkpointNames]) delete reading[name]
  return { reading, handling: handlingSettings(options), checkpoint: checkpointSettings(options, topic) }
}

function checkpointSettings(options: CheckpointOptions, topic: string | undefined): CheckpointSettings | undefined {
  const { checkpoint: store, checkpointName: name = topic } = options
  const intervalMs = wholeNumber('checkpointIntervalMs', options.checkpointIntervalMs, {
    default: 1_000,
    min: 10,
    max: HOUR_MS,
  })
  if (store === undefined) {
    const given = checkpointNames.find((one) => options[one] !== undefined)
    if (given !== undefined) throw wrong(`${given} means nothing without checkpoint.`)
    return undefined
  }
  if (typeof store?.load !== 'function' || typeof store.save !== 'function') {
    throw wrong('checkpoint: it is no store: give an object with load and save, such as FileCheckpoints.')
  }
  if (name === undefined) throw wrong('checkpointName: of several topics it has to be given.')
  if (typeof name !== 'string' || name === '') throw wrong('checkpointName: it is no text.')
  return { store, name, intervalMs }
}

function wrong(detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', detail)
}
