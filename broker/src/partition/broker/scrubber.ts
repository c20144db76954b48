import type { Logger } from '../../platform/logger.ts'
import type { Replica } from '../replica/replica.ts'

/** Replicas looked at in one step at most: most of them have very little on disk. */
const MAX_REPLICAS = 64

/**
 * Reads the segments of all replicas again and again, slowly, so that rot is found while other replicas still have the
 * entries.
 */
export class Scrubber {
  readonly #logger: Logger
  #queue: Replica[] = []
  #running = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Verifies about so many bytes, of the next replicas in turn. Never rejects. */
  async step(replicas: Iterable<Replica>, maxBytes: number): Promise<void> {
    if (this.#running) return
    this.#running = true
    let left = maxBytes
    for (let count = 0; count < MAX_REPLICAS && left > 0; count += 1) {
      if (this.#queue.length === 0) this.#queue = count === 0 ? [...replicas] : []
      const replica = this.#queue.shift()
      if (replica === undefined) break
      left -= await this.#scrub(replica, left)
    }
    this.#running = false
  }

  async #scrub(replica: Replica, maxBytes: number): Promise<number> {
    if (replica.driver.stopped) return 0
    try {
      const { bytes } = await replica.driver.log.scrub(maxBytes)
      // Not at its end yet: the next step continues here.
      if (bytes >= maxBytes) this.#queue.unshift(replica)
      return bytes
    } catch (error) {
      this.#logger.warn({ group: replica.id, err: error }, 'segments could not be verified')
      return 0
    }
  }
}
