import { machine } from '../surroundings.ts'
import { type ClientTls, join, type OpenSocket } from './socket.ts'
import { wrong } from './tls-options.ts'

/** @throws TailraceError INVALID_SETTING when options are given */
export function prepareTls(given: unknown): ClientTls {
  if (given !== undefined) throw wrong('in a browser, TLS is set up in the browser.')
  return {}
}

/**
 * The browser's own WebSocket. It limits incoming messages by itself, and offers no way to drop what it has buffered.
 */
export const openSocket: OpenSocket = (url, settings, events) => {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  let [opened, closed] = [false, false]
  const closeOnce = (reason: string): void => {
    if (closed) return
    closed = true
    timer.cancel()
    events.closed(reason)
  }
  const timer = machine.after(settings.connectTimeoutMs, () => {
    socket.close()
    closeOnce('The connection took too long to open')
  })
  socket.onopen = () => {
    opened = true
    timer.cancel()
  }
  socket.onmessage = ({ data }) => {
    if (closed || !(data instanceof ArrayBuffer)) return
    if (data.byteLength <= settings.maxMessageBytes) events.message(new Uint8Array(data))
    else socket.close()
  }
  socket.onclose = ({ code, reason }) => closeOnce(reason || (opened ? `WebSocket close code ${code}` : notOpened()))
  return {
    send(pieces) {
      if (socket.readyState === WebSocket.OPEN) socket.send(join(pieces) as Uint8Array<ArrayBuffer>)
    },
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    close: () => socket.close(1000),
    destroy() {
      socket.close()
      closeOnce('Dropped')
    },
  }
}

/** Pages are not told why: a broker that refuses the page's origin looks like none at all. */
function notOpened(): string {
  const { origin } = globalThis.location ?? {}
  const page = origin === undefined ? 'this page' : `this page (${origin})`
  return `It did not open, and browsers do not tell why: no broker answers there, or its setting readOrigins does not name the origin of ${page}`
}
