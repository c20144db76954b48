import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { TailraceError, tlsFault } from '@tailrace/schemas'
import { type ClientOptions, WebSocket } from 'ws'
import { parseAddress } from '../address.ts'
import { answerFrom } from '../http-answer.ts'
import type { MessageSocket, MessageSockets } from '../message-socket.ts'
import type { HttpTls } from './http-exchange.ts'

/** Errors of brokers are far shorter. */
const MOST_REFUSAL_BYTES = 16 * 1024

/**
 * WebSockets of the package `ws`, without compression: batches come compressed. With `tls` over TLS, with what it is at
 * the time of the call.
 */
export function createMessageSockets(tls: (() => HttpTls) | null): MessageSockets {
  return {
    connect(address, path, { timeoutMs, maxMessageBytes }) {
      return new Promise((resolve, reject) => {
        const options = { handshakeTimeout: timeoutMs, maxPayload: maxMessageBytes, perMessageDeflate: false }
        const secure = tls === null ? {} : secureOptions(tls(), address)
        const socket = new WebSocket(`${tls === null ? 'ws' : 'wss'}://${address}${path}`, { ...options, ...secure })
        const fail = (error: Error): void => reject(tlsFault(error) ?? error)
        socket.once('error', fail)
        socket.once('open', () => {
          socket.off('error', fail)
          resolve(new OpenedSocket(socket))
        })
        socket.on('unexpected-response', (_request, response) => {
          void refusalOf(response, address).then((error) => {
            socket.off('error', fail)
            socket.on('error', () => {})
            socket.terminate()
            reject(error)
          })
        })
      })
    },
  }
}

export const nodeMessageSockets: MessageSockets = createMessageSockets(null)

function secureOptions({ ca, cert, key, serverName, minVersion }: HttpTls, address: string): ClientOptions {
  const { host } = parseAddress(address)
  const servername = serverName ?? (isIP(host) === 0 ? host : '')
  const trusted = typeof ca === 'string' || ca === undefined ? ca : [...ca]
  return { ca: trusted, cert, key, ...(minVersion && { minVersion }), ...(servername === '' ? {} : { servername }) }
}

/** What a broker answers in HTTP in the place of opening a WebSocket. */
async function refusalOf(response: IncomingMessage, address: string): Promise<Error> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of response) {
      pieces.push(piece as Buffer)
      bytes += (piece as Buffer).length
      if (bytes > MOST_REFUSAL_BYTES) break
    }
    answerFrom(Buffer.concat(pieces).toString(), false, address)
  } catch (error) {
    if (error instanceof TailraceError && error.code !== 'INVALID_REQUEST' && error.code !== 'INTERNAL') return error
  }
  return new Error(`it answers with status ${response.statusCode}`)
}

class OpenedSocket implements MessageSocket {
  /** Messages that came before there was a listener: the first may come together with the answer to the upgrade. */
  #early: Uint8Array[] = []
  #onMessage: (bytes: Uint8Array) => void = (bytes) => void this.#early.push(bytes)
  onClose: (reason: string) => void = () => {}
  readonly #socket: WebSocket
  #reason = ''

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#onMessage(new Uint8Array(data.buffer, data.byteOffset, data.length)))
    // A close event follows.
    socket.on('error', (error) => {
      this.#reason = error.message
    })
    socket.on('close', (code, reason) => this.onClose(this.#reason || reason.toString() || `closed with code ${code}`))
  }

  set onMessage(listener: (bytes: Uint8Array) => void) {
    this.#onMessage = listener
    for (const bytes of this.#early.splice(0)) listener(bytes)
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(pieces: readonly Uint8Array[]): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    // Fragments of one message: a batch is not copied to follow its header.
    for (const [at, piece] of pieces.entries()) {
      this.#socket.send(piece, { binary: true, compress: false, fin: at === pieces.length - 1 })
    }
  }

  destroy(): void {
    this.#socket.terminate()
  }
}
