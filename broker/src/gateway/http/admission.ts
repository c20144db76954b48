import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { GatewayLimits } from '../limits.ts'

/** Counts requests and bytes at work, so that no number of clients can fill the broker's memory through HTTP. */
export interface Admission {
  /** Takes bytes for the rest of a request's life, given back by `release`. Throws OVERLOADED. */
  take(bytes: number): void
  release(bytes: number): void
}

/** Refuses requests beyond the limits with OVERLOADED before their body is read. */
export function admitRequests(app: FastifyInstance, limits: GatewayLimits): Admission {
  let requests = 0
  let bytesAtWork = 0
  const admission: Admission = {
    take(bytes) {
      // One request that is within its own limits always passes when nothing else is at work.
      if (bytesAtWork > 0 && bytesAtWork + bytes > limits.maxRequestBytes) {
        throw new TailraceError('OVERLOADED', `HTTP requests at work hold ${bytesAtWork} bytes.`)
      }
      bytesAtWork += bytes
    },
    release: (bytes) => {
      bytesAtWork -= bytes
    },
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.alwaysAnswered === true) return done()
    if (requests >= limits.maxRequests) {
      return done(new TailraceError('OVERLOADED', `${requests} HTTP requests are at work.`))
    }
    const bytes = bodyBytes(request.headers, limits.maxBodyBytes)
    try {
      admission.take(bytes)
    } catch (error) {
      return done(error as TailraceError)
    }
    requests++
    // 'close' comes once for each response: when it is sent, and when the client goes away before.
    reply.raw.once('close', () => {
      requests--
      admission.release(bytes)
    })
    done()
  })
  return admission
}

/** Announced, or the most it can become where it comes in chunks. */
function bodyBytes(headers: { 'content-length'?: string; 'transfer-encoding'?: string }, limit: number): number {
  if (headers['transfer-encoding'] !== undefined) return limit
  const announced = Number(headers['content-length'] ?? 0)
  // More than the limit is refused by fastify without being read.
  return announced >= 0 && announced <= limit ? announced : 0
}
