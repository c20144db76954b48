import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../../platform/clock.ts'
import { pause } from '../../../platform/timing/pause.ts'
import type { ClientShares } from '../../limits/client-shares.ts'
import type { HeldBytes } from '../../limits/held-bytes.ts'
import type { GatewayLimits } from '../../limits/limits.ts'
import type { Abandonment } from '../abandonment.ts'
import type { BodyDeadlines } from '../body-deadlines.ts'
import { checkCharset } from '../json-bodies.ts'
import { BodyPieces } from '../lines/body-pieces.ts'
import { LineSplitter } from '../lines/line-splitter.ts'
import type { LineTarget } from '../lines/line-target.ts'
import { type LinesWritten, LineUpload } from '../lines/line-upload.ts'
import type { LineForm } from '../lines/record-of-line.ts'
import { linesType } from '../lines/sends-lines.ts'

export interface LineRouteParts {
  readonly clock: Clock
  readonly limits: Pick<GatewayLimits, 'maxBodyBytes' | 'receiveTimeoutMs' | 'stallGraceMs'>
  readonly received: HeldBytes
  /** Of WebSockets, streams of events and bodies of lines. */
  readonly longLived: ClientShares
  readonly abandonment: Abandonment
  readonly deadlines: BodyDeadlines
}

/** Routes of this scope get a body of lines as it comes. */
export function acceptLines(app: FastifyInstance): void {
  app.addContentTypeParser(linesType, (request, body, done) => {
    try {
      checkCharset(request.headers['content-type'])
      done(null, body)
    } catch (error) {
      done(error as TailraceError)
    }
  })
}

/** Bodies of lines that are under way. */
export class LineBodies {
  readonly #parts: LineRouteParts
  readonly #open = new Set<Promise<void>>()

  constructor(parts: LineRouteParts) {
    this.#parts = parts
  }

  /** Publishes the lines of the body. @throws TailraceError (rejects with) as LineUpload does; OVERLOADED */
  async publish(
    { raw, context }: Pick<FastifyRequest, 'context' | 'raw'>,
    reply: FastifyReply,
    form: LineForm,
    target: LineTarget,
  ): Promise<LinesWritten> {
    const { clock, limits, received, longLived, deadlines } = this.#parts
    const { client, quotas } = context.sender
    if (!longLived.take(client)) {
      throw new TailraceError('OVERLOADED', `${longLived.taken} WebSockets, streams and bodies of lines are open.`)
    }
    reply.raw.once('close', () => longLived.release(client))
    deadlines.leave(raw)
    const cut = this.#cutOf(raw, reply)
    const holding = received.open(client, { cutOff: (error) => cut.abort(error), resume: () => upload.resume() })
    const pieces = new BodyPieces(raw, clock, limits.receiveTimeoutMs)
    const splitter = new LineSplitter(limits.maxBodyBytes)
    const upload = new LineUpload({ pieces, splitter, form, target, quotas, clock, holding, cut })
    try {
      return await upload.run()
    } finally {
      holding.release()
    }
  }

  /** Resolves when all have been answered, or have taken too long for that. Abandonment has ended them. */
  async close(): Promise<void> {
    if (this.#open.size === 0) return
    await Promise.race([Promise.all(this.#open), pause(this.#parts.clock, this.#parts.limits.stallGraceMs)])
  }

  #cutOf(raw: FastifyRequest['raw'], reply: FastifyReply): AbortController {
    const cut = new AbortController()
    const closed = new Promise<void>((resolve) => void reply.raw.once('close', resolve))
    this.#open.add(closed)
    closed.then(() => this.#open.delete(closed))
    this.#parts.abandonment.of(reply).addEventListener('abort', () => {
      cut.abort(new TailraceError(raw.socket.destroyed ? 'ABORTED' : 'SHUTTING_DOWN'))
    })
    return cut
  }
}
