import type { GroupLog } from '../log/types.ts'
import type { Logger } from '../platform/logger.ts'
import type { RaftCore } from '../raft/core.ts'
import type { RaftMessage } from '../raft/messages.ts'
import type { PartitionState } from './partition-state.ts'

/**
 * A replica that lost entries it may have acknowledged (design §4: a flipped bit, not a torn tail) must neither vote nor lead: its vote
 * could elect somebody who lacks them too. It still follows, and is whole again once it holds, durably, everything up to an entry that was
 * committed in the term of a leader that others elected: by Leader Completeness that covers whatever it once acknowledged and was committed.
 */
export class Quarantine {
  readonly #log: GroupLog
  readonly #logger: Logger

  constructor(log: GroupLog, logger: Logger) {
    this.#log = log
    this.#logger = logger
    if (log.damage !== null) {
      logger.error(
        { group: log.group, ...log.damage },
        'entries cannot be read: the replica neither votes nor leads until a leader has sent them again',
      )
    }
  }

  get active(): boolean {
    return this.#log.damage !== null
  }

  /** Whether a message must not reach the core: whatever could make this replica vote or win. */
  holdsBack(message: RaftMessage): boolean {
    return this.active && (message.type === 'vote' || message.type === 'vote-reply')
  }

  /**
   * A forgotten vote may have made another broker leader of a later term, and a copy here must not help an earlier leader to a commit: so
   * no more is acknowledged than what the leader has committed with the others, which is all that it needs to know to go on sending.
   */
  soften(message: RaftMessage, state: PartitionState): RaftMessage {
    if (message.type !== 'append-reply' || !message.success || message.matchIndex <= state.commitIndex) return message
    return { ...message, matchIndex: state.commitIndex }
  }

  /** Call after each commit and each fsync. */
  review(core: RaftCore, state: PartitionState): void {
    if (!this.active || core.role !== 'follower' || core.leader === 0) return
    if (state.commitTerm !== core.term || core.durableIndex < state.commitIndex) return
    this.#log.repaired()
    this.#logger.info({ group: this.#log.group, commitIndex: state.commitIndex }, 'the replica is whole again')
  }
}
