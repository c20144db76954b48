import { TailraceError } from '@tailrace/schemas'

/** For whoever waits for something to become durable. The broker ends; another one, or this one after its restart, can do it. */
export function journalFailed(): TailraceError {
  return new TailraceError('SHUTTING_DOWN', 'The journal has failed.')
}
