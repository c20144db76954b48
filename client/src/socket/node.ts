import type { Socket as TcpSocket } from 'node:net'
import { type TailraceError, tlsFault } from '@tailrace/schemas'
import { type ClientOptions, WebSocket } from 'ws'
import { machine } from '../surroundings.ts'
import { type ClientTls as NodeTls, prepareTls } from './node-tls.ts'
import { refusalIn } from './refusal.ts'
import { join, type OpenSocket, type SocketSettings } from './socket.ts'

export { prepareTls }

/** Below this, copying the pieces together is cheaper than a WebSocket frame header and a stream write for each. */
const JOIN_BELOW_BYTES = 4096

/** How long a broker has to answer a close frame, and the network to take what is buffered. */
const CLOSE_ANSWER_MS = 500

/**
 * A masking key of zeros is legal, and `ws` then leaves the bytes alone instead of walking every one of them in
 * JavaScript or C++. Masking keeps a hostile web page from steering what an old proxy sees (RFC 6455 §10.3); a Node
 * program sends what it likes anyway.
 */
function zeroMask(mask: Buffer): void {
  mask.fill(0)
}

export const openSocket: OpenSocket = (url, settings, events) => {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    generateMask: zeroMask,
    maxPayload: settings.maxMessageBytes,
    handshakeTimeout: settings.connectTimeoutMs,
    ...routeTo(url, settings),
  })
  const { afterIdle } = settings.surroundings ?? machine
  let tcp: TcpSocket | undefined
  let reason = ''
  let refusal: TailraceError | undefined
  socket.on('upgrade', (response) => {
    tcp = response.socket
  })
  socket.on('message', (data, isBinary) => {
    if (isBinary) events.message(data as Buffer)
  })
  socket.on('error', (error) => {
    reason ||= error.message
    refusal ??= tlsFault(error) ?? undefined
  })
  socket.on('unexpected-response', (_request, response) => {
    reason = `it answers with status ${response.statusCode}`
    void refusalIn(response).then((error) => {
      refusal = error
      socket.terminate()
    })
  })
  socket.on('close', (code, text) =>
    events.closed(reason || text.toString() || `WebSocket close code ${code}`, refusal),
  )
  return {
    send(pieces) {
      if (socket.readyState !== WebSocket.OPEN) return
      let length = 0
      for (const piece of pieces) length += piece.length
      if (length < JOIN_BELOW_BYTES || pieces.length === 1) {
        socket.send(join(pieces))
        return
      }
      // Each piece is a fragment of one message, so that a batch is not copied; the cork puts all of them into one
      // system call.
      tcp?.cork()
      for (let i = 0; i < pieces.length; i++) socket.send(pieces[i]!, { binary: true, fin: i === pieces.length - 1 })
      tcp?.uncork()
    },
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    close() {
      if (socket.readyState === WebSocket.CLOSED) return
      socket.close(1000)
      // A broker that is frozen does not answer the close frame, and ws would wait for it for 30 s.
      const timer = afterIdle(CLOSE_ANSWER_MS, () => socket.terminate())
      socket.once('close', () => timer.cancel())
    },
    destroy: () => socket.terminate(),
  }
}

function routeTo(url: string, { surroundings, tls }: SocketSettings): ClientOptions {
  const connect = surroundings?.connect
  if (connect != null) return { createConnection: () => connect(new URL(url).host) as TcpSocket }
  return url.startsWith('wss:') ? secured(tls as NodeTls | undefined) : {}
}

function secured(tls = prepareTls(undefined)): ClientOptions {
  return { createConnection: (target) => tls.connect(target as { host?: string; port?: number }) }
}
