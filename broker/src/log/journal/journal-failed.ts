import { TailraceError } from '@tailrace/schemas'

/**
 * The error for callers that wait for a write to become durable. The broker ends; another broker, or this one after its
 * restart, can do it.
 */
export function journalFailed(): TailraceError {
  return new TailraceError('SHUTTING_DOWN', 'The journal has failed.')
}
