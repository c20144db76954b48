import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Counts the connections of a server, from when they are accepted until they are closed. */
export function countConnections(server: Server): () => number {
  let open = 0
  server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => open--)
  })
  return () => open
}

/** A connection beyond the limit is taken for the moment in which an idle one is closed for it. */
const slack = 8

/**
 * Bounds the connections of a server. Beyond the limit the oldest that has never sent a request is closed for the new
 * one, else the one that has been idle longest, so that clients that only connect do not shut out those that send
 * requests. Where all are at work, the new one is dropped. `carrier`: the accepted connection of a socket on which
 * requests come.
 */
export function boundConnections(
  server: Server,
  limit: number,
  carrier: (socket: Socket) => Socket = (socket) => socket,
): void {
  if (limit === Number.POSITIVE_INFINITY) return
  server.maxConnections = limit + slack
  let open = 0
  const silent = new Set<Socket>()
  const idle = new Set<Socket>()
  const requests = new WeakMap<Socket, number>()
  server.on('connection', (socket: Socket) => {
    open++
    silent.add(socket)
    socket.once('close', () => {
      open--
      silent.delete(socket)
      idle.delete(socket)
    })
    if (open <= limit) return
    const [oldest] = silent
    const [idlest = oldest] = idle
    // The new one is among the silent ones, and is closed only where all others are at work.
    if (silent.size > 1) oldest!.destroy()
    else idlest!.destroy()
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const socket = carrier(request.socket)
    silent.delete(socket)
    idle.delete(socket)
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = requests.get(socket)! - 1
      requests.set(socket, left)
      if (left === 0 && !socket.destroyed) idle.add(socket)
    })
  })
  server.on('upgrade', (request: IncomingMessage) => {
    const socket = carrier(request.socket)
    silent.delete(socket)
    idle.delete(socket)
  })
}
