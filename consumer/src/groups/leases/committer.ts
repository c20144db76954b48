import { withResolvers } from '@tailrace/client'
import { type Offset, TailraceError, type Term } from '@tailrace/schemas'
import { type PartitionId, partitionKey } from '../beats/beat-messages.ts'
import { fencedError, type PositionFields } from '../beats/coordinator.ts'

/** Whose position it is. */
export interface CommittedLease {
  readonly key: string
  readonly member: string
  readonly committed: Offset
  readonly lease: PartitionId & { readonly topic: string; readonly token: number }
  wasCommitted(offset: Offset): void
}

export interface Committing {
  readonly offset: Offset
  readonly term: Term
  readonly metadata: string
}

/** Resolves with the partitions that another member has by now. */
export type SendCommit = (member: string, positions: PositionFields[]) => Promise<readonly PartitionId[]>

interface Waiting {
  readonly lease: CommittedLease
  readonly fields: PositionFields
  readonly settled: PromiseWithResolvers<void>
}

/**
 * Commits positions: one request at a time, each with all that has come during the one before. Of a partition only the
 * last position is sent, and the commits before it are settled together with it.
 */
export class Committer {
  readonly #send: SendCommit
  readonly #fenced: (error: TailraceError, lease: CommittedLease) => void
  #waiting = new Map<string, Waiting>()
  /** In the request that is under way. */
  #asked: ReadonlyMap<string, Waiting> = new Map()
  #sending: Promise<void> | undefined

  /** `fenced`: told of each lease for which a commit was refused. */
  constructor(send: SendCommit, fenced: (error: TailraceError, lease: CommittedLease) => void) {
    this.#send = send
    this.#fenced = fenced
  }

  /**
   * Resolves when everything before the offset is committed. A position never goes back: for one before the committed
   * position there is nothing to do.
   * @throws TailraceError FENCED_MEMBER; TIMED_OUT: it may be committed; what {@link SendCommit} throws
   */
  commit(lease: CommittedLease, { offset, term, metadata }: Committing): Promise<void> {
    const isCovered = (by: Offset): boolean => offset < by || (offset === by && metadata === '')
    if (isCovered(lease.committed)) return Promise.resolve()
    const asked = this.#asked.get(lease.key)
    if (asked?.lease === lease && isCovered(asked.fields.offset)) return asked.settled.promise
    const waiting = this.#waiting.get(lease.key)
    const isLater = waiting === undefined || waiting.lease !== lease || waiting.fields.offset <= offset
    if (!isLater) return waiting.settled.promise
    return this.#add(lease.key, lease, fieldsOf(lease, offset, { term, metadata, done: false }))
  }

  /** A record that was put off, and has come again, is done. @throws TailraceError as {@link commit} */
  done(lease: CommittedLease, offset: Offset): Promise<void> {
    return this.#add(`${lease.key}:${offset}`, lease, fieldsOf(lease, offset, { term: 0, metadata: '', done: true }))
  }

  /** Resolves when nothing waits any more. Never rejects. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  #add(key: string, lease: CommittedLease, fields: PositionFields): Promise<void> {
    const before = this.#waiting.get(key)
    if (before !== undefined && before.lease !== lease) {
      before.settled.reject(fencedError(before.lease.lease.topic, before.lease.lease.partition))
    }
    const settled = before?.lease === lease ? before.settled : withResolvers<void>()
    settled.promise.catch(() => {})
    this.#waiting.set(key, { lease, fields, settled })
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return settled.promise
  }

  async #sendAll(): Promise<void> {
    // What is committed in the same turn leaves together.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      this.#asked = this.#waiting
      this.#waiting = new Map()
      const all = [...this.#asked.values()]
      const members = new Set(all.map(({ lease }) => lease.member))
      for (const member of members) {
        await this.#sendOf(
          member,
          all.filter(({ lease }) => lease.member === member),
        )
      }
      this.#asked = new Map()
    }
  }

  async #sendOf(member: string, waiting: readonly Waiting[]): Promise<void> {
    try {
      const refused = await this.#send(
        member,
        waiting.map(({ fields }) => fields),
      )
      const fenced = new Set(refused.map(partitionKey))
      for (const one of waiting) {
        if (fenced.has(one.lease.key)) this.#refuse(one, fencedError(one.lease.lease.topic, one.lease.lease.partition))
        else {
          if (!one.fields.done) one.lease.wasCommitted(one.fields.offset)
          one.settled.resolve()
        }
      }
    } catch (thrown) {
      const error = TailraceError.from(thrown)
      for (const one of waiting) {
        if (error.code === 'FENCED_MEMBER') this.#refuse(one, error)
        else one.settled.reject(error)
      }
    }
  }

  #refuse({ lease, settled }: Waiting, error: TailraceError): void {
    settled.reject(error)
    this.#fenced(error, lease)
  }
}

function fieldsOf(
  { lease }: CommittedLease,
  offset: Offset,
  more: { readonly term: Term; readonly metadata: string; readonly done: boolean },
): PositionFields {
  const { topic, topicId, partition, token } = lease
  return { topic, topicId, partition, token, offset, ...more }
}
