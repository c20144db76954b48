import type { BrokerId, Timestamp } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { MOST_IN_COMMAND } from '../metadata/commands/security-commands.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'

/** An expired token is not valid, removed or not: what is left is a matter of room, and one record for a minute. */
const ROUND_MS = 60_000
const COMMAND_MS = 10_000

export interface ExpiredTokensDeps {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly client: Pick<MetadataClient, 'submit'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Removes tokens whose time is over, where the metadata group is led. */
export class ExpiredTokens {
  readonly #deps: ExpiredTokensDeps
  #timer: TimerHandle | null = null
  #closed = false

  constructor(deps: ExpiredTokensDeps) {
    this.#deps = deps
  }

  /** This broker may lead the metadata group now, or there are other tokens. */
  wake(): void {
    if (this.#closed || this.#timer !== null || !this.#isLeader || this.#deps.state.security.tokens.size === 0) return
    this.#timer = this.#deps.clock.after(ROUND_MS, () => void this.#round())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  get #isLeader(): boolean {
    return this.#deps.groups.get(METADATA_GROUP)?.isLeader === true
  }

  async #round(): Promise<void> {
    const { brokerId, clock, client, logger } = this.#deps
    const now = clock.now()
    const ids = this.#isLeader ? this.#expired(now) : []
    try {
      const command = { type: 'remove-tokens', ids, expired: true, at: now, broker: brokerId, by: '' } as const
      if (ids.length > 0) await client.submit(command, COMMAND_MS)
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code !== 'LEADER_UNAVAILABLE') logger.warn({ err: error }, 'cannot remove expired tokens; trying again')
    }
    this.#timer = null
    this.wake()
  }

  #expired(now: Timestamp): string[] {
    const ids: string[] = []
    for (const { id, expiresAt } of this.#deps.state.security.tokens.values()) {
      if (ids.length === MOST_IN_COMMAND) break
      if (expiresAt !== null && expiresAt <= now) ids.push(id)
    }
    return ids
  }
}
