import type { BrokerId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import type { Group, GroupSpec } from '../group.ts'
import type { GroupRequestName, NoteName, PeerAnswer, PeerReply, RequestName } from '../peers.ts'
import type { Replica } from '../replica/replica.ts'
import { defaultPartitionSettings, type PartitionSettings } from '../settings.ts'
import { recordsOf } from './batches.ts'
import { type AskPeer, type SendRaft, type TellPeer, TestBroker, type TestBrokerOptions } from './test-broker.ts'

export const GROUP = 1

/** The state of a promise so far. */
export interface Outcome<T> {
  state: 'pending' | 'done' | 'failed'
  value: T | undefined
  code: string | undefined
}

export function outcomeOf<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = { state: 'pending', value: undefined, code: undefined }
  promise.then(
    (value) => Object.assign(outcome, { state: 'done', value }),
    (error) =>
      Object.assign(outcome, { state: 'failed', code: error instanceof TailraceError ? error.code : `${error}` }),
  )
  return outcome
}

export interface WorldOptions {
  readonly brokers?: number
  readonly settings?: Partial<PartitionSettings>
  readonly log?: TestBrokerOptions['log']
  readonly createCore?: TestBrokerOptions['createCore']
  readonly spec?: (broker: BrokerId) => Partial<GroupSpec>
  /** So many of the brokers have the group from the start; all by default. */
  readonly founders?: number
}

/**
 * Brokers with one group over a network that loses nothing unless told to, on a clock that stands still unless told to
 * go on.
 */
export class TestWorld {
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly brokers: TestBroker[]
  /** Messages that are delivered. */
  passes: (message: RaftMessage) => boolean = () => true
  /** Whether brokers get each other's notes (sleepers.ts). */
  passesNotes: (from: BrokerId, to: BrokerId, name?: NoteName) => boolean = () => true
  /** Changes the answer to a request: to itself, another one, or a rejection. */
  answers: (
    name: RequestName,
    reply: PeerAnswer<RequestName>,
    from: BrokerId,
    to: BrokerId,
    request: Message<GroupRequestName>,
  ) => PeerAnswer<RequestName> = (_name, reply) => reply
  readonly #options: WorldOptions

  private constructor(options: WorldOptions) {
    this.#options = options
    // Commits reach followers with the beat; tests wait in steps of 100 ms.
    const settings = { ...defaultPartitionSettings, electionTimeoutMs: 500, heartbeatMs: 100, ...options.settings }
    const ids = Array.from({ length: options.brokers ?? 3 }, (_, at) => at + 1)
    const send: SendRaft = (group, message, payloads) => {
      const copies = payloads.map((payload) => payload.slice())
      this.clock.soon(() => {
        const to = this.#living(message.to)
        if (this.passes(message)) to?.groups.receive(group, message, copies)
      })
    }
    const tellFrom =
      (from: BrokerId): TellPeer =>
      (to, name, fields) =>
        this.clock.soon(() => {
          if (this.passesNotes(from, to, name)) this.#living(to)?.groups.told(from, name, fields)
        })
    const { log = {}, createCore } = options
    const askFrom =
      (from: BrokerId): AskPeer =>
      (to, name, fields) =>
        this.#ask(from, to, name, fields)
    this.brokers = ids.map(
      (id) => new TestBroker(id, this.clock, { settings, log, createCore }, send, tellFrom(id), askFrom(id)),
    )
  }

  /** All brokers run, and broker 1 leads. */
  static async start(options: WorldOptions = {}): Promise<TestWorld> {
    const world = new TestWorld(options)
    for (const broker of world.brokers) await world.during(broker.start())
    await world.during(Promise.all(world.founders.map((id) => world.openGroup(world.broker(id)))))
    await world.run(1)
    if (world.leader().id !== 1) throw new Error(`broker ${world.leader().id} leads`)
    return world
  }

  broker(id: BrokerId): TestBroker {
    return this.brokers[id - 1]!
  }

  group(id: BrokerId): Group {
    return this.broker(id).groups.get(GROUP)!
  }

  replica(id: BrokerId): Replica {
    return this.group(id) as Replica
  }

