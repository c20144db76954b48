import type { ErrorShape } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas/tailrace-error'
import type { Paint } from './colours.ts'

export const ExitCode = { Done: 0, Failed: 1, Usage: 2, Interrupted: 130 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A broker answered with an error, or none could be asked: exit code 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly shape: ErrorShape

  constructor(shape: ErrorShape, options?: ErrorOptions) {
    super(shape.message, options)
    this.shape = shape
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return ExitCode.Usage
  return error instanceof TailraceError && error.code === 'INVALID_SETTING' ? ExitCode.Usage : ExitCode.Failed
}

/** Lines for people about any failure; `json` gives one line for programs. */
export function explain(error: unknown, json: boolean, paint: Paint = (_colour, text) => text): string {
  const shape = shapeOf(error)
  if (shape === null) {
    const message = error instanceof Error ? error.message : String(error)
    return json
      ? JSON.stringify({ code: 'INVALID_REQUEST', message, retriable: false, hint: '' })
      : `${paint('red', 'error:')} ${message}`
  }
  return json ? JSON.stringify(shape) : `${paint('red', `error ${shape.code}:`)} ${shape.message}\n  ${shape.hint}`
}

function shapeOf(error: unknown): ErrorShape | null {
  const shape = error instanceof TailraceError ? error.toJSON() : error instanceof CommandFailure ? error.shape : null
  return shape?.code === 'AUTHENTICATION_REQUIRED' ? { ...shape, hint: credentialHint } : shape
}

/** In the place of the broker's, which knows no flags. */
const credentialHint =
  'Name a user with --user NAME, or a token with --token-file FILE ("tailrace cluster start" makes DATA/admin.token).'
