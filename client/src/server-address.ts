import { TailraceError } from '@tailrace/schemas'

/**
 * Turns an address as a user writes it ("ws://host:8080", "http://host:8080/", "host:8080",
 * "https://host/below/a/proxy") to ws://host:port or wss://host:port with the path, if there is one, under which a
 * proxy passes requests on to a broker. An address with parts that would be left out (a query, a fragment, a user) is
 * refused.
 * @throws TailraceError INVALID_SETTING
 */
export function serverAddress(text: unknown): string {
  const refuse = (): never => {
    const example = '"ws://127.0.0.1:8080" or "wss://example.com/path"'
    throw new TailraceError('INVALID_SETTING', `servers: ${JSON.stringify(text)} is not like ${example}.`)
  }
  if (typeof text !== 'string' || text === '') return refuse()
  const url = URL.parse(text.includes('://') ? text : `ws://${text}`) ?? refuse()
  const scheme = { 'ws:': 'ws', 'http:': 'ws', 'wss:': 'wss', 'https:': 'wss' }[url.protocol] ?? refuse()
  // URL drops a "?" and a "#" with nothing behind it.
  if (url.host === '' || /[?#]/.test(text) || url.username !== '' || url.password !== '') return refuse()
  return `${scheme}://${url.host}${url.pathname.replace(/\/+$/, '').replace(/\/stream$/, '')}`
}

/**
 * The same for an address that a broker tells of another broker; undefined where no connection to it could be tried.
 */
export function toldAddress(text: string): string | undefined {
  try {
    return serverAddress(text)
  } catch {
    return undefined
  }
}

/** @throws TailraceError INVALID_SETTING when there is none or one is wrong. */
export function serverAddresses(servers: unknown): string[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new TailraceError('INVALID_SETTING', 'servers: at least one address is needed, like ["ws://127.0.0.1:8080"].')
  }
  return [...new Set(servers.map(serverAddress))]
}
