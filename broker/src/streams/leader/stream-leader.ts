import type { Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type {
  CreateStream,
  LendStream,
  PlaceInStream,
  ReadStream,
  StreamAnswer,
  StreamRequest,
  StreamResult,
  StreamsApi,
  WaitForStream,
} from '../../api/streams-api.ts'
import type { StreamNews } from '../../api/subscriptions-api.ts'
import type { Group } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { pause } from '../../platform/timing/pause.ts'
import { endOf, FORKS_LOOK_MS } from '../state/lifetime.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import { factsOf } from '../state/stream-record.ts'
import { createdBefore } from '../state/stream-rules.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import type { SubscriptionSurroundings } from '../subscriptions/desk.ts'
import { PartitionSubscriptions } from '../subscriptions/partition-subscriptions.ts'
import type { SubscriptionCounts } from '../subscriptions/subscription-counts.ts'
import { carryOut, type Loan, present, type StreamChangeRequest } from './changes.ts'
import { Draft } from './draft.ts'
import { Looks } from './looks.ts'
import { lostForks } from './lost-forks.ts'
import { Proposals } from './proposals.ts'
import { StreamCache } from './stream-cache.ts'
import type { StreamCounts } from './stream-counts.ts'
import { countChange } from './stream-counts.ts'
import { StreamData } from './stream-data.ts'
import type { QueuedChange, StreamEntry } from './stream-entry.ts'

/** A fork must be there before its source may take it for one that has never come to be. */
const FORK_PATIENCE_MS = FORKS_LOOK_MS / 3

const NOTHING = new Uint8Array(0)

export interface StreamLeaderDeps {
  readonly leader: Pick<Group, 'publish' | 'isLeader' | 'term' | 'confirmed'>
  readonly term: Term
  readonly store: StreamsStore
  /** As StreamsMachineDeps.unwrittenBytes. */
  readonly unwrittenBytes: () => number
  /** Asks the leader of another stream, for this broker itself. */
  readonly ask: StreamsApi['ask']
  readonly counts: StreamCounts
  readonly subscriptionCounts: SubscriptionCounts
  readonly subscriptions: SubscriptionSurroundings
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The leader of the streams of one partition, in one term. It judges what is asked of a stream in the order in which it
 * comes, by what is committed: one entry of a stream is under way at a time, with all that was asked for meanwhile.
 */
export class StreamLeader {
  readonly term: Term
  readonly #deps: StreamLeaderDeps
  readonly #proposals: Proposals
  readonly #cache: StreamCache
  readonly #data: StreamData
  readonly #looks: Looks
  readonly #subscriptions: PartitionSubscriptions
  /** Reads before it are known to the former leader alone: so each stream has a whole lifetime from here on. */
  readonly #beganAt: number
  #created = 0
  #ended: TailraceError | null = null

  /** `leader.confirmed()` has resolved in this term: the store has all that was committed before. */
  constructor(deps: StreamLeaderDeps) {
    const { store, clock, logger } = deps
    this.#deps = deps
    this.term = deps.term
    this.#proposals = new Proposals(deps)
    this.#cache = new StreamCache(store, (entry) => void this.#look(entry.path))
    this.#data = new StreamData(deps)
    this.#looks = new Looks({ store, look: (path) => this.#look(path), clock, logger })
    this.#subscriptions = this.#createSubscriptions(deps)
    this.#beganAt = clock.now()
    void this.#looks.walk()
    void this.#subscriptions.begin()
  }

  /** @throws TailraceError as StreamsApi.ask; NOT_LEADER, OVERLOADED */
  async answer(request: StreamRequest, body: Uint8Array): Promise<StreamAnswer> {
    if (this.#ended !== null) throw this.#ended
    switch (request.kind) {
      case 'read':
        return this.#read(request)
      case 'create':
        return without(await this.#create(request, body))
      case 'append':
        return without(await this.#change({ asked: request, body }))
      case 'delete':
      case 'give-back':
        return without(await this.#change({ asked: request }))
      case 'lend':
        return without(await this.#lend(request))
      case 'head':
        return without(await this.#head(request.path))
      case 'exists':
        return without({ kind: 'known', exists: (await this.#known(request.path))?.id === request.id })
      case 'wait':
        return without(await this.#wait(request))
      case 'place':
        return without(await this.#place(request))
      case 'subscription': {
        await this.#deps.leader.confirmed(true)
        return without({ kind: 'subscription', answer: await this.#subscriptions.answer(request.path, request.act) })
      }
    }
  }

  /** The state machine has applied an entry of this term. */
  applied(): void {
    this.#proposals.applied()
  }

  end(error: TailraceError): void {
    if (this.#ended !== null) return
    this.#ended = error
    this.#looks.close()
    this.#subscriptions.close()
    this.#proposals.end(error)
    for (const entry of this.#cache.entries) entry.refuse(error)
  }

  get cached(): number {
    return this.#cache.size
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  get waiting(): number {
    let waiting = 0
    for (const entry of this.#cache.entries) waiting += entry.waiting
    return waiting
  }

  #createSubscriptions(deps: StreamLeaderDeps): PartitionSubscriptions {
    const { subscriptions, subscriptionCounts: counts, store, ask, clock, logger } = deps
    return new PartitionSubscriptions({
      ...subscriptions,
      counts,
      store,
      ask,
      clock,
      logger,
      propose: (changes) => this.#proposals.propose(changes),
      newNumber: () => `~${this.term.toString(36)}.${(this.#created++).toString(36)}`,
      current: (stream) => this.#committed(stream),
      judgedBefore: async () => {
        const atWork = [...this.#cache.entries].filter(({ isAtWork }) => isAtWork)
        await Promise.all(atWork.map(({ path }) => this.#told({ stream: path, id: '', tail: -1 })))
      },
      told: (news) => this.#told(news),
    })
  }

  async #committed(path: string): Promise<StreamRecord | null> {
    const entry = await this.#cache.use(path)
    entry.users -= 1
    return entry.record
  }

  async #told(news: StreamNews): Promise<void> {
    await this.#change({ asked: { kind: 'told', path: news.stream }, news })
  }

  async #create(asked: CreateStream, body: Uint8Array): Promise<StreamResult> {
    const id = `${this.term.toString(36)}.${(this.#created++).toString(36)}`
    const { fork, path } = asked
    if (fork === null) return this.#change({ asked, body, id, loan: null })
    const known = await this.#known(path)
    if (known !== null) return createdBefore(known, asked)
    const { clock } = this.#deps
    const begun = clock.monotonic()
    const wanted = { borrower: path, borrowerId: id, type: asked.type, offset: fork.offset, sub: fork.sub }
    const { result: loan } = await this.#deps.ask({ kind: 'lend', path: fork.source, ...wanted })
    if (loan.kind === 'refused') return loan
    const isLate = clock.monotonic() - begun > FORK_PATIENCE_MS
    try {
      if (isLate) throw new TailraceError('TIMED_OUT', 'The source of the fork has answered too late.')
      const result = await this.#change({ asked, body, id, loan: loan as Loan })
      if (result.kind === 'created' && result.id !== id) this.#giveBack(fork.source, loan as Loan, path, id)
      return result
    } catch (error) {
      if (TailraceError.from(error).code !== 'OUTCOME_UNKNOWN') this.#giveBack(fork.source, loan as Loan, path, id)
      throw error
    }
  }

  #giveBack(source: string, { id }: Loan, borrower: string, borrowerId: string): void {
    void this.#followUp({ kind: 'give-back', path: source, id, borrower, borrowerId })
  }

  async #lend(asked: LendStream): Promise<StreamResult> {
    const record = await this.#known(asked.path)
    const offset = asked.offset < 0 ? (record?.tail ?? 0) : asked.offset
    // What is asked for first is refused first: the stream, its type, and only then a place in it.
    const mayPlace = record !== null && !record.deleted && offset <= record.tail && asked.sub > 0
    const at = mayPlace ? await this.#data.place(record, offset, asked.sub, record.tail) : offset
    return this.#change({ asked, at })
  }

  async #head(path: string): Promise<StreamResult> {
    const record = present(await this.#known(path), path)
    return { kind: 'described', ...factsOf(record) }
  }

  async #place({ path, id, offset, sub, upTo }: PlaceInStream): Promise<StreamResult> {
    const record = await this.#known(path)
    if (record?.id !== id) throw new TailraceError('UNKNOWN_STREAM', 'The source of the fork is gone.')
    return { kind: 'placed', offset: await this.#data.place(record, offset, sub, upTo) }
  }

  /** The stream now, deleted or not; null: there is none. What has run out is removed first. */
  async #known(path: string): Promise<StreamRecord | null> {
    const entry = await this.#cache.use(path)
    try {
      return await this.#current(entry)
    } finally {
      entry.users -= 1
    }
  }

  async #current(entry: StreamEntry): Promise<StreamRecord | null> {
    await this.#deps.leader.confirmed(true)
    if (this.#ended !== null) throw this.#ended
    const { record } = entry
    const isOver = record !== null && !record.deleted && this.#endOf(entry, record) <= this.#deps.clock.now()
    if (isOver) await this.#change({ asked: { kind: 'look', path: entry.path } })
    return entry.record
  }

  async #read({ path, id, offset, upTo, maxBytes }: ReadStream): Promise<StreamAnswer> {
    const entry = await this.#cache.use(path)
    try {
      const known = await this.#current(entry)
      const record = id === '' ? present(known, path) : known
      if (record === null || (id !== '' && record.id !== id)) throw new TailraceError('UNKNOWN_STREAM')
      // A fork that is read does not keep its source alive.
      if (id === '') entry.readAt = this.#deps.clock.now()
      const end = upTo < 0 ? record.tail : Math.min(upTo, record.tail)
      const from = offset === -2 ? end : Math.max(offset, 0)
      if (from > end) throw new TailraceError('INVALID_REQUEST', 'The stream ends before this offset.')
      const { next, bytes } =
        from === end
          ? { next: end, bytes: NOTHING }
          : await this.#data.read(record, { offset: from, upTo: end, maxBytes })
      return { result: { kind: 'found', offset: from, next, ...factsOf(record) }, body: bytes }
    } finally {
      entry.users -= 1
    }
  }

  async #wait({ path, id, offset, waitMs }: WaitForStream): Promise<StreamResult> {
    const entry = await this.#cache.use(path)
    try {
      const record = await this.#current(entry)
      const mustWait = record?.id === id && !record.closed && !record.deleted && record.tail <= offset
      if (mustWait) {
        const over = new AbortController()
        await entry
          .change((end) => void pause(this.#deps.clock, waitMs, over.signal).then(end))
          .finally(() => over.abort())
        entry.readAt = this.#deps.clock.now()
      }
      return { kind: 'waited' }
    } finally {
      entry.users -= 1
    }
  }

  async #look(path: string): Promise<void> {
    const entry = await this.#cache.use(path)
    try {
      if (entry.record?.deleted) {
        for await (const asked of lostForks(this.#deps, entry.record)) await this.#change({ asked })
      }
      await this.#change({ asked: { kind: 'look', path } })
    } finally {
      entry.users -= 1
    }
  }

  async #change(change: StreamChangeRequest): Promise<StreamResult> {
    const entry = await this.#cache.use(change.asked.path)
    try {
      if (this.#ended !== null) throw this.#ended
      return await new Promise((resolve, reject) => {
        entry.add({ change, resolve, reject })
        if (!entry.isAtWork) void this.#work(entry)
      })
    } finally {
      entry.users -= 1
    }
  }

  /** Carries out what is queued, one entry after the other. Never rejects. */
  async #work(entry: StreamEntry): Promise<void> {
    entry.isAtWork = true
    // What comes in this turn goes together.
    await Promise.resolve()
    for (let batch = entry.take(); batch.length > 0; batch = entry.take()) {
      try {
        await this.#workOn(entry, batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
        await this.#cache.reload(entry).catch((cause) => entry.refuse(TailraceError.from(cause)))
      }
    }
    entry.isAtWork = false
  }

  async #workOn(entry: StreamEntry, batch: readonly QueuedChange[]): Promise<void> {
    const { store, clock, counts } = this.#deps
    await this.#subscriptions.loaded()
    const before = entry.record
    const draft = new Draft(before, store)
    const moment = { now: clock.now(), readAt: this.#readAt(entry) }
    const answers: (() => void)[] = []
    for (const { change, resolve, reject } of batch) {
      try {
        const result = await carryOut(draft, change, moment)
        answers.push(() => {
          countChange(counts, change, result)
          resolve(result)
        })
      } catch (error) {
        answers.push(() => reject(error))
      }
    }
    const { changes: own, record, followUps } = draft
    const marks = this.#subscriptions.marks(entry.path, before, record)
    const changes = [...own, ...marks]
    if (changes.length > 0) await this.#proposals.propose(changes)
    // Nothing is changed; what was judged by is committed, if this broker leads still.
    else await this.#deps.leader.confirmed(true)
    entry.record = record
    for (const answer of answers) answer()
    if (before !== null && record?.id !== before.id) counts.removed += 1
    if (record !== null && record.due >= 0) this.#looks.at(record.due)
    if (isNews(before, record)) entry.wake()
    if (marks.length > 0) this.#subscriptions.marked()
    for (const request of followUps) void this.#followUp(request)
  }

  /** Never rejects. What fails is found again by a look at the forks. */
  async #followUp(request: StreamRequest): Promise<void> {
    try {
      await this.#deps.ask(request)
    } catch (error) {
      this.#deps.logger.info({ stream: request.path, err: error }, 'a stream was not told that a fork is gone')
    }
  }

  /** The last read, as far as it may have been: somebody who waits reads. */
  #readAt({ readAt, waiting }: StreamEntry): number {
    return waiting > 0 ? this.#deps.clock.now() : Math.max(readAt, this.#beganAt)
  }

  #endOf(entry: StreamEntry, record: StreamRecord): number {
    return endOf(record, this.#readAt(entry)) ?? Number.POSITIVE_INFINITY
  }
}

/** Whether those who wait want to know of it. */
function isNews(before: StreamRecord | null, now: StreamRecord | null): boolean {
  if (before === null || now === null) return before !== now
  return now.id !== before.id || now.tail > before.tail || now.closed !== before.closed || now.deleted
}

function without(result: StreamResult): StreamAnswer {
  return { result, body: NOTHING }
}
