import type { Server, Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from 'node:tls'
import type { Clock } from '../../clock.ts'
import type { PeerCertificate } from '../../network.ts'
import type { Refusals, TlsPort } from '../../tls-port.ts'
import type { Certificates } from './certificate-files.ts'
import { certificateOf } from './peer-certificate.ts'
import type { TlsStats } from './tls-stats.ts'
import type { WatchedCertificates } from './watched-certificates.ts'

export interface TlsPortOptions {
  /** `allowed`: plain connections are let in as well, told from TLS by their first byte. */
  readonly mode: 'allowed' | 'required'
  readonly minVersion: '1.2' | '1.3'
  /** `asked`: a client may come without a certificate; one that it shows must be trusted in any case. */
  readonly clientCertificates: 'off' | 'asked' | 'required'
  /** Names of the protocol for ALPN, or none. */
  readonly protocols: readonly string[]
  /** Connections that are not let in yet; beyond it the oldest is dropped. */
  readonly maxUnfinished: number
  /** Time from the connection to the end of its handshake. */
  readonly handshakeTimeoutMs: number
}

/** The first byte of a TLS connection: a record with a handshake message. No HTTP request and no frame begins so. */
const HANDSHAKE_RECORD = 0x16
/** Time for the other end to read why it is refused; its own bytes are read meanwhile, and not kept. */
const CLOSE_ANSWER_MS = 1_000

/** A TLS port for the certificates as they change. */
export function createTlsPort(
  options: TlsPortOptions,
  certificates: WatchedCertificates,
  clock: Clock,
  stats: TlsStats,
): TlsPort {
  return new GuardedPort(options, certificates, clock, stats)
}

class GuardedPort implements TlsPort {
  readonly #options: TlsPortOptions
  readonly #clock: Clock
  readonly #stats: TlsStats
  readonly #tls: TlsServer
  /** Accepted and not let in yet, in order of arrival, with how to forget each. */
  readonly #unfinished = new Map<Socket, () => void>()
  /** Those of them in a TLS handshake, by the addresses of both ends. */
  readonly #handshaking = new Map<string, Socket>()
  readonly #carriers = new WeakMap<Socket, Socket>()
  #letIn: (socket: Socket) => void = () => {}
  #refusals: Refusals | undefined
  #closed = false

  constructor(options: TlsPortOptions, certificates: WatchedCertificates, clock: Clock, stats: TlsStats) {
    this.#options = options
    this.#clock = clock
    this.#stats = stats
    this.#tls = createServer(serverOptions(options, certificates.current))
    // A context of its own has keys of its own for tickets: a session of before is not resumed, and a certificate of a
    // CA that has gone is checked again.
    certificates.onChange((current) => this.#tls.setSecureContext(serverOptions(options, current)))
    this.#tls.on('secureConnection', (socket) => this.#secured(socket))
    this.#tls.on('tlsClientError', (_error, socket) => {
      stats.failed++
      socket.destroy()
    })
  }

  guard(server: Server, refusals: Refusals): void {
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    this.#letIn = (socket) => {
      for (const listener of listeners) listener.call(server, socket)
    }
    this.#refusals = refusals
    server.on('connection', (socket: Socket) => this.#accept(socket))
  }

  carrier(socket: Socket): Socket {
    return this.#carriers.get(socket) ?? socket
  }

  certificateOf(socket: Socket): PeerCertificate | null {
    return certificateOf(socket)
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#unfinished.keys()) socket.destroy()
  }

  #accept(socket: Socket): void {
    if (this.#closed) return void socket.destroy()
    if (this.#unfinished.size >= this.#options.maxUnfinished) {
      const [oldest] = this.#unfinished.keys()
      oldest!.destroy()
    }
    this.#watch(socket)
    const onError = (): void => void socket.destroy()
    socket.on('error', onError)
    socket.once('data', (first: Buffer) => {
      socket.pause()
      socket.unshift(first)
      if (first[0] === HANDSHAKE_RECORD) return this.#shakeHands(socket)
      if (this.#options.mode === 'required') return this.#refusePlain(socket)
      socket.off('error', onError)
      this.#pass(socket, socket)
      socket.resume()
    })
  }

  #shakeHands(carrier: Socket): void {
    const ends = endsOf(carrier)
    this.#handshaking.set(ends, carrier)
    carrier.once('close', () => {
      if (this.#handshaking.get(ends) === carrier) this.#handshaking.delete(ends)
    })
    this.#tls.emit('connection', carrier)
  }

  /** Drops the connection if it is not let in within the time limit. */
  #watch(socket: Socket): void {
    const timer = this.#clock.after(this.#options.handshakeTimeoutMs, () => {
      this.#stats.failed++
      socket.destroy()
    })
    const forget = (): void => {
      timer.cancel()
      socket.off('close', forget)
      if (this.#unfinished.delete(socket)) this.#stats.unfinished--
    }
    socket.once('close', forget)
    this.#unfinished.set(socket, forget)
    this.#stats.unfinished++
  }

  #secured(socket: TLSSocket): void {
    this.#stats.handshakes++
    if (socket.isSessionReused()) this.#stats.resumed++
    const ends = endsOf(socket)
    const carrier = this.#handshaking.get(ends)
    // The connection has ended meanwhile.
    if (carrier === undefined) return void socket.destroy()
    this.#handshaking.delete(ends)
    const reason = this.#faultOf(socket)
    if (reason === null) {
      this.#carriers.set(socket, carrier)
      this.#pass(socket, carrier)
      return
    }
    this.#stats.certificatesRefused++
    this.#refusals!.certificate(socket, reason)
    this.#dismiss(socket)
  }

  /** What is wrong with the certificate of the client, in words. */
  #faultOf(socket: TLSSocket): string | null {
    const { clientCertificates } = this.#options
    if (clientCertificates === 'off') return null
    const shown = socket.getPeerX509Certificate()
    if (shown === undefined) return clientCertificates === 'asked' ? null : 'this port asks for a client certificate'
    // A resumed session is not verified again.
    if (Date.parse(shown.validTo) <= this.#clock.now()) return 'the client certificate has expired'
    return socket.authorized ? null : `the client certificate is not trusted (${socket.authorizationError})`
  }

  #pass(socket: Socket, carrier: Socket): void {
    this.#unfinished.get(carrier)!()
    this.#letIn(socket)
  }

  #refusePlain(socket: Socket): void {
    this.#stats.plainRefused++
    this.#refusals!.plain(socket)
    this.#dismiss(socket)
  }

  /** Bytes that are not read at the close would reset the connection before the other end has read its answer. */
  #dismiss(socket: Socket): void {
    socket.on('error', () => {})
    socket.end()
    socket.resume()
    const timer = this.#clock.after(CLOSE_ANSWER_MS, () => socket.destroy())
    socket.once('close', () => timer.cancel())
  }
}

/** Node does not tell which connection a TLS socket was made of; no two open ones have the same ends. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}

function serverOptions(options: TlsPortOptions, { cert, key, ca }: Certificates): TlsOptions {
  const asks = options.clientCertificates !== 'off'
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca: [...ca] }),
    minVersion: `TLSv${options.minVersion}`,
    requestCert: asks,
    // Checked when the handshake is done: Node would close the connection without a word.
    rejectUnauthorized: false,
    ...(options.protocols.length === 0 ? {} : { ALPNProtocols: [...options.protocols] }),
    handshakeTimeout: options.handshakeTimeoutMs,
  }
}
