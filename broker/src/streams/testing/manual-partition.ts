import type { Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StreamAnswer, StreamRequest, StreamResultOf, StreamsApi } from '../../api/streams-api.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { ManualClock } from '../../platform/testing/clock.ts'
import { promptCrypto } from '../../platform/testing/crypto.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { noCounts } from '../leader/stream-counts.ts'
import { StreamLeader } from '../leader/stream-leader.ts'
import { StreamsMachine } from '../state/streams-machine.ts'
import { StreamsStore } from '../state/streams-store.ts'
import type { SubscriptionSurroundings } from '../subscriptions/desk.ts'
import { noSubscriptionCounts } from '../subscriptions/subscription-counts.ts'

const PREFIX = 'streams/7/'

/**
 * One partition of durable streams with its leader: a log in memory that commits when the test says so, at once by
 * default. Another leader begins with what the log and the store have.
 */
export class ManualPartition<Time extends Clock = ManualClock> implements Pick<StreamsApi, 'ask'> {
  readonly clock: Time
  readonly counts = noCounts()
  readonly log: { readonly term: Term; readonly batch: Uint8Array }[] = []
  /** Requests to other streams that are not answered. */
  readonly lost: StreamRequest[] = []
  store = new MemoryStore()
  machine!: StreamsMachine
  leader!: StreamLeader
  term = 0
  /** Of the other replicas of the broker: see StreamsMachineDeps.unwrittenBytes. */
  unwrittenElsewhere = 0
  /** May be another before a leader begins. */
  subscriptions: SubscriptionSurroundings = {
    random: seededRandom(1),
    crypto: promptCrypto,
    webhooks: null,
    may: () => true,
    partitionOf: () => 0,
    partitions: 1,
  }
  /** Entries wait for `commit`. */
  isHeld = false
  /** Requests of one stream to another do not arrive. */
  isCutOff = false
  /** Has what a request from this partition is about. */
  home: (request: StreamRequest) => ManualPartition<Time> = () => this
  #isLeader = true

  private constructor(clock: Time) {
    this.clock = clock
  }

  static async open<Time extends Clock>(clock: Time): Promise<ManualPartition<Time>> {
    const partition = new ManualPartition(clock)
    await partition.restart()
    return partition
  }

  /** A broker that has this log and this store, and leads from now on. */
  async restart(store = this.store): Promise<void> {
    this.leader?.end(new TailraceError('NOT_LEADER'))
    this.store = store
    const { clock } = this
    const pairs = new StreamsStore({ store, clock, logger: silentLogger }, PREFIX)
    const onApplied = ({ term }: { readonly term: Term }): void => {
      if (term === this.term) this.leader?.applied()
    }
    const unwrittenBytes = this.#unwrittenBytes
    const deps = { store: pairs, unwrittenBytes, clock, logger: silentLogger, onApplied, onReplaced: () => {} }
    this.machine = new StreamsMachine(deps)
    await this.machine.load()
    this.lead()
  }

  /** As the leader of a later term, by which all that is in the log is committed. */
  lead(): void {
    this.leader?.end(new TailraceError('NOT_LEADER'))
    this.term += 1
    this.#isLeader = true
    this.commit()
    const { term, clock, counts } = this
    const group = {
      term,
      isLeader: true,
      publish: (batch: Uint8Array) => this.#publish(term, batch),
      confirmed: () =>
        this.#isLeader && this.term === term ? undefined : Promise.reject(new TailraceError('NOT_LEADER')),
    }
    const ask: StreamsApi['ask'] = (request, body) => this.#between(request, body)
    this.leader = new StreamLeader({
      leader: group as never,
      term,
      store: this.machine.store,
      unwrittenBytes: this.#unwrittenBytes,
      ask,
      counts,
      subscriptionCounts: noSubscriptionCounts(),
      subscriptions: this.subscriptions,
      clock,
      logger: silentLogger,
    })
  }

  /** Applies what is in the log. */
  commit(): void {
    for (let index = this.machine.appliedIndex + 1; index <= this.log.length; index++) {
      const { term, batch } = this.log[index - 1]!
      this.machine.apply({ index, term } as never, batch)
    }
  }

  async ask<Request extends StreamRequest>(
    request: Request,
    body: Uint8Array = new Uint8Array(0),
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    return (await this.leader.answer(request, body)) as StreamAnswer<StreamResultOf<Request>>
  }

  readonly #unwrittenBytes = (): number => this.machine.store.waitingBytes + this.unwrittenElsewhere

  async #between<Request extends StreamRequest>(
    request: Request,
    body?: Uint8Array,
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    if (!this.isCutOff) return this.home(request).ask(request, body)
    this.lost.push(request)
    throw new TailraceError('STREAMS_UNAVAILABLE')
  }

  async #publish(term: Term, batch: Uint8Array): Promise<never> {
    this.log.push({ term, batch })
    if (!this.isHeld) this.clock.soon(() => this.commit())
    return new Promise(() => {})
  }
}
