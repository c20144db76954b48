import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { BrokerRegistration } from '../metadata/commands/command.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'

const ATTEMPT_MS = 10_000
const PAUSE_MS = 500

export interface RegistrationDeps {
  readonly state: MetadataState
  readonly client: MetadataClient
  readonly clock: Clock
  readonly logger: Logger
}

/** Makes this start of the broker known to the cluster, however long it takes to find a metadata leader. */
export class Registration {
  readonly #broker: () => BrokerRegistration
  readonly #deps: RegistrationDeps
  #closed = false

  constructor(broker: () => BrokerRegistration, deps: RegistrationDeps) {
    this.#broker = broker
    this.#deps = deps
  }

  /** This broker has applied its own registration in the metadata log, and so all commands before it. */
  get applied(): boolean {
    const { id, incarnation } = this.#broker()
    return this.#deps.state.brokers.get(id)?.incarnation === incarnation
  }

  async run(): Promise<void> {
    const { client, clock, logger } = this.#deps
    while (!this.#closed && !this.applied) {
      try {
        await client.submit({ type: 'register-broker', broker: this.#broker() }, ATTEMPT_MS)
        return
      } catch (error) {
        if (this.#closed) return
        const { code } = TailraceError.from(error)
        if (code !== 'LEADER_UNAVAILABLE') logger.warn({ err: error }, 'cannot register this broker; trying again')
        await pause(clock, PAUSE_MS)
      }
    }
  }

  close(): void {
    this.#closed = true
  }
}
