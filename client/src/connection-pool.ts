import { type Backoff, TailraceError } from '@tailrace/schemas'
import { Connection, type ConnectionSettings } from './connection.ts'
import type { StatusWatch } from './connection-status.ts'
import { reconnectBackoff } from './retry-backoff.ts'
import { machine } from './surroundings.ts'

interface Address {
  connection: Connection | undefined
  opening: Promise<Connection> | undefined
  readonly coolDown: Backoff
  coolUntil: number
  /** Why the last attempt failed. */
  error: TailraceError | undefined
}

/** One connection for each address, opened when first wanted and again after it was lost. */
export class ConnectionPool {
  readonly #settings: ConnectionSettings
  readonly #surroundings
  readonly #status: Pick<StatusWatch, 'opened' | 'failed'>
  readonly #addresses = new Map<string, Address>()
  readonly #closing = new AbortController()
  #closingIdle = false

  constructor(settings: ConnectionSettings, status: Pick<StatusWatch, 'opened' | 'failed'>) {
    this.#settings = settings
    this.#surroundings = settings.surroundings ?? machine
    this.#status = status
  }

  /** The open connection to `address`, if there is one. */
  peek(address: string): Connection | undefined {
    const connection = this.#addresses.get(address)?.connection
    return connection?.isOpen ? connection : undefined
  }

  /** Whether the last attempt on `address` failed so recently that another is not worth the wait. */
  isCoolingDown(address: string): boolean {
    const known = this.#addresses.get(address)
    return known !== undefined && this.peek(address) === undefined && this.#surroundings.monotonic() < known.coolUntil
  }

  /** Why the last attempt on `address` failed; undefined: it did not, or none was made. */
  failureOf(address: string): TailraceError | undefined {
    return this.#addresses.get(address)?.error
  }

  /**
   * @throws TailraceError CONNECTION_LOST when it does not open, at once while the address cools down, as the error
   * that no further attempt would change; CLOSED
   */
  get(address: string): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(new TailraceError('CLOSED'))
    const open = this.peek(address)
    if (open !== undefined) return Promise.resolve(open)
    const known = this.#addresses.get(address) ?? this.#add(address)
    if (this.isCoolingDown(address)) return Promise.reject(coolingDown(address, known))
    known.opening ??= this.#open(address, known).finally(() => {
      known.opening = undefined
    })
    return known.opening
  }

  /** Closes connections on which nothing is under way, but for those to `keep`. A caller that has one finds it lost. */
  closeIdle(keep: readonly string[]): void {
    this.#closingIdle = true
    for (const [address, { connection }] of this.#addresses) {
      if (connection?.isOpen && connection.isIdle && !keep.includes(address)) connection.destroy('It was not needed')
    }
    this.#closingIdle = false
  }

  /** Closes every connection, and gives up those that are being opened. */
  close(): void {
    this.#closing.abort()
    for (const { connection } of this.#addresses.values()) connection?.close()
  }

  #add(address: string): Address {
    const added: Address = {
      connection: undefined,
      opening: undefined,
      coolDown: reconnectBackoff(this.#surroundings),
      coolUntil: 0,
      error: undefined,
    }
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
      known.error = undefined
      known.connection = connection
      this.#status.opened()
      connection.onLost((error) => this.#failed(error))
      return connection
    } catch (error) {
      known.coolUntil = this.#surroundings.monotonic() + known.coolDown.next()
      known.error = TailraceError.from(error)
      this.#failed(known.error)
      throw error
    }
  }

  /** Not when this side has closed connections that were not needed, or all of them. */
  #failed(error: TailraceError): void {
    if (this.#closing.signal.aborted || this.#closingIdle) return
    for (const address of this.#addresses.keys()) if (this.peek(address) !== undefined) return
    this.#status.failed(error)
  }
}

/** A broker that is away may be back by now; a credential that is wrong is wrong for each that asks meanwhile. */
function coolingDown(address: string, { error }: Address): TailraceError {
  if (error !== undefined && !error.retriable && error.code !== 'CLOSED') return error
  return new TailraceError('CONNECTION_LOST', `${address} could not be reached a moment ago.`)
}
