import { TailraceError } from '@tailrace/schemas'
import type { FastifyRequest } from 'fastify'
import { isStreamName } from '../../streams/wire/subscription-checks.ts'

export const ROOT = '/streams/'
/** Where other servers of the protocol have their streams; the same ones here. */
const OTHER_ROOT = '/v1/stream/'

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
  const root = [ROOT, OTHER_ROOT].find((known) => path.startsWith(known)) ?? '/'
  return checked(path.startsWith(root) ? path.slice(root.length) : path)
}

function checked(path: string): string {
  if (isStreamName(path)) return path
  const form = '1 to 1000 characters that print, and does not begin with __ds/'
  throw new TailraceError('INVALID_REQUEST', `The name of a stream has ${form}.`)
}

/** The address of all streams as the client of a request sees it. */
export function baseOf({ protocol, host, originalUrl }: FastifyRequest): string {
  return `${protocol}://${host}${originalUrl.startsWith(OTHER_ROOT) ? OTHER_ROOT : ROOT}`
}

/** Requests under the other root are those under this one. */
export function underRoot(url: string): string {
  return url.startsWith(OTHER_ROOT) ? ROOT + url.slice(OTHER_ROOT.length) : url
}
