import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { FIRST_LEVEL } from '../metadata/feature-levels.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'

const COMMAND_MS = 10_000
const RETRY_MS = 2000

export interface FirstLevelDeps {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly client: MetadataClient
  /** All brokers of the cluster. */
  readonly brokers: () => readonly BrokerId[]
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Raises the feature level of a new cluster to the highest that all its brokers support, once they have registered. It
 * runs where the metadata group is led. A cluster in which a broker has ever run an older version is left to its
 * operator, since only that one knows that nobody wants to go back.
 */
export class FirstLevel {
  readonly #deps: FirstLevelDeps
  #timer: TimerHandle | null = null
  #running = false
  #closed = false

  constructor(deps: FirstLevelDeps) {
    this.#deps = deps
  }

  /** A broker has registered, or this broker may lead the metadata group now. */
  wake(): void {
    if (this.#wanted() !== null) this.#later(0)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #later(ms: number): void {
    if (this.#closed || this.#running || this.#timer !== null) return
    this.#timer = this.#deps.clock.after(ms, () => void this.#raise())
  }

  /** Null: the level stays as it is. */
  #wanted(): number | null {
    const { groups, state, brokers } = this.#deps
    const { featureLevel, alwaysSupported } = state.head
    if (featureLevel !== FIRST_LEVEL.lowest || groups.get(METADATA_GROUP)?.isLeader !== true) return null
    const supported = brokers().map((id) => (state.brokers.get(id)?.levels ?? FIRST_LEVEL).highest)
    const level = Math.min(alwaysSupported, ...supported)
    return level > featureLevel ? level : null
  }

  async #raise(): Promise<void> {
    this.#timer = null
    const level = this.#wanted()
    if (level === null || this.#closed) return
    const { brokerId, client, clock, logger } = this.#deps
    this.#running = true
    try {
      const command = { type: 'set-feature-level', level, at: clock.now(), broker: brokerId, by: '' } as const
      await client.submit(command, COMMAND_MS)
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code !== 'LEADER_UNAVAILABLE') logger.warn({ err: error, level }, 'cannot set the first feature level')
    }
    this.#running = false
    if (this.#wanted() !== null) this.#later(RETRY_MS)
  }
}
