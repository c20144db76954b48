import { setTimeout as pause } from 'node:timers/promises'
import { nowUs } from '../fan-out/marks.ts'
import { numberedValue } from './numbered-values.ts'

/** Publishes numbered records, each when it is due, whether those before it have been acknowledged or not. */
export class PacedPublisher {
  /** The number of the next record. */
  next = 0
  /** Of each record that was acknowledged, in ms from the moment it was due. */
  waits: number[] = []
  /** Those that no server, or not each, has taken. */
  refused = 0
  readonly #publish: (value: string) => Promise<void>
  readonly #perSecond: number
  readonly #bytes: number
  #isStopped = true
  #running: Promise<void> = Promise.resolve()

  constructor(publish: (value: string) => Promise<void>, perSecond: number, bytes: number) {
    this.#publish = publish
    this.#perSecond = perSecond
    this.#bytes = bytes
  }

  start(): void {
    this.#isStopped = false
    this.waits = []
    this.refused = 0
    this.#running = this.#run()
  }

  /** Resolves when each record has its answer. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    const pending: Promise<void>[] = []
    const start = nowUs()
    for (let count = 0; !this.#isStopped; count++) {
      const due = start + (count * 1e6) / this.#perSecond
      const early = due - nowUs()
      if (early > 0) await pause(early / 1000)
      const answered = this.#publish(numberedValue(this.next++, this.#bytes)).then(
        () => void this.waits.push((nowUs() - due) / 1000),
        () => void this.refused++,
      )
      pending.push(answered)
    }
    await Promise.all(pending)
  }
}
