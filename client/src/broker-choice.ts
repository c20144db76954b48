import { TailraceError } from '@tailrace/schemas'
import { turned, worthTelling } from './candidates.ts'
import type { Connection } from './connection.ts'
import type { ConnectionPool } from './connection-pool.ts'

/** Which of all known brokers is asked what any of them can answer. */
export class BrokerChoice {
  readonly #known: () => readonly string[]
  readonly #pool: Pick<ConnectionPool, 'get' | 'peek'>
  /** Addresses of brokers to ask before all others, and behind all others. */
  #first: readonly string[] = []
  #last: readonly string[] = []
  #askAnother = false
  #rotation: number

  /** `known`: the addresses of all brokers at the time. `rotation`: which of them is asked first; clients spread so. */
  constructor(known: () => readonly string[], pool: Pick<ConnectionPool, 'get' | 'peek'>, rotation: number) {
    this.#known = known
    this.#pool = pool
    this.#rotation = rotation
  }

  /** Asks the brokers at `first` before all others from now on, and those at `last` when no other answers. */
  prefer(first: readonly string[], last: readonly string[]): void {
    this.#first = first
    this.#last = last
  }

  /** The next one is another one. */
  turn(): void {
    this.#rotation++
  }

  /** All addresses known, in the order in which they are to be asked. */
  candidates(): string[] {
    const all = this.#known()
    if (this.#first.length === 0 && this.#last.length === 0) return turned(all, this.#rotation)
    return [...new Set([...turned(this.#first, this.#rotation), ...turned(all, this.#rotation), ...this.#last])]
  }

  /** One attempt. After one that has failed, another broker is asked first. @throws as `request`; CONNECTION_LOST */
  async ask<Result>(request: (connection: Connection) => Promise<Result>): Promise<Result> {
    try {
      const result = await request(await (this.#askAnother ? this.#firstOpen() : this.any()))
      this.#askAnother = false
      return result
    } catch (error) {
      if (TailraceError.from(error).retriable) {
        this.turn()
        this.#askAnother = true
      }
      throw error
    }
  }

  /** A connection that is open already, if there is one. @throws TailraceError CONNECTION_LOST and others */
  async any(): Promise<Connection> {
    for (const address of this.candidates()) {
      const open = this.#pool.peek(address)
      if (open !== undefined) return open
    }
    return this.#firstOpen()
  }

  async #firstOpen(): Promise<Connection> {
    let last: unknown
    for (const address of this.candidates()) {
      try {
        return await this.#pool.get(address)
      } catch (error) {
        last = worthTelling(last, error)
      }
    }
    throw TailraceError.from(last)
  }
}
