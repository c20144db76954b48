import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ClientShares } from '../limits/client-shares.ts'
import type { HeldBytes, Holding } from '../limits/held-bytes.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { sendError } from './errors.ts'
import { sendsLines } from './lines/sends-lines.ts'

/** What a piece of a body costs beside its bytes: chunked, a body may come in as many pieces as it has bytes. */
const pieceBytes = 128
/**
 * The share of requests at work that may be publishes: where partitions have no leader publishes wait, and other
 * requests go on.
 */
const publishingShare = 0.5

/** Places of requests at work. */
export interface RequestPlaces {
  /** For a request that goes on to wait: others may have its place. */
  leave(request: FastifyRequest): void
  /** Room for an answer until it is sent; a client that does not read it loses its connection. Throws OVERLOADED. */
  answer(reply: FastifyReply, bytes: number): Holding
}

/** `received`: bodies, from their first byte to the answer. `answers`: answers, until they are sent. */
export function admitRequests(
  app: FastifyInstance,
  limits: GatewayLimits,
  received: HeldBytes,
  answers: HeldBytes,
): RequestPlaces {
  countBodies(app, received)
  const leave = givePlaces(app, limits)
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // Node counts only time without progress.
    reply.raw.socket?.setTimeout(limits.slowReaderMs)
    done()
  })
  return {
    leave,
    answer(reply, bytes) {
      const { socket } = reply.raw
      const holding = answers.open(reply.request.context.sender.client, { cutOff: () => void socket?.destroy() })
      reply.raw.once('close', () => holding.release())
      if (holding.hold(bytes)) return holding
      holding.release()
      throw new TailraceError('OVERLOADED', `Answers that wait to be read hold ${answers.bytes} bytes.`)
    },
  }
}

/** Counts bytes of bodies on all routes as they arrive, and none that a header merely promises. */
function countBodies(app: FastifyInstance, received: HeldBytes): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    // Bodies of GET and HEAD are not read: they stay with the kernel.
    const isRead = request.method !== 'GET' && request.method !== 'HEAD'
    if (!isRead || (encoding === undefined && (length === undefined || length === '0'))) return done(null, payload)
    // Lines count as they are taken.
    if (sendsLines(request)) return done(null, payload)
    const cutOff = (error: TailraceError) => refuseRest(request, reply, error)
    const holding = received.open(request.context.sender.client, { cutOff })
    let bytes = 0
    payload.on('data', (piece: Buffer) => {
      bytes += piece.length + pieceBytes
      if (!reply.sent && !holding.hold(bytes)) {
        holding.cutOff(new TailraceError('OVERLOADED', `Bodies and messages hold ${received.bytes} bytes.`))
      }
    })
    payload.once('end', () => holding.finish())
    reply.raw.once('close', () => holding.release())
    done(null, payload)
  })
}

/** Answers before the body is whole and closes: the rest of the body is not wanted. */
function refuseRest(request: FastifyRequest, reply: FastifyReply, error: TailraceError): void {
  const { socket } = request.raw
  if (!reply.sent)
    sendError(reply.header('connection', 'close'), error, error.code === 'TIMED_OUT' ? 408 : error.status)
  socket.destroySoon()
}

/**
 * A request takes a place once it is whole, so that slow clients hold none, until it is answered. Returns how it gives
 * it back earlier.
 */
function givePlaces(app: FastifyInstance, limits: GatewayLimits): (request: FastifyRequest) => void {
  const places = new ClientShares(limits.maxRequests)
  const mostPublishing = Math.ceil(limits.maxRequests * publishingShare)
  let publishing = 0
  const taken = new WeakMap<FastifyRequest, () => void>()
  const leave = (request: FastifyRequest): void => {
    taken.get(request)?.()
    taken.delete(request)
  }
  app.addHook('preValidation', (request, reply, done) => {
    const { alwaysAnswered, publishes = false } = request.routeOptions.config
    if (alwaysAnswered === true || reply.sent || sendsLines(request)) return done()
    const client = request.context.sender.client
    if ((publishes && publishing >= mostPublishing) || !places.take(client)) {
      return done(new TailraceError('OVERLOADED', `${places.taken} HTTP requests are at work.`))
    }
    if (publishes) publishing++
    taken.set(request, () => {
      places.release(client)
      if (publishes) publishing--
    })
    // For a client that goes away before it is answered.
    reply.raw.once('close', () => leave(request))
    done()
  })
  app.addHook('onSend', (request, _reply, _payload, done) => {
    leave(request)
    done()
  })
  return leave
}
