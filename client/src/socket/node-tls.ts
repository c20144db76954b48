import { isIP } from 'node:net'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { checkTlsOptions, wrong } from './tls-options.ts'

/** Sessions that are kept to be resumed: one for each broker. */
const MOST_SESSIONS = 1024

/** What all TLS connections of one client share. */
export interface ClientTls {
  /** For the http module: a connection whose host name is checked, and whose session is resumed. */
  connect(target: { readonly host?: string | null; readonly port?: string | number | null }): TLSSocket
}

/** @throws TailraceError INVALID_SETTING: a text is not PEM, or the key is not that of the certificate */
export function prepareTls(given: unknown): ClientTls {
  const options = given === undefined ? {} : checkTlsOptions(given)
  const { ca, cert, key, serverName } = options
  let secureContext: SecureContext
  try {
    secureContext = createSecureContext({ ca, cert, key })
  } catch (error) {
    throw wrong(`${(error as Error).message}.`, error)
  }
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) throw wrong('ca has no certificate in PEM form.')
  const sessions = new Map<string, Buffer>()
  return {
    connect({ host, port }) {
      const name = serverName ?? (isIP(host ?? '') === 0 ? (host ?? '') : '')
      const place = `${host}:${port}`
      const session = sessions.get(place)
      const socket = connect({
        host: host ?? 'localhost',
        port: Number(port),
        secureContext,
        ...(name === '' ? {} : { servername: name }),
        ...(session === undefined ? {} : { session }),
      })
      socket.setNoDelay(true)
      socket.on('session', (fresh) => {
        if (sessions.size >= MOST_SESSIONS) sessions.clear()
        sessions.set(place, fresh)
      })
      return socket
    },
  }
}
