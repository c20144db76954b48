import { TailraceError } from '@tailrace/schemas'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { SharedViews, Watcher } from './shared-views.ts'

/** Of one connection. */
export const mostWatches = 4

/** The watches of one connection, by an id that the client chose. For quotas each is a subscription. */
export class Watches {
  readonly #views: Pick<SharedViews, 'add' | 'remove'>
  readonly #quotas: Pick<SenderQuotas, 'hold' | 'release'>
  readonly #byId = new Map<string, Watcher>()

  constructor(views: Pick<SharedViews, 'add' | 'remove'>, quotas: Pick<SenderQuotas, 'hold' | 'release'>) {
    this.#views = views
    this.#quotas = quotas
  }

  /**
   * In the place of the one that has the id.
   * @throws TailraceError INVALID_REQUEST: the connection has as many as it may; THROTTLED: beyond a quota
   */
  put(id: string, watcher: Watcher): void {
    const former = this.#byId.get(id)
    if (former !== undefined) this.#views.remove(former)
    else this.#takePlace()
    this.#byId.set(id, watcher)
    this.#views.add(watcher)
  }

  /** False if there is none. */
  remove(id: string): boolean {
    const watcher = this.#byId.get(id)
    if (watcher === undefined) return false
    this.#byId.delete(id)
    this.#views.remove(watcher)
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
