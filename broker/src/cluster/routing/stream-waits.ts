import type { WaitForStream } from '../../api/streams-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { abortable } from '../../platform/timing/deadline.ts'
import { pause } from '../../platform/timing/pause.ts'

/** Of one request to a leader; those who want to wait for longer ask again. */
const ONE_WAIT_MS = 20_000
/** Places at which this broker waits elsewhere: a broker takes some thousands of requests of another one at a time. */
const MOST_PLACES = 2000
/** How often a reader that finds no place looks by itself. */
const LOOK_MS = 500

/** All readers of this broker that wait at one end of one stream wait by one request to its leader. */
export class StreamWaits {
  readonly #ask: (request: WaitForStream) => Promise<unknown>
  readonly #clock: Clock
  readonly #places = new Map<string, Promise<void>>()

  constructor(ask: (request: WaitForStream) => Promise<unknown>, clock: Clock) {
    this.#ask = ask
    this.#clock = clock
  }

  /** See StreamsApi.wait. */
  async wait(place: Pick<WaitForStream, 'path' | 'id' | 'offset'>, waitMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const late = pause(this.#clock, waitMs, over.signal)
    try {
      await abortable(signal, Promise.race([this.#at(place), late]))
    } finally {
      over.abort()
    }
  }

  #at({ path, id, offset }: Pick<WaitForStream, 'path' | 'id' | 'offset'>): Promise<void> {
    const key = `${id} ${offset} ${path}`
    const known = this.#places.get(key)
    if (known !== undefined) return known
    if (this.#places.size >= MOST_PLACES) return pause(this.#clock, LOOK_MS)
    const waiting = this.#ask({ kind: 'wait', path, id, offset, waitMs: ONE_WAIT_MS }).then(
      () => undefined,
      // The read that follows tells what is wrong. Not at once: many wait here.
      () => pause(this.#clock, LOOK_MS),
    )
    this.#places.set(
      key,
      waiting.finally(() => this.#places.delete(key)),
    )
    return waiting
  }
}
