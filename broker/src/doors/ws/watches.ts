import { TailraceError } from '@tailrace/schemas'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'

/** Of one connection. */
export const mostWatches = 4

export interface Watching {
  start(): void
  stop(): void
}

/** The watches of one connection, by an id that the client chose. For quotas each is a subscription. */
export class Watches {
  readonly #quotas: Pick<SenderQuotas, 'hold' | 'release'>
  readonly #byId = new Map<string, Watching>()

  constructor(quotas: Pick<SenderQuotas, 'hold' | 'release'>) {
    this.#quotas = quotas
  }

  /**
   * In the place of the one that has the id.
   * @throws TailraceError INVALID_REQUEST: the connection has as many as it may; THROTTLED: beyond a quota
   */
  put(id: string, watching: Watching): void {
    const former = this.#byId.get(id)
    if (former !== undefined) former.stop()
    else this.#takePlace()
    this.#byId.set(id, watching)
    watching.start()
  }

  /** False if there is none. */
  remove(id: string): boolean {
    const watching = this.#byId.get(id)
    if (watching === undefined) return false
    this.#byId.delete(id)
    watching.stop()
    this.#quotas.release('subscriptions')
    return true
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.remove(id)
  }

  #takePlace(): void {
    if (this.#byId.size >= mostWatches) {
      throw new TailraceError('INVALID_REQUEST', `A connection may have ${mostWatches} watches.`)
    }
    this.#quotas.hold('subscriptions')
  }
}
