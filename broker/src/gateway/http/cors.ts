import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { mayWrite, originRefused } from '../origin.ts'

/**
 * Pages of any origin may GET; only this broker's own pages and those of `writeOrigins` may write (POST, PUT, PATCH, DELETE). Answers preflights.
 * The check of writes is not left to the browser: it lets some cross-origin POSTs pass without asking.
 */
export function answerCrossOrigin(app: FastifyInstance, writeOrigins: readonly string[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (origin === undefined) return done()
    const reading = request.method === 'GET' || request.method === 'HEAD'
    const writer = mayWrite(request.headers, writeOrigins)
    reply.header('vary', 'origin')
    reply.header('access-control-allow-origin', writer ? origin : '*')
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      reply
        .header('access-control-allow-methods', writer ? 'GET, POST, PUT, PATCH, DELETE' : 'GET')
        .header('access-control-allow-headers', 'content-type')
        .header('access-control-max-age', '600')
        .code(204)
        .send()
      return
    }
    if (!reading && !writer) return done(new TailraceError('ORIGIN_REFUSED', originRefused))
    done()
  })
}
