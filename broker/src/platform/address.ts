import { TailraceError } from '@tailrace/schemas/tailrace-error'

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/**
 * Reads `host:port`; an IPv6 host stands in brackets.
 * @throws TailraceError INVALID_SETTING when it is malformed
 */
export function parseAddress(address: string): HostAndPort {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port <= 65535)) {
    throw new TailraceError('INVALID_SETTING', `"${address}" is not an address of the form host:port.`)
  }
  return { host, port }
}

export function formatAddress({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
