import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { Groups } from '../partition/types.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Topic } from './metadata-state.ts'

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 10_000
/**
 * A new group's preferred leader opens it this much later than the others: it asks for their votes at once, and who has not opened the group by then
 * cannot give one, which would cost a whole election timeout.
 */
const PREFERRED_DELAY_MS = 20
/** Replicas being opened or removed at one time, so that a topic of many partitions does not hold up all else. */
const MAX_BUSY = 16

interface Wanted {
  readonly group: GroupId
  /** Null: the replica is to go. */
  readonly open: {
    readonly voters: readonly BrokerId[]
    readonly maxBatchBytes: number
    readonly preferred: boolean
  } | null
  failures: number
}

export interface ReconcilerDeps {
  readonly brokerId: BrokerId
  readonly groups: Groups
  readonly clock: Clock
  readonly logger: Logger
  readonly maxBatchBytes: number
  /** Something was opened, removed or has failed. */
  readonly onProgress: () => void
  /** The replica is off the disk. */
  readonly onRemoved: (group: GroupId) => void
}

/** Makes the replicas of this broker what the metadata says: opens those it shall have, removes those of deleted topics. */
export class Reconciler {
  readonly #deps: ReconcilerDeps
  /** The latest wish of each group, until it is fulfilled. */
  readonly #wanted = new Map<GroupId, Wanted>()
  readonly #queue: Wanted[] = []
  readonly #busy = new Set<GroupId>()
  #closed = false

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
  }

  /** Replicas that are not yet what they should be. */
  get pending(): number {
    return this.#wanted.size
  }

  /** `created`: just now, so the first replica campaigns at once; false after a restart, when the leader may be another one. */
  open(topic: Topic, created: boolean): void {
    for (const { group, replicas } of topic.partitions) {
      if (!replicas.includes(this.#deps.brokerId)) continue
      const maxBatchBytes = topic.config.maxBatchBytes ?? this.#deps.maxBatchBytes
      const preferred = created && replicas[0] === this.#deps.brokerId
      const wanted = { group, open: { voters: replicas, maxBatchBytes, preferred }, failures: 0 }
      this.#want(wanted, preferred && replicas.length > 1 ? PREFERRED_DELAY_MS : 0)
    }
  }

  remove(topic: Topic): void {
    for (const { group, replicas } of topic.partitions) {
      if (replicas.includes(this.#deps.brokerId)) this.removeGroup(group)
    }
  }

  removeGroup(group: GroupId): void {
    this.#want({ group, open: null, failures: 0 }, 0)
  }

  close(): void {
    this.#closed = true
  }

  #want(wanted: Wanted, delayMs: number): void {
    this.#wanted.set(wanted.group, wanted)
    if (delayMs === 0) this.#enqueue(wanted)
    else this.#deps.clock.after(delayMs, () => this.#enqueue(wanted))
  }

  #enqueue(wanted: Wanted): void {
    this.#queue.push(wanted)
    this.#next()
  }

  #next(): void {
    while (!this.#closed && this.#busy.size < MAX_BUSY) {
      const at = this.#queue.findIndex((wanted) => !this.#busy.has(wanted.group))
      if (at < 0) return
      const [wanted] = this.#queue.splice(at, 1)
      // A newer wish for the group stands further back.
      if (this.#wanted.get(wanted!.group) === wanted) void this.#fulfil(wanted!)
    }
  }

  async #fulfil(wanted: Wanted): Promise<void> {
    const { group } = wanted
    this.#busy.add(group)
    try {
      await this.#perform(wanted)
      if (this.#wanted.get(group) === wanted) this.#wanted.delete(group)
    } catch (error) {
      this.#retryLater(wanted, error)
    }
    this.#busy.delete(group)
    if (this.#closed) return
    this.#deps.onProgress()
    this.#next()
  }

  async #perform({ group, open }: Wanted): Promise<void> {
    const { groups } = this.#deps
    if (open === null) {
      await groups.remove(group)
      this.#deps.onRemoved(group)
    } else if (groups.get(group) === undefined) {
      await groups.open({ group, ...open, stateMachine: null })
    }
  }

  #retryLater(wanted: Wanted, error: unknown): void {
    const action = wanted.open === null ? 'remove' : 'open'
    this.#deps.logger.error({ group: wanted.group, error }, `cannot ${action} a replica; trying again`)
    const delay = Math.min(FIRST_RETRY_MS * 2 ** wanted.failures++, LAST_RETRY_MS)
    this.#deps.clock.after(delay, () => this.#enqueue(wanted))
  }
}
