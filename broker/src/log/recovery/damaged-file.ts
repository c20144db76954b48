import { TailraceError } from '@tailrace/schemas'

/** A file without which the broker must not start: it does not know its promises any more. `path`: the file. */
export function damagedFile(path: string, why: string, options?: ErrorOptions): TailraceError {
  return new TailraceError(
    'STORAGE_CORRUPT',
    `${path}: ${why}. The broker does not start, since it may have forgotten votes and acknowledgements. Put the file back if you ` +
      'still have it as it was when the broker stopped; else start a broker with a new id and an empty folder.',
    options,
  )
}
