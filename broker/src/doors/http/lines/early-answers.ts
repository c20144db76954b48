import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../platform/clock.ts'
import { pause } from '../../../platform/timing/pause.ts'
import { noLongerWanted } from '../../limits/no-longer-wanted.ts'
import { waitsToGoOn } from '../expectations.ts'
import { sendsLines } from './sends-lines.ts'

/**
 * An answer that leaves before the last line has come closes the connection. A connection that is closed with bytes
 * unread is reset, and the client may not see the answer: so the rest is read for a moment. `mostMs`: for how long.
 */
export function answerEarly(app: FastifyInstance, clock: Clock, mostMs: number): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = request
    if (!sendsLines(request) || raw.complete || waitsToGoOn(raw)) return done(null, payload)
    const text = typeof payload === 'string' ? payload : ''
    reply.header('connection', 'close').header('content-length', Buffer.byteLength(text))
    done(null, Readable.from(beforeRest(text, raw, (ended) => pause(clock, mostMs, ended))))
  })
}

async function* beforeRest(
  text: string,
  body: IncomingMessage,
  enough: (ended: AbortSignal) => Promise<void>,
): AsyncGenerator<string> {
  yield text
  const ended = new AbortController()
  const end = (): void => ended.abort(noLongerWanted)
  body.once('end', end)
  body.once('close', end)
  body.resume()
  if (!body.readableEnded && !body.destroyed) await enough(ended.signal)
}
