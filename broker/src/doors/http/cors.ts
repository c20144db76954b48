import { clientIdHeader, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { type AccessLimits, checkHost, checkOneHost } from '../limits/access.ts'

/** Of durable streams, as pages may send them and see them. */
const streamRequests =
  'stream-seq, stream-ttl, stream-expires-at, stream-closed, stream-forked-from, stream-fork-offset, stream-fork-sub-offset, producer-id, producer-epoch, producer-seq'
const streamAnswers =
  'stream-next-offset, stream-cursor, stream-up-to-date, stream-closed, stream-ttl, stream-expires-at, stream-sse-data-encoding, producer-epoch, producer-seq, producer-expected-seq, producer-received-seq'

/**
 * Refuses requests for other hosts, and requests that a page's origin does not allow. Answers preflights. None of it is
 * left to the browser: it lets some cross-origin POSTs pass without asking, and WebSockets altogether.
 */
export function answerCrossOrigin(app: FastifyInstance, limits: AccessLimits): void {
  app.addHook('onRequest', (request, reply, done) => {
    checkOneHost(request.raw.rawHeaders)
    checkHost(request.headers, limits)
    const { origin } = request.headers
    if (origin === undefined) return done()
    const { access } = request.context.sender
    reply.header('vary', 'origin')
    if (access !== 'nothing') {
      reply.header('access-control-allow-origin', origin)
      reply.header(
        'access-control-expose-headers',
        `etag, location, retry-after, tailrace-topic-id, tailrace-end-offset, ${streamAnswers}`,
      )
    }
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      const methods = { write: 'GET, HEAD, POST, PUT, PATCH, DELETE', read: 'GET, HEAD', nothing: '' }[access]
      reply
        .header('access-control-allow-methods', methods)
        .header(
          'access-control-allow-headers',
          `authorization, content-type, if-none-match, last-event-id, ${clientIdHeader}, ${streamRequests}`,
        )
        .header('access-control-max-age', '600')
        .code(204)
        .send()
      return
    }
    const reading = request.method === 'GET' || request.method === 'HEAD'
    if (access === 'write' || (access === 'read' && reading)) return done()
    done(new TailraceError('ORIGIN_REFUSED', access === 'read' ? 'Pages of this origin may read.' : undefined))
  })
}
