import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { ForgetTopics, RemoveConsumerGroup } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup } from '../state/consumer-group.ts'
import { type UnneededDeps, unneededOf } from './unneeded.ts'

/** Of one look; the next one goes on behind them. */
const MOST_GROUPS = 1000
const MOST_COMMANDS = 100

export interface ExpiryDeps extends Omit<UnneededDeps, 'now'> {
  readonly groups: ReadonlyMap<string, ConsumerGroup>
  readonly propose: (command: RemoveConsumerGroup | ForgetTopics) => Promise<unknown>
  readonly clock: Clock
  readonly logger: Logger
}

/** Removes what nobody needs any more from the groups of one coordinator, some at each look. */
export class Expiry {
  readonly #deps: ExpiryDeps
  #rest: Iterator<ConsumerGroup>

  constructor(deps: ExpiryDeps) {
    this.#deps = deps
    this.#rest = deps.groups.values()
  }

  look(): void {
    const { groups, clock } = this.#deps
    const now = clock.now()
    for (let seen = 0, proposed = 0; seen < MOST_GROUPS && proposed < MOST_COMMANDS; seen++) {
      const { value: group, done } = this.#rest.next()
      if (done) {
        this.#rest = groups.values()
        return
      }
      const commands = unneededOf(group, { ...this.#deps, now })
      proposed += commands.length
      for (const command of commands) void this.#propose(command)
    }
  }

  /** Never rejects. What is not removed now is found again. */
  async #propose(command: RemoveConsumerGroup | ForgetTopics): Promise<void> {
    const { propose, logger } = this.#deps
    const { type, group: consumerGroup } = command
    try {
      await propose(command)
      if (type === 'remove') logger.info({ consumerGroup }, 'a consumer group without members has expired')
      else logger.info({ consumerGroup, topicIds: command.topicIds }, 'a consumer group has forgotten topics')
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (!overtaken.has(code)) logger.warn({ consumerGroup, err: error }, 'a consumer group could not be expired')
    }
  }
}

/** Somebody uses the group, or another coordinator or request has done it. */
const overtaken = new Set(['CONSUMER_GROUP_ACTIVE', 'UNKNOWN_CONSUMER_GROUP', 'NOT_LEADER', 'OUTCOME_UNKNOWN'])
