import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type Dialect, dialects, type Kind, type Resume } from './dialects.ts'
import { FrameReader } from './frame-reader.ts'
import { forEachNumber } from './numbered-values.ts'
import { SequenceBook } from './sequence-book.ts'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
const HOST = '127.0.0.1'
/** From here to twice as much is the wait of one whose connection was refused; less would load the machine. */
const LEAST_RETRY_MS = 1_000

/** A frame of a client, with a mask of zeros; of less than 64 KiB. */
function masked(opcode: number, payload: Uint8Array): Buffer {
  const isLong = payload.length >= 126
  const head = Buffer.alloc(isLong ? 8 : 6)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (isLong ? 126 : payload.length)
  if (isLong) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

/** On a bare socket, so that it costs less than what is measured. Connects again whenever its connection is gone. */
export class Subscriber {
  book = new SequenceBook(0)
  records = 0
  /** Records have come on the present connection. */
  isLive = false
  readonly #dialect: Dialect
  readonly #port: number
  readonly #onOpen: () => void
  readonly #onLive: () => void
  readonly #resume: Resume = { session: null, position: null }
  #socket: Socket | null = null

  /** `onOpen`: the stream has begun on a connection; `onLive`: its first record has come. */
  constructor(kind: Kind, port: number, onOpen: () => void, onLive: () => void) {
    this.#dialect = dialects[kind]
    this.#port = port
    this.#onOpen = onOpen
    this.#onLive = onLive
    this.#connect()
  }

  /** Its connection is gone, without a close frame; `againInMs`: until it connects again. */
  cut(againInMs: number): void {
    this.#lose(againInMs)
  }

  #lose(againInMs: number): void {
    const socket = this.#socket
    // It waits already.
    if (socket === null) return
    this.#socket = null
    this.isLive = false
    socket.removeAllListeners()
    socket.on('error', () => undefined)
    socket.destroy()
    if (againInMs === 0) this.#connect()
    else setTimeout(() => this.#connect(), againInMs)
  }

  #connect(): void {
    const socket = connect({ host: HOST, port: this.#port })
    this.#socket = socket
    const frames = new FrameReader()
    const retryMs = LEAST_RETRY_MS * (1 + Math.random())
    let isUp = false
    let answer: Buffer = Buffer.alloc(0)
    socket.on('error', () => this.#lose(retryMs))
    // One that was up is tried again at once.
    socket.on('close', () => this.#lose(isUp ? 0 : retryMs))
    socket.on('connect', () => {
      const key = randomBytes(16).toString('base64')
      const lines = [`GET ${this.#dialect.path} HTTP/1.1`, `Host: ${HOST}:${this.#port}`, 'Connection: Upgrade']
      socket.write(
        `${lines.join('\r\n')}\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      )
    })
    const visit = (opcode: number, message: Buffer) => this.#take(socket, opcode, message, retryMs)
    socket.on('data', (chunk: Buffer) => {
      if (isUp) return frames.take(chunk, visit)
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!answer.toString('latin1', 0, 12).endsWith(' 101')) return this.#lose(retryMs)
      isUp = true
      const opening = this.#dialect.opening(this.#resume)
      if (opening !== null) socket.write(masked(TEXT, Buffer.from(opening)))
      if (this.#dialect === dialects.ws) this.#onOpen()
      frames.take(answer.subarray(end + 4), visit)
    })
  }

  #take(socket: Socket, opcode: number, message: Buffer, retryMs: number): void {
    // Cut by a message before in the same bytes.
    if (socket !== this.#socket) return
    if (opcode === PING) socket.write(masked(PONG, message))
    if (opcode === CLOSE) this.#lose(retryMs)
    if (opcode !== TEXT) return
    const heard = this.#dialect.hear(message, this.#resume)
    if (heard === 'refused') this.#lose(retryMs)
    else if (heard === 'open') this.#onOpen()
    else if (heard === 'records') this.#takeRecords(message)
    else if (heard !== null) socket.write(masked(TEXT, Buffer.from(heard.answer)))
  }

  #takeRecords(message: Buffer): void {
    forEachNumber(message, (number) => {
      this.records++
      this.book.take(number)
      if (this.isLive) return
      this.isLive = true
      this.#onLive()
    })
  }
}
