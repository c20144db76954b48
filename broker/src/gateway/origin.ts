import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a request may write. Programs send no Origin and may. A browser names the page's origin: pages served by this broker may, pages of
 * configured origins may, all others may only read, so that a page that someone happens to visit cannot write to a broker on loopback.
 */
export function mayWrite(headers: IncomingHttpHeaders, writeOrigins: readonly string[]): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (writeOrigins.includes(origin)) return true
  const url = URL.parse(origin)
  return url !== null && host !== undefined && url.host === host.toLowerCase()
}

export const originRefused = 'Pages of any origin may read.'
