import { TailraceError } from '@tailrace/schemas'
import { isPath } from '../../streams/wire/request-checks.ts'

export const ROOT = '/streams/'

/** The name of the stream that a request is about. @throws TailraceError INVALID_REQUEST */
export function pathOf({ '*': path }: { readonly '*': string }): string {
  return checked(path)
}

/** The path of the source of a fork: with the prefix of this server's streams, or without. @throws INVALID_REQUEST */
export function sourceOf(header: string): string {
  let path: string
  try {
    path = decodeURIComponent(header)
  } catch {
    throw new TailraceError('INVALID_REQUEST', 'Stream-Forked-From is no path.')
  }
  return checked(path.startsWith(ROOT) ? path.slice(ROOT.length) : path.replace(/^\//, ''))
}

function checked(path: string): string {
  if (isPath(path)) return path
  throw new TailraceError('INVALID_REQUEST', 'The name of a stream has 1 to 1000 characters that print.')
}
