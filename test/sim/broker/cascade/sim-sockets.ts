import { TailraceError } from '@tailrace/schemas'
import type { HttpClient } from '../../../../broker/src/platform/http-client.ts'
import type { MessageSocket, MessageSockets } from '../../../../broker/src/platform/message-socket.ts'
import type { Network } from '../../../../broker/src/platform/network.ts'
import { FramedStream } from './framed-stream.ts'

/** Message sockets over the simulated network; the first message is the path, as the head of an upgrade has it. */
export function simSockets(network: Network): MessageSockets {
  return {
    connect: async (address, path, { timeoutMs }) => {
      const stream = new FramedStream(await network.connect(address, timeoutMs))
      stream.send([new TextEncoder().encode(path)])
      return new SimSocket(stream)
    },
  }
}

/** The HTTP port of the brokers is not simulated: what goes on over HTTP fails, as if no program listened there. */
export const noHttp: HttpClient = {
  request: async (_method, address) => {
    throw new TailraceError('CONNECTION_LOST', `${address}: no HTTP here.`)
  },
}

class SimSocket implements MessageSocket {
  onClose: (reason: string) => void = () => {}
  readonly #stream: FramedStream
  /** Messages that came before there was a listener. */
  #early: Uint8Array[] | null = []

  constructor(stream: FramedStream) {
    this.#stream = stream
    stream.onMessage = (bytes) => void this.#early!.push(bytes)
    stream.onClose = (reason) => this.onClose(reason)
  }

  set onMessage(listener: (bytes: Uint8Array) => void) {
    this.#stream.onMessage = listener
    const early = this.#early ?? []
    this.#early = null
    for (const bytes of early) listener(bytes)
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes
  }

  send(pieces: readonly Uint8Array[]): void {
    this.#stream.send(pieces)
  }

  destroy(): void {
    this.#stream.destroy()
  }
}
