import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'

/**
 * Requests of one connection that are taken on before the first of them is answered, and before all other connections
 * have had their turn; those that one read has brought are taken on in any case.
 */
const mostAhead = 16

interface Ahead {
  /** Not answered yet. */
  requests: number
  /** Taken on since the connection was last held. */
  taken: number
  held: boolean
}

/**
 * A client that sends requests without waiting for answers is read on when its answers are under way and all other
 * connections have been served. A socket that has more to read than one read takes is read up to 32 times before any
 * other, which is 2 MiB: of small requests, that is seconds of work. Those that are answered at once count as well.
 */
export function boundPipelining(server: Server, clock: Clock): void {
  const connections = new WeakMap<Socket, Ahead>()
  server.on('connection', (socket: Socket) => {
    const ahead = { requests: 0, taken: 0, held: false }
    connections.set(socket, ahead)
    // Node reads on for the body of a request.
    socket.on('resume', () => void (ahead.held && socket.pause()))
  })
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const ahead = connections.get(socket)!
    ahead.requests++
    ahead.taken++
    if (ahead.taken > mostAhead && !ahead.held) {
      ahead.held = true
      socket.pause()
      clock.soon(() => release(socket, ahead))
    }
    response.once('close', () => {
      ahead.requests--
      if (ahead.held && ahead.requests === mostAhead) clock.soon(() => release(socket, ahead))
    })
  })
  server.on('upgrade', ({ socket }: IncomingMessage) => void (connections.get(socket)!.held = false))
}

function release(socket: Socket, ahead: Ahead): void {
  if (!ahead.held || ahead.requests > mostAhead) return
  ahead.held = false
  ahead.taken = ahead.requests
  if (!socket.destroyed) socket.resume()
}
