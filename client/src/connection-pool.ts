import { type Backoff, TailraceError } from '@tailrace/schemas'
import { Connection, type ConnectionSettings } from './connection.ts'
import { reconnectBackoff } from './retry-backoff.ts'

interface Address {
  connection: Connection | undefined
  opening: Promise<Connection> | undefined
  readonly coolDown: Backoff
  coolUntil: number
}

/** One connection for each address, opened when first wanted and again after it was lost. */
export class ConnectionPool {
  readonly #settings: ConnectionSettings
  readonly #addresses = new Map<string, Address>()
  readonly #closing = new AbortController()

  constructor(settings: ConnectionSettings) {
    this.#settings = settings
  }

  /** The open connection to `address`, if there is one. */
  peek(address: string): Connection | undefined {
    const connection = this.#addresses.get(address)?.connection
    return connection?.isOpen ? connection : undefined
  }

  /** Whether the last attempt on `address` failed so recently that another is not worth the wait. */
  isCoolingDown(address: string): boolean {
    const known = this.#addresses.get(address)
    return known !== undefined && this.peek(address) === undefined && performance.now() < known.coolUntil
  }

  /** @throws TailraceError CONNECTION_LOST at once while the address cools down, or when it does not open; CLOSED */
  get(address: string): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(new TailraceError('CLOSED'))
    const open = this.peek(address)
    if (open !== undefined) return Promise.resolve(open)
    if (this.isCoolingDown(address)) {
      return Promise.reject(new TailraceError('CONNECTION_LOST', `${address} could not be reached a moment ago.`))
    }
    const known = this.#addresses.get(address) ?? this.#add(address)
    known.opening ??= this.#open(address, known).finally(() => {
      known.opening = undefined
    })
    return known.opening
  }

  /** Closes every connection, and gives up those that are being opened. */
  close(): void {
    this.#closing.abort()
    for (const { connection } of this.#addresses.values()) connection?.close()
  }

  #add(address: string): Address {
    const added: Address = { connection: undefined, opening: undefined, coolDown: reconnectBackoff(), coolUntil: 0 }
    this.#addresses.set(address, added)
    return added
  }

  async #open(address: string, known: Address): Promise<Connection> {
    try {
      const connection = await Connection.open(address, this.#settings, this.#closing.signal)
      if (this.#closing.signal.aborted) {
        connection.close()
        throw new TailraceError('CLOSED')
      }
      known.coolDown.reset()
      known.connection = connection
      return connection
    } catch (error) {
      known.coolUntil = performance.now() + known.coolDown.next()
      throw error
    }
  }
}
