import { refuseUnknown, wholeNumber } from '@tailrace/client'
import { checkTopicName, TailraceError } from '@tailrace/schemas'
import { type RetryOptions, type RetryRules, retryRules } from './retries.ts'

export interface RunOptions {
  /** Records that are handled at the same time. Default 1. */
  readonly concurrency?: number
  /**
   * Which records are handled one after the other, in the order of their offsets: those of a 'partition', those with
   * the same 'key' (records without a key have no order), or 'none'. Default 'partition'.
   */
  readonly orderBy?: 'partition' | 'key' | 'none'
  /** A handler that throws is called again, while records of other keys go on. */
  readonly retry?: RetryOptions
  /**
   * Where a record goes after the last attempt that failed: to the topic of this name, or `<topic>.dlq` by default. It
   * counts as done then. false: `run` ends with the error of the handler, and the record comes again.
   */
  readonly deadLetters?: string | false
  /** Told of each attempt that failed, and of records that went to the dead letters. */
  readonly onFailure?: (failure: HandlerFailure) => void
}

export interface HandlerFailure {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** 1: the first one. */
  readonly attempt: number
  /** What the handler has thrown, or the codec of the topic. */
  readonly error: unknown
  /** What comes next: another attempt after so many milliseconds, the dead letters, or the end of `run`. */
  readonly next: { readonly retryInMs: number } | 'dead-letters' | 'end'
}

export interface RunSettings {
  readonly concurrency: number
  readonly orderBy: 'partition' | 'key' | 'none'
  readonly retry: RetryRules
  readonly deadLetters: string | false | undefined
  readonly onFailure: (failure: HandlerFailure) => void
}

const orders = ['partition', 'key', 'none'] as const

/** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
export function runSettings(options: RunOptions): RunSettings {
  refuseUnknown(options, ['concurrency', 'orderBy', 'retry', 'deadLetters', 'onFailure'])
  const { orderBy = 'partition', deadLetters, onFailure = () => {} } = options
  if (!orders.includes(orderBy)) throw wrong(`orderBy: "${String(orderBy)}" is not ${orders.join(' or ')}.`)
  if (typeof deadLetters === 'string') checkTopicName(deadLetters)
  else if (deadLetters !== undefined && deadLetters !== false)
    throw wrong('deadLetters is no name of a topic, nor false.')
  if (typeof onFailure !== 'function') throw wrong('onFailure is not a function.')
  return {
    concurrency: wholeNumber('concurrency', options.concurrency, { default: 1, min: 1, max: 100_000 }),
    orderBy,
    retry: retryRules(options.retry),
    deadLetters,
    onFailure,
  }
}

function wrong(detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', detail)
}
