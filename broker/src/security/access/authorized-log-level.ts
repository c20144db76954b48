import type { BrokerId, LogLevel } from '@tailrace/schemas'
import type { LogLevelApi, LogLevelChange } from '../../api/log-level-api.ts'
import type { Guard } from './guard.ts'

/** The LogLevelApi of one session. Less in the log hides what a client does, so a change is a matter of the cluster. */
export class AuthorizedLogLevel implements LogLevelApi {
  readonly #api: LogLevelApi
  readonly #broker: BrokerId
  readonly #guard: Guard

  constructor(api: LogLevelApi, broker: BrokerId, guard: Guard) {
    this.#api = api
    this.#broker = broker
    this.#guard = guard
  }

  async logLevel(): Promise<LogLevel> {
    this.#guard.cluster('describe')
    return this.#api.logLevel()
  }

  async setLogLevel(level: LogLevel): Promise<LogLevelChange> {
    this.#guard.cluster('alter')
    const target = `broker ${this.#broker} to ${level}`
    return this.#guard.audited('set-log-level', target, () => this.#api.setLogLevel(level))
  }
}
