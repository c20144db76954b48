import { refuseUnknown, wholeNumber } from '@tailrace/client'
import { backoffMs, TailraceError } from '@tailrace/schemas'

export interface RetryOptions {
  /** How often a record is handled at most, the first time included. Default 5. */
  readonly attempts?: number
  /** Before the second attempt; twice as long before each further one. Default 200. */
  readonly firstMs?: number
  /** Default 30,000. */
  readonly maxMs?: number
}

export interface RetryRules {
  readonly attempts: number
  readonly firstMs: number
  readonly maxMs: number
}

const DAY_MS = 86_400_000

/** @throws TailraceError INVALID_SETTING */
export function retryRules(options: RetryOptions = {}): RetryRules {
  if (typeof options !== 'object' || options === null)
    throw new TailraceError('INVALID_SETTING', 'retry: give an object.')
  refuseUnknown(options, ['attempts', 'firstMs', 'maxMs'])
  return {
    attempts: wholeNumber('attempts', options.attempts, { default: 5, min: 1, max: 1_000_000 }),
    firstMs: wholeNumber('firstMs', options.firstMs, { default: 200, min: 0, max: DAY_MS }),
    maxMs: wholeNumber('maxMs', options.maxMs, { default: 30_000, min: 0, max: DAY_MS }),
  }
}

/**
 * Until the next attempt, after so many that failed; undefined: there is none. `share`: from 0 to 1, the part of the
 * second half that is waited, so that records that fail together do not come again together.
 */
export function retryDelayMs(rules: RetryRules, failed: number, share: number): number | undefined {
  if (failed >= rules.attempts) return undefined
  const full = backoffMs(rules, failed - 1)
  return Math.round(full / 2 + (full / 2) * share)
}
