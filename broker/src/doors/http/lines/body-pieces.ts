import type { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'

/** The pieces of a body, each when it is asked for, so that the socket slows the client down. */
export class BodyPieces {
  readonly #body: Readable
  readonly #clock: Clock
  readonly #mostMs: number

  /** `mostMs`: between two pieces. */
  constructor(body: Readable, clock: Clock, mostMs: number) {
    this.#body = body
    this.#clock = clock
    this.#mostMs = mostMs
  }

  /**
   * Null behind the last one.
   * @throws TailraceError (rejects with) TIMED_OUT: nothing came; ABORTED: the client has left; the reason of `cut`
   */
  async next(cut: AbortSignal): Promise<Buffer | null> {
    for (;;) {
      cut.throwIfAborted()
      const piece = this.#body.read() as Buffer | null
      if (piece !== null) return piece
      if (this.#body.readableEnded) return null
      if (this.#body.destroyed) throw new TailraceError('ABORTED', 'The client has closed its connection.')
      await this.#change(cut)
    }
  }

  #change(cut: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        timer.cancel()
        cut.removeEventListener('abort', done)
        for (const event of changes) this.#body.removeListener(event, done)
        resolve()
      }
      const timer = this.#clock.after(this.#mostMs, () => {
        reject(new TailraceError('TIMED_OUT', `Nothing came for ${this.#mostMs} ms.`))
        done()
      })
      cut.addEventListener('abort', done)
      for (const event of changes) this.#body.once(event, done)
    })
  }
}

const changes = ['readable', 'end', 'error', 'close'] as const
