import { type ClientOptions, clientOptionNames, refuseUnknown, wholeNumber } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'

export interface AdminOptions extends ClientOptions {
  /** How long each call is tried. Default 60,000: a broker may take so long over a change. */
  readonly timeoutMs?: number
  /** Aborting it closes the administrator, and fails calls under way with ABORTED. */
  readonly signal?: AbortSignal
}

/** Options of one call. */
export interface CallOptions {
  /** Default: that of the administrator. */
  readonly timeoutMs?: number
  /** Aborting it ends the wait; a change that was asked for may still be made. */
  readonly signal?: AbortSignal
}

const callNames = ['timeoutMs', 'signal']
const DEFAULT_MS = 60_000
const HOUR_MS = 3_600_000

/** @throws TailraceError INVALID_SETTING */
export function adminTimeout(options: AdminOptions): number {
  refuseUnknown(options, [...clientOptionNames, ...callNames])
  return wholeNumber('timeoutMs', options.timeoutMs, { default: DEFAULT_MS, min: 1, max: HOUR_MS })
}

/** `more`: names of options that the call has besides. @throws TailraceError INVALID_SETTING */
export function callTimeout(options: CallOptions, usual: number, more: readonly string[] = []): number {
  if (typeof options !== 'object' || options === null) throw new TailraceError('INVALID_SETTING', 'options: no object.')
  refuseUnknown(options, [...callNames, ...more])
  return wholeNumber('timeoutMs', options.timeoutMs, { default: usual, min: 1, max: HOUR_MS })
}
