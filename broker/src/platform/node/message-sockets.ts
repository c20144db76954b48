import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { TailraceError, tlsFault } from '@tailrace/schemas'
import { type ClientOptions, WebSocket } from 'ws'
import { parseAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Dial } from '../dial.ts'
import { answerFrom } from '../http-answer.ts'
import type { MessageSocket, MessageSockets } from '../message-socket.ts'
import type { HttpTls } from './http-exchange.ts'

/** Errors of brokers are far shorter. */
const MOST_REFUSAL_BYTES = 16 * 1024

export interface MessageSocketParts {
  readonly clock: Clock
  /** Makes the connections; null: they are TCP connections of this process. */
  readonly dial: Dial | null
  /** Over TLS, with what it is at the time of the call. Default: plain. */
  readonly tls?: (() => HttpTls) | null
}

/** WebSockets of the package `ws`, without compression: batches come compressed. */
export function createMessageSockets({ clock, dial, tls = null }: MessageSocketParts): MessageSockets {
  return {
    connect(address, path, { timeoutMs, maxMessageBytes }) {
      return new Promise((resolve, reject) => {
        const options = { maxPayload: maxMessageBytes, perMessageDeflate: false }
        const secure = tls === null ? {} : secureOptions(tls(), address)
        const route = dial === null ? {} : routeBy(dial, address, tls !== null)
        const url = `${tls === null ? 'ws' : 'wss'}://${address}${path}`
        const socket = new WebSocket(url, { ...options, ...secure, ...route })
        const late = clock.after(timeoutMs, () => {
          reject(new Error(`no answer within ${timeoutMs} ms`))
          socket.terminate()
        })
        const fail = (error: Error): void => {
          late.cancel()
          reject(tlsFault(error) ?? error)
        }
        socket.once('error', fail)
        socket.once('open', () => {
          late.cancel()
          socket.off('error', fail)
          resolve(new OpenedSocket(socket))
        })
        socket.on('unexpected-response', (_request, response) => {
          void refusalOf(response, address).then((error) => {
            late.cancel()
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

/** `ws` asks for its connection by a function of node:net or node:tls. */
function routeBy(dial: Dial, address: string, isSecure: boolean): ClientOptions {
  const open = (place: object): Duplex =>
    isSecure ? connectTls({ ...place, socket: dial(address) } as ConnectionOptions) : dial(address)
  return { createConnection: open as NonNullable<ClientOptions['createConnection']> }
}

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
