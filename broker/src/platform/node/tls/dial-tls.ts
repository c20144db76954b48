import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { TailraceError, tlsFault } from '@tailrace/schemas'
import { formatAddress } from '../../address.ts'
import type { Certificates } from './certificate-files.ts'

export interface DialOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly minVersion: '1.2' | '1.3'
  readonly certificates: Certificates
  readonly keepAliveMs: number
}

/**
 * A TLS connection to a server whose certificate one of the trusted CAs has signed. The name in it is not checked:
 * brokers are known by their ids.
 * @throws TailraceError TLS_OFF: it speaks no TLS; TLS_FAILED: its certificate is not trusted, or the two have no
 * version in common; CONNECTION_LOST
 */
export function dialTls(options: DialOptions): Promise<Socket> {
  const { host, port, timeoutMs, certificates, minVersion, keepAliveMs } = options
  const { cert, key, ca } = certificates
  const settings: ConnectionOptions = {
    host,
    port,
    cert,
    key,
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: `TLSv${minVersion}`,
    checkServerIdentity: () => undefined,
  }
  return new Promise((resolve, reject) => {
    const socket = connect(settings)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    const fail = (error: TailraceError): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const lost = (why: string, cause?: Error): TailraceError =>
      new TailraceError('CONNECTION_LOST', `Cannot connect to ${formatAddress({ host, port })}: ${why}.`, { cause })
    const timer = setTimeout(() => fail(lost(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.on('error', (error) => {
      const why = isShut(error)
        ? 'it closes the connection during the TLS handshake, and may have no TLS'
        : error.message
      const fault = tlsFault(error)
      if (fault !== null) fault.message = `${formatAddress({ host, port })}: ${fault.message}`
      fail(fault ?? lost(why, error))
    })
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      // The owner listens for errors itself from this very turn on.
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

/** Whether the error may come from a program that takes TLS for garbage. */
export function mayBePlain(error: unknown): boolean {
  return error instanceof TailraceError && (error.code === 'TLS_OFF' || isShut(error.cause))
}

function isShut(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'ECONNRESET' || code === 'EPIPE'
}
