import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { noLongerWanted } from '../limits/no-longer-wanted.ts'

/**
 * For behind a hook that waits: a request whose client has left meanwhile goes no further. What later hooks count until
 * the connection closes would count permanently, since it has closed.
 */
export function endAbandoned(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw }, _reply, done) =>
    done(raw.socket.destroyed ? new TailraceError('ABORTED', 'The client has closed its connection.') : undefined),
  )
}

/** Ends waiting work when its answer is not wanted any more: the client went away, or the gateway closes. */
export class Abandonment {
  readonly #waiting = new Set<AbortController>()
  #closing = false

  of(reply: FastifyReply): AbortSignal {
    const controller = new AbortController()
    if (this.#closing) controller.abort(noLongerWanted)
    this.#waiting.add(controller)
    reply.raw.once('close', () => {
      this.#waiting.delete(controller)
      controller.abort(noLongerWanted)
    })
    return controller.signal
  }

  close(): void {
    this.#closing = true
    for (const controller of this.#waiting) controller.abort(noLongerWanted)
  }
}
