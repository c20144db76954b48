import type { TailraceError } from '@tailrace/schemas'
import type { ClientLogger } from './logger.ts'
import { reasonOf } from './reach.ts'
import { type ClientSurroundings, machine, type Timer } from './surroundings.ts'

/** `idle`: no connection is wanted yet. `disconnected`: one is wanted, and no broker is reached; attempts go on. */
export type ConnectionStatus = 'idle' | 'connected' | 'disconnected' | 'closed'

export interface StatusChange {
  readonly status: ConnectionStatus
  /** Of `disconnected`: why the last connection was lost, or the last attempt failed. */
  readonly error?: TailraceError
}

export type StatusListener = (change: StatusChange) => void

/** A broker that restarts is back by then: it is not worth a line. */
const TELL_AFTER_MS = 2_000

/**
 * Whether a client has a connection to any broker. Listeners are told of each change, the logger when none is reached
 * for longer, once, and when one is reached again.
 */
export class StatusWatch {
  readonly #servers: readonly string[]
  readonly #logger: ClientLogger
  readonly #surroundings: ClientSurroundings
  readonly #listeners = new Set<StatusListener>()
  #status: ConnectionStatus = 'idle'
  #error: TailraceError | undefined
  #telling: Timer | undefined
  #told = false

  constructor(servers: readonly string[], logger: ClientLogger, surroundings: ClientSurroundings = machine) {
    this.#servers = servers
    this.#logger = logger
    this.#surroundings = surroundings
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** An error that a listener throws goes to nobody: the next ones are told all the same. */
  add(listener: StatusListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: StatusListener): void {
    this.#listeners.delete(listener)
  }

  opened(): void {
    this.#telling?.cancel()
    this.#telling = undefined
    if (this.#told) this.#logger.info({ servers: this.#servers }, 'a broker is reached again')
    this.#told = false
    this.#change('connected')
  }

  /** The last connection was lost, or an attempt has failed while there was none. */
  failed(error: TailraceError): void {
    this.#error = error
    this.#telling ??= this.#tellLater()
    this.#change('disconnected', error)
  }

  closed(): void {
    this.#telling?.cancel()
    this.#change('closed')
  }

  #tellLater(): Timer | undefined {
    if (this.#told || this.#status === 'closed') return undefined
    return this.#surroundings.afterIdle(TELL_AFTER_MS, () => {
      this.#told = true
      const error = this.#error!
      const reason = reasonOf(error)
      const fields = { servers: this.#servers, code: error.code, reason }
      this.#logger.warn(fields, `no broker is reached, and attempts go on: ${reason}`)
    })
  }

  #change(status: ConnectionStatus, error?: TailraceError): void {
    if (status === this.#status || this.#status === 'closed') return
    this.#status = status
    for (const listener of [...this.#listeners]) {
      try {
        listener(error === undefined ? { status } : { status, error })
      } catch (fault) {
        this.#logger.error({ err: fault }, 'a listener of "status" has thrown')
      }
    }
  }
}
