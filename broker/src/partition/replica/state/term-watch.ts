import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { Logger } from '../../../platform/logger.ts'
import type { RaftCore } from '../../../raft/core.ts'
import type { RaftMessage } from '../../../raft/messages.ts'
import type { PartitionMetrics } from '../../metrics.ts'

/** Refusals that are remembered, so that each sender is reported once a group and not with every message. */
const MAX_REMEMBERED = 10_000

/** Reports messages with a term that no elections can have led to (term-rules.ts). They reach no replica. */
export class TermWatch {
  readonly #metrics: PartitionMetrics
  readonly #logger: Logger
  readonly #told = new Set<string>()

  constructor(metrics: PartitionMetrics, logger: Logger) {
    this.#metrics = metrics
    this.#logger = logger
  }

  refuses(group: GroupId, core: RaftCore, message: RaftMessage): boolean {
    if (core.isPlausibleTerm(message.term)) return false
    this.#metrics.implausibleTerms += 1
    this.#tell(group, message.from, message.term, core.term)
    return true
  }

  #tell(group: GroupId, from: BrokerId, theirs: number, ours: number): void {
    const sender = `${group} ${from}`
    if (this.#told.has(sender)) return
    if (this.#told.size >= MAX_REMEMBERED) this.#told.clear()
    this.#told.add(sender)
    this.#logger.error(
      { group, from, theirs, ours },
      'a broker sends a term that no elections can have led to, and its messages are refused; see "terms" in docs/operations.md',
    )
  }
}
