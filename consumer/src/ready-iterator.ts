import { WaitingCalls } from './waiting-calls.ts'

/** What an iterator gives out. */
export interface Supply<Item> {
  /** The next item; undefined: there is none without waiting. The one before it is done. */
  take(): Item | undefined
  /** Waits for more. False: nothing will come any more. */
  more(): Promise<boolean>
  /** The loop is left, or over. May be called again. */
  end(): void | Promise<void>
}

/**
 * The items of a supply one by one. Those that are there are given without waiting: an async generator would make three
 * promises for each.
 */
export class ReadyIterator<Item> implements AsyncGenerator<Item, undefined> {
  readonly #open: () => Promise<Supply<Item>>
  #supply: Supply<Item> | undefined
  #isOver = false
  readonly #waiting = new WaitingCalls()

  /** `supply`: a function gets it with the first call of `next`. */
  constructor(supply: Supply<Item> | (() => Promise<Supply<Item>>)) {
    this.#supply = typeof supply === 'function' ? undefined : supply
    this.#open = supply as () => Promise<Supply<Item>>
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#waiting.isEmpty && this.#supply !== undefined) {
      try {
        const value = this.#supply.take()
        if (value !== undefined) return Promise.resolve({ value, done: false })
      } catch (error) {
        return this.throw(error)
      }
    }
    return this.#waiting.add(() => this.#wait())
  }

  /** The loop is left. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    await this.#end()
    // A supply that is still being opened is ended by the call that waits for it.
    if (this.#supply === undefined) await this.#waiting.settled()
    return { value: undefined, done: true }
  }

  async throw(error?: unknown): Promise<IteratorResult<Item, undefined>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #wait(): Promise<IteratorResult<Item, undefined>> {
    try {
      if (!this.#isOver) this.#supply ??= await this.#open()
      while (!this.#isOver) {
        const value = this.#supply!.take()
        if (value !== undefined) return { value, done: false }
        if (!(await this.#supply!.more())) break
      }
    } catch (error) {
      await this.#end()
      throw error
    }
    await this.#end()
    return { value: undefined, done: true }
  }

  async #end(): Promise<void> {
    this.#isOver = true
    await this.#supply?.end()
  }
}
