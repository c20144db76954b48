import type { IncomingHttpHeaders } from 'node:http'
import { TailraceError } from '@tailrace/schemas'

export interface AccessLimits {
  /** Names by which clients reach the broker, beside addresses and localhost; '*' for any. */
  readonly hosts: readonly string[]
  /** Origins (`https://app.example.org`) whose pages may read; '*' for any. */
  readonly readOrigins: readonly string[]
  /** Origins whose pages may read and write. */
  readonly writeOrigins: readonly string[]
}

/** The rights of the sender of a request. */
export type Access = 'write' | 'read' | 'nothing'

/**
 * Refuses requests for another host. A page of `evil.example` may let its own name point to an address of this machine
 * (DNS rebinding): for its browser the broker is then that page's own server, and only the name in Host differs. An
 * address cannot be rebound.
 * @throws TailraceError HOST_REFUSED
 */
export function checkHost({ host }: IncomingHttpHeaders, { hosts }: AccessLimits): void {
  // HTTP/1.0 alone may leave it out, and no browser uses that.
  if (host === undefined || hosts.includes('*')) return
  const name = hostName(host)
  if (name === 'localhost' || name.endsWith('.localhost') || isAddress(host, name) || hosts.includes(name)) return
  throw new TailraceError('HOST_REFUSED', `The request is for ${JSON.stringify(name.slice(0, 253))}.`)
}

/**
 * Refuses a request with two Host headers (RFC 9112 §3.2): Node takes the first, and a proxy before the broker may have
 * let it pass for the other.
 * @throws TailraceError INVALID_REQUEST
 */
export function checkOneHost(rawHeaders: readonly string[]): void {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === 4 && name.toLowerCase() === 'host' && ++hosts > 1)
      throw new TailraceError('INVALID_REQUEST', 'It has more than one Host header.')
  }
}

/**
 * The rights of a request whose host has been checked. Programs send no Origin and may do all. A browser names the
 * page's origin: pages served by this broker may do all, pages of configured origins have the configured rights, all
 * others none, so that a page that a user happens to visit reaches no broker on loopback.
 */
export function accessOf({ origin, host }: IncomingHttpHeaders, limits: AccessLimits): Access {
  if (origin === undefined || limits.writeOrigins.includes(origin)) return 'write'
  const url = URL.parse(origin)
  if (url !== null && host !== undefined && url.host === host.toLowerCase()) return 'write'
  return limits.readOrigins.includes('*') || limits.readOrigins.includes(origin) ? 'read' : 'nothing'
}

/** An IPv6 address stands in brackets. */
function isAddress(host: string, name: string): boolean {
  if (host.startsWith('[')) return /^[0-9a-f:.]*:[0-9a-f:.%]*$/.test(name)
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name)
}

/** The name or address in a Host header, without port and brackets, in lower case. */
export function hostName(host: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.trim().toLowerCase()) ?? []
  return bracketed ?? plain.replace(/\.$/, '')
}
