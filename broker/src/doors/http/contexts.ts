import type { FastifyInstance } from 'fastify'
import { accessOf } from '../limits/access.ts'
import { clientOf } from '../limits/client-address.ts'
import type { TransportMetrics } from '../limits/metrics.ts'
import { type ContextParts, RequestContext } from '../limits/request-context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any other hook that knows the sender. */
    context: RequestContext
  }
}

/** Gives each request its context. */
export function giveContexts(app: FastifyInstance, metrics: TransportMetrics, parts: ContextParts): void {
  app.decorateRequest('context', null as never)
  app.addHook('onRequest', (request, _reply, done) => {
    const sender = { client: clientOf(request.ip), access: accessOf(request.headers, parts.limits) }
    request.context = new RequestContext(sender, metrics, parts)
    done()
  })
}
