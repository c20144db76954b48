import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { LONGEST_WAIT_MS, type SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import { sendsLines } from './lines/sends-lines.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers with records. */
    fetches?: boolean
  }
}

/**
 * A request whose sender is over a quota waits here, before its body is read and before it takes a place: it holds its
 * connection and nothing else. So does one that is refused, since its sender may ask again at once. A connection beyond
 * a quota is closed with its refusal.
 */
export function keepQuotas(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', async (request, reply) => {
    const { alwaysAnswered, publishes = false, fetches = false } = request.routeOptions.config
    if (alwaysAnswered === true) return
    const { quotas } = request.context.sender
    const length = Number(request.headers['content-length'] ?? 0)
    try {
      keepConnection(request, reply)
      const ms = used(quotas, publishes && !sendsLines(request) ? length : null, fetches)
      if (ms > 0) await pause(clock, ms)
    } catch (error) {
      await pause(clock, LONGEST_WAIT_MS)
      throw error
    }
  })
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const isMeasured = request.headers['content-length'] !== undefined
    const { quotas } = request.context.sender
    if (request.routeOptions.config.publishes === true && !isMeasured && !sendsLines(request)) {
      payload.on('data', (piece: Buffer) => quotas.spend('produceBytesPerSecond', piece.length))
    }
    done(null, payload)
  })
}

/** @throws TailraceError THROTTLED: the sender has as many connections as it may */
function keepConnection(request: FastifyRequest, reply: FastifyReply): void {
  try {
    request.context.sender.quotas.keepConnection(request.raw.socket)
  } catch (error) {
    reply.header('connection', 'close')
    throw error
  }
}

/** How long it waits: until what was used before it has been made good. @throws TailraceError THROTTLED */
function used(quotas: SenderQuotas, published: number | null, fetches: boolean): number {
  const waits = [quotas.waitMs('requestsPerSecond')]
  quotas.take('requestsPerSecond', 1)
  if (fetches) waits.push(quotas.turn('fetchBytesPerSecond'))
  if (published !== null) {
    waits.push(quotas.waitMs('produceBytesPerSecond'))
    quotas.take('produceBytesPerSecond', published)
  }
  return Math.max(...waits)
}
