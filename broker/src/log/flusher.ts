import type { StoredGroupLog } from './group-log.ts'

/** From here on a group's pending bytes are worth a write of their own. */
export const FLUSH_BYTES = 256 * 1024

/** Writes groups' pending chunks to their segments in the background, one group at a time. */
export class Flusher {
  readonly #onFailure: (error: Error) => void
  readonly #waiting = new Set<StoredGroupLog>()
  #running = false
  #stopped = false
  #ended: Promise<void> = Promise.resolve()
  #progress: (() => void)[] = []

  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure
  }

  /** Soon writes the operations of the group that are allowed. */
  add(log: StoredGroupLog): void {
    if (this.#stopped) return
    this.#waiting.add(log)
    if (this.#running) return
    this.#running = true
    this.#ended = this.#run().catch((error) => this.#onFailure(error as Error))
  }

  /** Resolves when another group has been written, or none is left. */
  progress(): Promise<void> {
    if (!this.#running || this.#stopped) return Promise.resolve()
    return new Promise((resolve) => this.#progress.push(resolve))
  }

  /** Resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.wake()
    await this.#ended
  }

  /** Resolves the promises that wait for progress. */
  wake(): void {
    for (const call of this.#progress.splice(0)) call()
  }

  async #run(): Promise<void> {
    for (const log of this.#waiting) {
      if (this.#stopped) break
      this.#waiting.delete(log)
      await log.segments.flush(log.segments.allowed)
      this.wake()
    }
    this.#running = false
    this.wake()
  }
}
