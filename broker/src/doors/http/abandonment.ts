import type { FastifyReply } from 'fastify'
import { nobodyWaits } from '../limits/nobody-waits.ts'

/** Ends waiting work when its answer is not wanted any more: the client went away, or the gateway closes. */
export class Abandonment {
  readonly #waiting = new Set<AbortController>()
  #closing = false

  of(reply: FastifyReply): AbortSignal {
    const controller = new AbortController()
    if (this.#closing) controller.abort(nobodyWaits)
    this.#waiting.add(controller)
    reply.raw.once('close', () => {
      this.#waiting.delete(controller)
      controller.abort(nobodyWaits)
    })
    return controller.signal
  }

  close(): void {
    this.#closing = true
    for (const controller of this.#waiting) controller.abort(nobodyWaits)
  }
}
