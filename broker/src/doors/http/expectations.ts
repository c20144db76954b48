import type { IncomingMessage, ServerResponse } from 'node:http'
import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { sendsLines } from './lines/sends-lines.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of what publishes to something else than a topic: throws where the sender may not. */
    checkSender?: (request: FastifyRequest) => void
  }
}

/**
 * A client that sends `Expect: 100-continue` waits with the body of its request until it is told to go on: when its
 * credential, its rights, its quotas and the size have been looked at. To be called behind the hooks that do so.
 * Refused, the connection closes: nobody knows whether the body comes all the same.
 */
export function answerExpectations(app: FastifyInstance): void {
  // Without this Node says at once that the body is wanted.
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request)
    app.server.emit('request', request, response)
  })
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (!waiting.has(request.raw)) return done(null, payload)
    const { bodyLimit: most, config } = request.routeOptions
    try {
      if (config.checkSender !== undefined) config.checkSender(request)
      else if (config.publishes === true) request.context.rights.checkWrite((request.params as { topic: string }).topic)
    } catch (error) {
      return done(error as TailraceError)
    }
    if (!sendsLines(request) && Number(request.headers['content-length'] ?? 0) > most)
      return done(new TailraceError('FRAME_TOO_LARGE', `The body may have ${most} bytes.`))
    waiting.delete(request.raw)
    reply.raw.writeContinue()
    done(null, payload)
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (waiting.has(request.raw)) reply.header('connection', 'close')
    done()
  })
}

/** Whether the client has not been told to send the body. */
export function waitsToGoOn(request: IncomingMessage): boolean {
  return waiting.has(request)
}

const waiting = new WeakSet<IncomingMessage>()
