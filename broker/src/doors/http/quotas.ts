import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { LONGEST_WAIT_MS, type SenderQuotas } from '../limits/quotas/sender-quotas.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers with records. */
    fetches?: boolean
  }
}

/**
 * A request whose sender is over a quota waits here, before its body is read and before it takes a place: it holds its
 * connection and nothing else. So does one that is refused, since its sender may ask again at once.
 */
export function keepQuotas(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', async (request) => {
    const { alwaysAnswered, publishes = false, fetches = false } = request.routeOptions.config
    if (alwaysAnswered === true) return
    const { quotas } = request.context.sender
    const length = Number(request.headers['content-length'] ?? 0)
    try {
      const ms = used(quotas, publishes ? length : null, fetches)
      if (ms > 0) await pause(clock, ms)
    } catch (error) {
      await pause(clock, LONGEST_WAIT_MS)
      throw error
    }
  })
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const isMeasured = request.headers['content-length'] !== undefined
    const { quotas } = request.context.sender
    if (request.routeOptions.config.publishes === true && !isMeasured) {
      payload.on('data', (piece: Buffer) => quotas.spend('produceBytesPerSecond', piece.length))
    }
    done(null, payload)
  })
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
