import type { Server, Socket } from 'node:net'
import type { PeerCertificate } from './network.ts'

/** The last words to a connection that is not let in. The port closes it a moment later. */
export interface Refusals {
  /** It begins without TLS, and the port asks for TLS. */
  plain(socket: Socket): void
  /** The certificate of the other end is missing or not trusted; `reason` says so in words. */
  certificate(socket: Socket, reason: string): void
}

/** TLS in front of a server, on the same port as the plain protocol where both are allowed. */
export interface TlsPort {
  /**
   * From now on the present `connection` listeners of the server get the connections that were let in: TLS sockets
   * after their handshake, and plain ones where they are allowed. Listeners that are added later get each connection
   * as it was accepted.
   */
  guard(server: Server, refusals: Refusals): void
  /** The accepted connection that carries a socket which a listener of the guarded server was given. */
  carrier(socket: Socket): Socket
  /** The certificate of the client at the other end of such a socket; null: it has shown none. */
  certificateOf(socket: Socket): PeerCertificate | null
  /** Drops the connections that are not let in yet; the listeners' own stay. */
  close(): void
}
