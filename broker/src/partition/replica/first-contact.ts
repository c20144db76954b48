import type { LogIndex, Term } from '@tailrace/schemas'
import type { RaftCore } from '../../raft/core.ts'
import type { RaftMessage } from '../../raft/messages.ts'

/** Whether a replica has had, once since its start, all that was committed when its leader made contact. */
export class FirstContact {
  #term: Term = -1
  #told: LogIndex | null = null
  #done = false

  /**
   * A leader that has just been elected may not know all commits yet, but it begins to send at the end of its log, and
   * no leader removes entries of its own log. Another leader may: each term counts anew.
   */
  heard(message: RaftMessage, term: Term): void {
    if (this.#done || message.term < term || message.term === this.#term) return
    if (message.type === 'append') this.#note(message.term, Math.max(message.commit, message.prevIndex))
    else if (message.type === 'snapshot') this.#note(message.term, message.lastIndex)
  }

  /** Entries that are missing, 0 from the moment at which none was; null: no leader has made contact. */
  missing({ role, commitIsCurrent }: Pick<RaftCore, 'role' | 'commitIsCurrent'>, committed: LogIndex): number | null {
    if (this.#done) return 0
    if (role === 'leader' && commitIsCurrent) this.#told = committed
    if (this.#told === null) return null
    this.#done = committed >= this.#told
    return Math.max(0, this.#told - committed)
  }

  #note(term: Term, told: LogIndex): void {
    this.#term = term
    this.#told = told
  }
}
