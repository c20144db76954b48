import { UsageError } from './command-failure.ts'

export const defaultServer = 'http://127.0.0.1:8080'

/**
 * Addresses of brokers to talk to: from --server (comma separated, several times), else TAILRACE_SERVER, else the first
 * broker of a local cluster. Each is an http(s) or ws(s) URL or host:port; a path is kept, for brokers behind a proxy.
 * Throws UsageError on anything else.
 */
export function httpServers(
  given: readonly string[] | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const texts = given?.length ? given : [environment.TAILRACE_SERVER || defaultServer]
  const servers = texts
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')
  if (servers.length === 0) throw new UsageError(`--server is empty; give an address like ${defaultServer}`)
  return [...new Set(servers.map(httpServer))]
}

/** The same brokers as WebSocket URLs, for the SDKs. */
export function webSocketServers(servers: readonly string[]): string[] {
  return servers.map((server) => server.replace(/^http/, 'ws'))
}

function httpServer(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text.replace(/^ws/i, 'http') : `http://${text}`)
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.hostname !== '' &&
    !/[?#]/.test(text) &&
    url.username === '' &&
    url.password === ''
  if (!plain)
    throw new UsageError(
      `--server ${JSON.stringify(text)} is not an address; give one like ${defaultServer} or 127.0.0.1:8080`,
    )
  return url.origin + url.pathname.replace(/\/+$/, '')
}
