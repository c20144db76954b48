import websocket from '@fastify/websocket'
import { schemasParameter, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { clientOf } from '../../platform/client-address.ts'
import { bearerProtocol } from '../http/authentication.ts'
import { sendError } from '../http/errors.ts'
import { errorResponses } from '../http/schemas.ts'
import type { ClientShares } from '../limits/client-shares.ts'
import { Connection } from './connection.ts'
import { GatewaySocket } from './socket.ts'
import type { StreamParts } from './stream-client.ts'

export interface StreamGateway {
  /** Acknowledges requests under way, for two seconds at most, and closes all connections. */
  close(): Promise<void>
}

const drainMs = 2_000
/** A connection ends so soon after its credential. */
const sessionCheckMs = 1_000
/**
 * There is one subprotocol, which says nothing; a browser that brings its token as another one needs a subprotocol in
 * the answer, and names both.
 */
const handleProtocols = (named: ReadonlySet<string>) => {
  if (named.has('tailrace')) return 'tailrace'
  return [...named].find((name) => name.startsWith(bearerProtocol)) ?? false
}
const closeAnswerMs = 1_000

/** `longLived`: the places of WebSockets, and of others that stay. */
type StreamGatewayParts = StreamParts & { readonly longLived: ClientShares }

/** WebSocket on /stream. */
export async function streamGateway(app: FastifyInstance, parts: StreamGatewayParts): Promise<StreamGateway> {
  const { clock, limits, log, metrics, longLived } = parts
  const connections = new Set<Connection>()
  let onEmpty = () => {}
  await app.register(websocket, {
    // Compression would cost more than the network it saves: batches come compressed, and it holds 300 KB a connection.
    options: {
      maxPayload: limits.maxFrameBytes,
      perMessageDeflate: false,
      WebSocket: GatewaySocket as never,
      handleProtocols,
    },
    // Connections are closed by `close` below, before fastify is.
    preClose: (done: () => void) => done(),
    errorHandler: (error, socket) => {
      log.info({ err: error }, 'a WebSocket failed')
      // Where ws found the fault it has begun to close, and the client should still read why.
      if (socket.readyState === socket.OPEN) socket.terminate()
    },
  })
  app.route({
    method: 'GET',
    exposeHeadRoute: false,
    url: '/stream',
    schema,
    config: { alwaysAnswered: true, open: true },
    onRequest: (request, _reply, done) => done(request.ws ? takePlace(request, longLived) : undefined),
    handler: (_request, reply) => {
      reply.header('upgrade', 'websocket').header('connection', 'Upgrade')
      sendError(reply, new TailraceError('INVALID_REQUEST', 'Connect with WebSocket.'), 426)
    },
    wsHandler: (socket, request) => {
      const { sender } = request.context
      const named = (request.query as Record<string, unknown>)[schemasParameter]
      const schemas = named === undefined ? undefined : String(named)
      const connection = new Connection(socket as GatewaySocket, request.raw.socket, sender, schemas, parts)
      connections.add(connection)
      metrics.connected(1)
      socket.once('close', () => {
        connections.delete(connection)
        metrics.connected(-1)
        if (connections.size === 0) onEmpty()
      })
    },
  })
  const keepAlive = clock.every(limits.keepAliveMs, () => {
    for (const connection of connections) connection.checkAlive()
  })
  const sessions = clock.every(sessionCheckMs, () => {
    for (const connection of connections) connection.checkSession()
  })
  return {
    close: async () => {
      keepAlive.cancel()
      sessions.cancel()
      parts.views.close()
      parts.answers.close()
      if (connections.size === 0) return
      const empty = new Promise<void>((resolve) => (onEmpty = resolve))
      for (const connection of connections) connection.shutDown()
      const late = clock.after(drainMs + closeAnswerMs, () => {
        for (const connection of connections) connection.terminate()
      })
      await empty
      late.cancel()
    },
  }
}

/** Takes a place until the socket closes, whether or not it becomes a WebSocket. Returns why it cannot. */
function takePlace({ context, ip, raw }: FastifyRequest, places: ClientShares): TailraceError | undefined {
  const client = clientOf(ip)
  if (!places.take(client)) {
    return new TailraceError('OVERLOADED', `${places.taken} WebSockets and streams of events are open.`)
  }
  raw.socket.once('close', () => places.release(client))
  const { quotas } = context.sender
  try {
    quotas.takeConnection(raw.socket)
  } catch (error) {
    return TailraceError.from(error)
  }
}

const schema = {
  tags: ['records'],
  summary: 'Subscribe and publish over WebSocket',
  description: 'Binary messages are frames of the Tailrace protocol, text messages JSON. See docs/protocol.md.',
  operationId: 'stream',
  response: {
    101: { description: 'The connection is a WebSocket.', type: 'null' },
    ...errorResponses,
    default: { description: 'It is none.', $ref: 'Error#' },
  },
} as const
