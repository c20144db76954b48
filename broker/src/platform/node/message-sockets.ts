import { WebSocket } from 'ws'
import type { MessageSocket, MessageSockets } from '../message-socket.ts'

/** WebSockets of the package `ws`, without compression: batches come compressed. */
export const nodeMessageSockets: MessageSockets = {
  connect(url, { timeoutMs, maxMessageBytes }) {
    return new Promise((resolve, reject) => {
      const options = { handshakeTimeout: timeoutMs, maxPayload: maxMessageBytes, perMessageDeflate: false }
      const socket = new WebSocket(url, options)
      const fail = (error: Error): void => reject(error)
      socket.once('error', fail)
      socket.once('open', () => {
        socket.off('error', fail)
        resolve(new OpenedSocket(socket))
      })
    })
  },
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