  get founders(): BrokerId[] {
    return this.brokers.map(({ id }) => id).slice(0, this.#options.founders)
  }

  /** A founder's replica, or one that is admitted later. */
  openGroup(broker: TestBroker, admission = 0): Promise<Group> {
    return broker.groups.open({
      group: GROUP,
      voters: this.founders,
      admission,
      maxBatchBytes: 1 << 20,
      preferred: broker.id === 1,
      stateMachine: null,
      ...this.#options.spec?.(broker.id),
    })
  }

  async restart(id: BrokerId, admission = 0): Promise<void> {
    const broker = this.broker(id)
    await this.during(broker.start())
    await this.during(this.openGroup(broker, admission))
    for (const other of this.brokers) {
      if (other === broker || !other.alive) continue
      other.groups.link(id, true)
      broker.groups.link(other.id, true)
    }
    await this.run(0)
  }

  /** The only leader of the highest term among the living. */
  leader(): TestBroker {
    const leaders = this.brokers.filter(({ id, alive }) => alive && this.group(id)?.isLeader)
    leaders.sort((a, b) => this.group(b.id).term - this.group(a.id).term)
    if (leaders.length === 0) throw new Error('no broker leads')
    return leaders[0]!
  }

  /** Undefined for a broker that is dead, or that this world does not have. */
  #living(id: BrokerId): TestBroker | undefined {
    const broker = this.brokers[id - 1]
    return broker?.alive ? broker : undefined
  }

  async #ask<Name extends RequestName>(
    from: BrokerId,
    to: BrokerId,
    name: Name,
    fields: Omit<Message<Name>, 'correlation'>,
  ): Promise<PeerReply<Name>> {
    await Promise.resolve()
    const groups = this.#living(to)?.groups
    if (groups === undefined || !this.passesNotes(from, to)) throw new TailraceError('CONNECTION_LOST')
    const request = { correlation: 1, ...fields } as unknown as Message<GroupRequestName>
    const found = await groups.answer(from, name as GroupRequestName, request)
    const { fields: answered, body } = this.answers(name, found, from, to, request)
    if (!this.broker(to).alive || !this.broker(from).alive) throw new TailraceError('CONNECTION_LOST')
    return { fields: { correlation: 1, ...answered } as never, body: new Uint8Array(Buffer.concat(body)) }
  }

  /** Cuts the broker off from all others. */
  isolate(id: BrokerId): void {
    this.passes = ({ from, to }) => from !== id && to !== id
    this.passesNotes = (from, to) => from !== id && to !== id
  }

  heal(): void {
    this.passes = () => true
    this.passesNotes = () => true
    for (const broker of this.brokers) {
      for (const other of this.brokers) if (broker.alive && broker !== other) broker.groups.link(other.id, true)
    }
  }

  /** Lets so much time pass, 0: only what happens at once. */
  run(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  /** Lets as much time pass as it takes. */
  async during<T>(promise: Promise<T>): Promise<T> {
    const outcome = outcomeOf(promise)
    for (let turn = 0; outcome.state === 'pending'; turn += 1) {
      if (turn > 1000) throw new Error('it does not end')
      await this.run(turn < 50 ? 0 : 10)
    }
    return promise
  }

  async until(condition: () => boolean, maxMs = 10_000): Promise<void> {
    for (let ms = 0; !condition(); ms += 10) {
      if (ms > maxMs) throw new Error(`it has not come true within ${maxMs} ms`)
      await this.run(10)
    }
  }

  /** `offset:value` of all that a broker's replica knows to be committed. */
  async records(id: BrokerId): Promise<string[]> {
    const group = this.group(id)
    const found: string[] = []
    for (let offset = group.logStart; offset < group.highWatermark; ) {
      const run = await this.during(group.fetch({ offset, maxBytes: 1 << 20, waitMs: 0 }))
      found.push(...recordsOf(run.batches))
      if (run.nextOffset === offset) throw new Error(`broker ${id} gives nothing at ${offset}`)
      offset = run.nextOffset
    }
    return found
  }
}

/** All promises that have become ready are followed up. */
