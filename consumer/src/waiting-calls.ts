/** Calls of an iterator that wait: each begins when those before it are over. */
export class WaitingCalls {
  /** Never rejects. */
  #last: Promise<void> | undefined

  get isEmpty(): boolean {
    return this.#last === undefined
  }

  add<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#last === undefined ? call() : this.#last.then(call)
    const isOver = (): void => {
      if (this.#last === last) this.#last = undefined
    }
    const last: Promise<void> = result.then(isOver, isOver)
    this.#last = last
    return result
  }

  /** Resolves when all that wait at the moment are over. */
  async settled(): Promise<void> {
    await this.#last
  }
}
