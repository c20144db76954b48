import { noLongerWanted } from './no-longer-wanted.ts'

export interface WaitingRead {
  readonly client: string
  /** Answers now, without records. */
  readonly end: () => void
}

/**
 * Reads that wait at the end of a partition, over HTTP. They take no place of a request at work. Beyond the limit the
 * client with most of them gets its oldest answered early, as if its time were up: no read is refused, and no client's
 * waits end those of a client with fewer.
 */
export class WaitingReads {
  readonly #limit: number
  readonly #byClient = new Map<string, Set<WaitingRead>>()
  #count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The result of `fetch`; `empty` when the wait ends early. `gone`: the client does not wait for it any more. */
  async wait<Result>(
    client: string,
    empty: Result,
    gone: AbortSignal,
    fetch: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const over = new AbortController()
    const end = (): void => over.abort(noLongerWanted)
    const read = { client, end }
    gone.addEventListener('abort', end, { once: true })
    this.add(read)
    try {
      return await fetch(over.signal)
    } catch (error) {
      if (over.signal.aborted && !gone.aborted) return empty
      throw error
    } finally {
      this.remove(read)
      gone.removeEventListener('abort', end)
    }
  }

  add(read: WaitingRead): void {
    let own = this.#byClient.get(read.client)
    if (own === undefined) this.#byClient.set(read.client, (own = new Set()))
    own.add(read)
    this.#count++
    if (this.#count > this.#limit) this.#endOldest()
  }

  remove(read: WaitingRead): void {
    const own = this.#byClient.get(read.client)
    if (own === undefined || !own.delete(read)) return
    this.#count--
    if (own.size === 0) this.#byClient.delete(read.client)
  }

  #endOldest(): void {
    let most: Set<WaitingRead> | null = null
    for (const own of this.#byClient.values()) if (most === null || own.size > most.size) most = own
    for (const oldest of most ?? []) {
      this.remove(oldest)
      oldest.end()
      return
    }
  }
}
