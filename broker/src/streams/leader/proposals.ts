import type { Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Group } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import { bytesOf, encodeChanges, type StreamChange } from '../state/change-codec.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { MOST_UNWRITTEN_BY_LEADERS } from '../state/unwritten-bounds.ts'

/** Of the changes of one entry; those of one stream are never parted. */
const ENTRY_BYTES = 1024 * 1024
/** Bytes that wait for the log, beyond which changes are refused. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024

interface Waiting {
  readonly changes: readonly StreamChange[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: TailraceError) => void
}

export interface ProposalsDeps {
  readonly term: Term
  readonly leader: Pick<Group, 'publish' | 'isLeader' | 'term'>
  readonly store: Pick<StreamsStore, 'settled'>
  /** As StreamsMachineDeps.unwrittenBytes. */
  readonly unwrittenBytes: () => number
  readonly clock: Clock
}

/**
 * Puts changes of streams into the log of their partition while this broker leads it in one term. Those of one turn
 * make one entry, so that thousands of appends cost one round of the disks. Entries of one term are applied in the
 * order in which they were proposed: so each that is applied is the oldest proposal.
 */
export class Proposals {
  readonly #deps: ProposalsDeps
  #next: Waiting[] = []
  /** Entries in the log, in their order. */
  readonly #proposed: (readonly Waiting[])[] = []
  #waitingBytes = 0
  #isScheduled = false
  #ended: TailraceError | null = null

  constructor(deps: ProposalsDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when the changes are committed and applied here.
   * @throws TailraceError OVERLOADED, BATCH_TOO_LARGE, NOT_LEADER: nothing is in the log; OUTCOME_UNKNOWN: it may be
   * applied later
   */
  async propose(changes: readonly StreamChange[]): Promise<void> {
    const { store, unwrittenBytes, clock } = this.#deps
    if (unwrittenBytes() > MOST_UNWRITTEN_BY_LEADERS) await store.settled()
    if (this.#ended !== null) throw this.#ended
    if (this.#waitingBytes > MOST_WAITING_BYTES) throw new TailraceError('OVERLOADED')
    const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0)
    return new Promise((resolve, reject) => {
      this.#waitingBytes += bytes
      this.#next.push({ changes, bytes, resolve, reject })
      if (this.#isScheduled) return
      this.#isScheduled = true
      clock.soon(() => this.#flush())
    })
  }

  /** The state machine has applied an entry of this term. */
  applied(): void {
    const entry = this.#proposed.shift() ?? []
    this.#free(entry)
    for (const { resolve } of entry) resolve()
  }

  /** The leadership is over, or nothing is applied any more. */
  end(error: TailraceError): void {
    if (this.#ended !== null) return
    this.#ended = error
    const open = new TailraceError('OUTCOME_UNKNOWN')
    for (const entry of this.#proposed.splice(0)) for (const { reject } of entry) reject(open)
    for (const { reject } of this.#next.splice(0)) reject(error)
  }

  #flush(): void {
    this.#isScheduled = false
    const { leader, term } = this.#deps
    while (this.#next.length > 0 && this.#ended === null) {
      if (leader.isLeader && leader.term === term) this.#publish(this.#takeEntry())
      else this.end(new TailraceError('NOT_LEADER'))
    }
  }

  #takeEntry(): readonly Waiting[] {
    let [bytes, count] = [0, 0]
    for (const waiting of this.#next) {
      if (count > 0 && bytes + waiting.bytes > ENTRY_BYTES) break
      bytes += waiting.bytes
      count += 1
    }
    return this.#next.splice(0, count)
  }

  #publish(entry: readonly Waiting[]): void {
    this.#proposed.push(entry)
    const changes = entry.flatMap((waiting) => waiting.changes)
    const batch = encodeChanges(changes, this.#deps.clock.now())
    const work = async () => this.#deps.leader.publish(batch)
    work().catch((error: unknown) => this.#refused(entry, TailraceError.from(error)))
  }

  /** What was refused before it had a place in the log is not waited for. */
  #refused(entry: readonly Waiting[], error: TailraceError): void {
    const at = this.#proposed.indexOf(entry)
    if (at < 0) return
    this.#proposed.splice(at, 1)
    this.#free(entry)
    for (const { reject } of entry) reject(error)
  }

  #free(entry: readonly Waiting[]): void {
    for (const { bytes } of entry) this.#waitingBytes -= bytes
  }
}
