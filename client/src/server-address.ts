import { TailraceError } from '@tailrace/schemas'

/**
 * Brings what a user writes ("ws://host:8080", "http://host:8080/", "host:8080") to ws://host:port or wss://host:port.
 * @throws TailraceError INVALID_SETTING
 */
export function serverAddress(text: unknown): string {
  const refuse = (): never => {
    throw new TailraceError('INVALID_SETTING', `servers: ${JSON.stringify(text)} is not like "ws://127.0.0.1:8080".`)
  }
  if (typeof text !== 'string' || text === '') return refuse()
  const url = URL.parse(text.includes('://') ? text : `ws://${text}`) ?? refuse()
  const scheme = { 'ws:': 'ws', 'http:': 'ws', 'wss:': 'wss', 'https:': 'wss' }[url.protocol] ?? refuse()
  if (url.host === '' || !['', '/', '/stream'].includes(url.pathname)) return refuse()
  return `${scheme}://${url.host}`
}

/** @throws TailraceError INVALID_SETTING when there is none or one is wrong. */
export function serverAddresses(servers: unknown): string[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new TailraceError('INVALID_SETTING', 'servers: at least one address is needed, like ["ws://127.0.0.1:8080"].')
  }
  return [...new Set(servers.map(serverAddress))]
}
