import { wholeNumber } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { type RetryOptions, type RetryRules, retryRules } from './retries.ts'

/** How a run handles records. */
export interface HandlingOptions {
  /** Records that are handled at the same time. Default 1. */
  readonly concurrency?: number
  /**
   * Which records are handled one after the other, in the order of their offsets: those of a 'partition', those with
   * the same 'key' (records without a key have no order), or 'none'. Default 'partition'.
   */
  readonly orderBy?: 'partition' | 'key' | 'none'
  /** A handler that throws is called again, while records of other keys go on. */
  readonly retry?: RetryOptions
  /** Told of each attempt that failed, and of what comes next. */
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
  /** What comes next: another attempt after so many milliseconds, the dead letters of a group, or the end of `run`. */
  readonly next: { readonly retryInMs: number } | 'dead-letters' | 'end'
}

export interface HandlingSettings {
  readonly concurrency: number
  readonly orderBy: 'partition' | 'key' | 'none'
  readonly retry: RetryRules
  readonly onFailure: (failure: HandlerFailure) => void
}

export const handlingNames = ['concurrency', 'orderBy', 'retry', 'onFailure'] as const

const orders = ['partition', 'key', 'none'] as const

/** @throws TailraceError INVALID_SETTING */
export function handlingSettings(options: HandlingOptions): HandlingSettings {
  const { orderBy = 'partition', onFailure = () => {} } = options
  if (!orders.includes(orderBy)) throw wrong(`orderBy: "${String(orderBy)}" is not ${orders.join(' or ')}.`)
  if (typeof onFailure !== 'function') throw wrong('onFailure is not a function.')
  return {
    concurrency: wholeNumber('concurrency', options.concurrency, { default: 1, min: 1, max: 100_000 }),
    orderBy,
    retry: retryRules(options.retry),
    onFailure,
  }
}

function wrong(detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', detail)
}
