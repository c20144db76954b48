import type { ConsumerGroupRequest } from '../../api/consumer-groups-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'

/**
 * Beats that wait at another broker for something new. Each takes the place of a request on the connection to it, so
 * only so many wait there. The answers of the others are held here for the time that they were to wait: their members
 * hear of changes later, and beat no more often.
 */
export class HeldBeats {
  readonly #clock: Clock
  readonly #most: number
  #waiting = 0

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** Rejects as `send` does. */
  async ask<Request extends ConsumerGroupRequest, Result>(
    request: Request,
    send: (request: Request) => Promise<Result>,
  ): Promise<Result> {
    if (request.kind !== 'beat' || request.waitMs === 0) return send(request)
    if (this.#waiting >= this.#most) {
      const result = await send({ ...request, waitMs: 0 })
      await pause(this.#clock, request.waitMs)
      return result
    }
    this.#waiting += 1
    try {
      return await send(request)
    } finally {
      this.#waiting -= 1
    }
  }
}

/** How long a broker may take to answer, beyond the time that a beat waits there. */
export function waitOf(request: ConsumerGroupRequest): number {
  return request.kind === 'beat' ? request.waitMs : 0
}
