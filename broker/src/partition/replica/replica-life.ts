import { TailraceError } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { Standing } from '../group.ts'

/** Why a replica does nothing any more. */
export type StopReason = 'removed' | 'closing' | 'broken'

const errors = {
  removed: { waiting: 'UNKNOWN_TOPIC', asking: 'UNKNOWN_TOPIC', detail: 'The topic has been deleted.' },
  closing: { waiting: 'OUTCOME_UNKNOWN', asking: 'SHUTTING_DOWN', detail: 'The broker is shutting down.' },
  // Retriable: a replica on another broker can answer.
  broken: {
    waiting: 'OUTCOME_UNKNOWN',
    asking: 'LEADER_UNAVAILABLE',
    detail: 'This replica has stopped; see the log.',
  },
} as const

/** Code and detail of the error for calls that wait for an outcome when a replica stops. */
export function failureOfWaiting(reason: StopReason): readonly ['OUTCOME_UNKNOWN' | 'UNKNOWN_TOPIC', string] {
  return [errors[reason].waiting, errors[reason].detail]
}

/** Whether a replica runs, and why it does not. */
export class ReplicaLife {
  stopped: StopReason | null = null
  /** Why a setting of this broker keeps it from running. */
  unfit: string | null = null

  /** @throws TailraceError when the replica has stopped */
  checkRunning(): void {
    if (this.stopped === null) return
    const { asking, detail } = errors[this.stopped]
    throw new TailraceError(asking, detail)
  }

  standing(log: GroupLog): Standing {
    if (this.stopped === 'broken') return 'stopped'
    return log.damage === null ? 'sound' : 'quarantined'
  }

  /** See GroupStatus.trouble. `unreadable`: why this replica cannot read the leader's entries. */
  trouble(log: GroupLog, unreadable: string | null): string | null {
    if (this.stopped === 'broken') return this.unfit ?? errors.broken.detail
    return log.damage?.reason ?? unreadable
  }
}
