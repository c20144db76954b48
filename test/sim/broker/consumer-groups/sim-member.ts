import { disconnectGraceMs, TailraceError } from '@tailrace/schemas'
import type {
  ConsumerGroupBeat,
  ConsumerGroupBeatReply,
  ConsumerGroupRequest,
  ConsumerGroupResultOf,
  DeclinedPartition,
  LeasedPartition,
} from '../../../../broker/src/api/consumer-groups-api.ts'
import { BeatConnections } from '../../../../consumer/src/groups/beats/beat-connections.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import { isNoAnswer } from '../workload/operator.ts'
import type { World } from '../world.ts'
import { ASKER } from './asker.ts'
import type { GroupPlace, GroupsWatch } from './groups-watch.ts'
import { SimConnection } from './sim-connection.ts'
import { StuckWork } from './stuck-work.ts'

const JOINS = 0
const LEAVES = -1
const LEAVES_FOR_A_WHILE = -2
/** Longer than a broker tries. */
const CALL_MS = 20_000
/** Until a call fails while no broker can be reached. */
const CUT_MS = 20
const fencing = new Set(['FENCED_MEMBER', 'INSTANCE_TAKEN'])
/** Any other error says that a broker made a mistake. */
const expected = new Set([
  'COORDINATOR_UNAVAILABLE',
  'NOT_READY',
  'SHUTTING_DOWN',
  'OVERLOADED',
  'FEATURE_LEVEL_TOO_LOW',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'OUTCOME_UNKNOWN',
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'CLOSED',
])

export interface SimMemberShape {
  readonly group: string
  /** Empty: another process does not take its place. */
  readonly instance: string
  readonly topics: readonly string[]
  readonly sessionMs: number
  /** Its handlers are stuck now and then. */
  readonly sticks: boolean
}

interface Work {
  readonly lease: LeasedPartition
  readonly topic: string
  readonly place: GroupPlace
  readonly token: number
  /** It has handled the records before. */
  position: number
}

/** A process with a consumer in a group: beats, works on what it has, commits, and gives back what it is told to. */
export class SimMember {
  /** Its process lives. */
  alive = true
  readonly shape: SimMemberShape
  readonly #world: World
  readonly #watch: GroupsWatch
  readonly #random: SimRandom
  readonly #work = new Map<string, Work>()
  readonly #beats = new BeatConnections(() => this.#disconnected())
  readonly #connections: SimConnection[] = []
  readonly #stuck: StuckWork
  #id: string
  #epoch = JOINS
  /** Microseconds until which it may work. */
  #until = 0
  /** The process stands still until then. */
  #pausedUntil = 0
  /** It reaches no broker until then. */
  #cutUntil = 0
  /** Its connections end now and then, and some of its records are to come again later. */
  #isTroubled = true

  constructor(world: World, watch: GroupsWatch, random: SimRandom, shape: SimMemberShape) {
    this.#world = world
    this.#watch = watch
    this.#random = random
    this.shape = shape
    this.#stuck = new StuckWork(world, random)
    this.#id = this.#newId()
  }

  /** Partitions that it works on at present. */
  get work(): Iterable<GroupPlace> {
    return [...this.#work.values()].map(({ place }) => place)
  }

  async run(): Promise<void> {
    void this.#commitAgainAndAgain()
    void this.#disconnectNowAndThen()
    while (this.alive) {
      const { code, reply, declined } = await this.#beat(this.#epoch)
      if (!this.alive) return
      await this.#awake()
      if (!this.alive) return
      if (code !== null && fencing.has(code)) this.#startAnew()
      else if (reply !== null) await this.#follow(reply, declined)
      await this.#world.pause(this.#random.between(20, this.shape.sessionMs / 6))
    }
  }

  /** SIGSTOP; when it goes on it does first what it was about to do. */
  standStill(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#world.loop.now + ms * 1000)
  }

  calm(): void {
    this.#isTroubled = false
    this.#stuck.stay()
  }

  handlersMayReturn(): void {
    this.#stuck.mayReturn()
  }

  /** Whether a handler of the partition is stuck. */
  isStuckAt(place: GroupPlace): boolean {
    return this.#stuck.concerns(place)
  }

  get hasStuck(): boolean {
    return !this.#stuck.isOver
  }

  /** The process is gone without a message; its machine ends its connections. */
  kill(): void {
    this.#stopForGood()
    this.#hangUp()
  }

  #stopForGood(): void {
    this.alive = false
    for (const { place } of this.#work.values()) this.#watch.ended(place, this.#id)
    this.#work.clear()
  }

  /** In good order. Resolves when the coordinator knows it, or cannot be asked. */
  async leave(comesBack: boolean): Promise<boolean> {
    const epoch = comesBack && this.shape.instance !== '' ? LEAVES_FOR_A_WHILE : LEAVES
    for (const work of [...this.#work.values()]) await this.#commit(work, work.position)
    this.#stopForGood()
    try {
      for (let attempt = 0; attempt < 5; attempt++) {
        const { code } = await this.#beat(epoch)
        if (code === null || code === 'FENCED_MEMBER') return true
      }
      return false
    } finally {
      this.#hangUp()
    }
  }

  /** On both sides; then it gets no other one for a while. Not while it stands still, and could not notice that. */
  async #disconnectNowAndThen(): Promise<void> {
    const { sessionMs } = this.shape
    for (;;) {
      await this.#world.pause(this.#random.between(sessionMs / 4, sessionMs * 3))
      if (!this.alive || !this.#isTroubled) return
      if (this.#pausedUntil > this.#world.loop.now) continue
      this.#cutUntil = this.#world.loop.now + this.#random.below(sessionMs) * 1000
      this.#hangUp()
    }
  }

  #hangUp(): void {
    for (const connection of this.#connections.splice(0)) connection.end()
  }

  /** A coordinator may be told that this member is gone. */
  #disconnected(): void {
    const { sessionMs, instance } = this.shape
    if (instance !== '' || this.#world.connectionEndsIgnored) return
    const until = this.#world.loop.now + disconnectGraceMs(sessionMs) * 1000
    this.#until = Math.min(this.#until, until)
    for (const { place } of this.#work.values()) this.#watch.shortened(place, this.#id, until)
  }

  async #beat(epoch: number): Promise<{
    code: string | null
    reply: ConsumerGroupBeatReply | null
    declined: readonly DeclinedPartition[]
  }> {
    const { group, instance, topics, sessionMs } = this.shape
    const sentAt = this.#world.loop.now
    for (const lease of this.#stuck.givenUp([...this.#work.values()])) this.#giveUp(lease)
    const declined = this.#stuck.fields()
    const owned = [...this.#work.values()].map(({ place: { topicId, partition }, token }) => ({
      topicId,
      partition,
      token,
    }))
    const beat: ConsumerGroupBeat = {
      kind: 'beat',
      group,
      member: this.#id,
      epoch,
      clientId: 'sim',
      instance,
      rack: '',
      sessionMs,
      waitMs: this.#random.chance(0.5) ? Math.floor(sessionMs / 5) : 0,
      subscribed: epoch === JOINS ? { topics, patterns: [] } : null,
      owned,
      stuck: [],
      number: instance === '' ? this.#beats.next() : 0,
      declined,
    }
    const id = this.#id
    const { code, result } = await this.#outcome('beat', () => this.#send(beat))
    if (result !== null) {
      if (epoch >= JOINS) this.#watch.used(group, sentAt)
      const isConfirmed = this.#beats.answered(beat.number!) || instance !== '' || this.#world.connectionEndsIgnored
      // Counted from when it was sent, as the coordinator counts from when it came.
      if (isConfirmed && id === this.#id) this.#until = sentAt + sessionMs * 1000
    }
    return { code, reply: result, declined }
  }

  /** On a connection that is open, or a new one to any broker. */
  #send(beat: ConsumerGroupBeat): Promise<ConsumerGroupBeatReply> {
    const connection = this.#connection()
    if (connection === null) return Promise.reject(new Error('connection refused'))
    this.#beats.carries(connection, beat.number!)
    return connection.beat(beat)
  }

  #connection(): SimConnection | null {
    for (const one of this.#connections) if (!one.isWhole) one.end()
    const open = this.#connections.filter(({ isOpen }) => isOpen)
    if (open.length > 0 && this.#random.chance(0.8)) return this.#random.pick(open)
    const broker = this.#world.anyBroker(this.#random)
    if (broker.life === null) return null
    const made = new SimConnection(this.#world, this.#random, broker, broker.life)
    this.#connections.splice(0, this.#connections.length, ...open, made)
    return made
  }

  async #follow(reply: ConsumerGroupBeatReply, declined: readonly DeclinedPartition[]): Promise<void> {
    if (this.#until <= this.#world.loop.now) {
      // It comes too late: somebody else may work by now.
      this.#stopAll()
      return
    }
    this.#epoch = reply.epoch
    this.#world.watch.guard(() => this.#watch.judgeDeclined(this.shape.group, this.#id, declined, reply))
    this.#stuck.answered(reply)
    const revoked = new Set(reply.revoke.map((place) => keyOf(place)))
    for (const lease of reply.assignment) {
      if (!revoked.has(keyOf(lease)) && !this.#stuck.declines(lease)) this.#take(lease)
    }
    const kept = new Set(reply.assignment.map(keyOf))
    for (const [key, work] of [...this.#work]) {
      if (revoked.has(key)) await this.#giveBack(key, work)
      else if (!kept.has(key)) this.#stop(key, work)
    }
    for (const { topicId, partition, offset, token } of reply.due)
      await this.#redeliver(keyOf({ topicId, partition }), offset, token)
  }

  #take(lease: LeasedPartition): void {
    const { topic, topicId, partition, token, offset } = lease
    const key = keyOf(lease)
    const place = { group: this.shape.group, topicId, partition }
    const known = this.#work.get(key)
    if (known?.token === token) {
      this.#world.watch.guard(() => this.#watch.goesOn(place, this.#id, this.#until))
      return
    }
    this.#world.watch.guard(() => this.#watch.began(place, this.#id, lease, this.#until))
    this.#world.note(`${this.#id} has ${place.group} ${key} from ${offset} under ${token}`)
    this.#work.set(key, { lease, topic, place, token, position: Math.max(0, offset) })
  }

  /** Its handler is stuck for longer than the limit: from now on it is another one's, as far as this member knows. */
  #giveUp(lease: LeasedPartition): void {
    const key = keyOf(lease)
    const work = this.#work.get(key)
    if (work === undefined) return
    this.#watch.declined++
    this.#world.note(`${this.#id} gives up ${work.place.group} ${key} under ${work.token}`)
    this.#stop(key, work)
  }

  /** When it returns, it commits as if nothing had happened. */
  async #stick(work: Work): Promise<void> {
    await this.#stuck.stick(work.lease, this.#random.between(50, this.shape.sessionMs / 2))
    await this.#awake()
    if (this.alive) await this.#commit(work, work.position + 1)
  }

  /** With a stuck handler it is given back when that has returned. */
  async #giveBack(key: string, work: Work): Promise<void> {
    if (this.#stuck.has(work)) return
    await this.#commit(work, work.position)
    if (this.#work.get(key) === work) this.#stop(key, work)
  }

  #stop(key: string, { place }: Work): void {
    this.#work.delete(key)
    this.#watch.ended(place, this.#id)
  }

  #stopAll(): void {
    for (const [key, work] of [...this.#work]) this.#stop(key, work)
  }

  #startAnew(): void {
    this.#stopAll()
    this.#stuck.begunAnew()
    this.#id = this.#newId()
    this.#epoch = JOINS
    this.#until = 0
  }

  async #commitAgainAndAgain(): Promise<void> {
    while (this.alive) {
      await this.#world.pause(this.#random.between(10, 150))
      const stoodStill = await this.#awake()
      if (!this.alive || this.#work.size === 0) continue
      const work = this.#random.pick([...this.#work.values()])
      // One that stood still does not look at the time first: its commit must be refused if it is too late.
      if (!stoodStill && this.#until <= this.#world.loop.now) continue
      if (this.#stuck.has(work)) continue
      if (this.#isTroubled && this.shape.sticks && this.#random.chance(0.04)) {
        void this.#stick(work)
        continue
      }
      const before = work.position
      work.position += this.#random.between(1, 5)
      void this.#commit(work, work.position)
      // A commit that was sent before may arrive behind.
      if (this.#random.chance(0.1)) void this.#commit(work, before)
      if (this.#isTroubled && this.#random.chance(0.1)) void this.#delay(work, before)
    }
  }

  async #commit({ topic, place, token }: Work, offset: number): Promise<void> {
    const { topicId, partition } = place
    const sentAt = this.#world.loop.now
    const answered = this.#watch.committing(place, token, offset)
    const position = { topic, topicId, partition, token, offset, term: 1, metadata: '', done: false }
    const { code, result } = await this.#ask({
      kind: 'commit',
      group: place.group,
      member: this.#id,
      positions: [position],
    })
    if (code === 'FENCED_MEMBER') this.#world.watch.guard(() => answered(true))
    if (result === null) return
    this.#watch.used(place.group, sentAt)
    const isFenced = result.fenced.length > 0
    this.#world.watch.guard(() => answered(isFenced))
  }

  async #delay({ topic, place, token }: Work, offset: number): Promise<void> {
    const { topicId, partition } = place
    const { group } = this.shape
    const delayMs = this.#random.between(1, 2000)
    const fields = { topic, topicId, partition, token, offset, delayMs, attempt: 1 }
    this.#watch.delaying(place, offset)
    const { result } = await this.#ask({ kind: 'delay', group, member: this.#id, ...fields })
    if (result?.fenced.length === 0) this.#watch.delayed(place, offset)
  }

  async #redeliver(key: string, offset: number, token: number): Promise<void> {
    const work = this.#work.get(key)
    if (work === undefined || work.token !== token) return
    this.#watch.redelivering(work.place, offset)
    const { topicId, partition } = work.place
    const { group } = this.shape
    const position = { topic: work.topic, topicId, partition, token, offset, term: 1, metadata: '', done: true }
    await this.#ask({ kind: 'commit', group, member: this.#id, positions: [position] })
  }

  async #ask<Request extends ConsumerGroupRequest>(
    request: Request,
  ): Promise<{ code: string | null; result: ConsumerGroupResultOf<Request> | null }> {
    return this.#outcome(request.kind, () => {
      const broker = this.#world.anyBroker(this.#random)
      return this.#world.call(broker, ({ node }) => node.consumerGroups.for(ASKER).ask(request), CALL_MS)
    })
  }

  async #outcome<Result>(
    kind: ConsumerGroupRequest['kind'],
    call: () => Promise<Result>,
  ): Promise<{ code: string | null; result: Result | null }> {
    const world = this.#world
    if (this.#cutUntil > world.loop.now) {
      await world.pause(CUT_MS)
      return { code: 'no answer', result: null }
    }
    try {
      return { code: null, result: await call() }
    } catch (error) {
      const code = error instanceof TailraceError ? error.code : isNoAnswer(error) ? 'no answer' : 'INTERNAL'
      if (code !== 'no answer' && !fencing.has(code) && !expected.has(code)) {
        const detail = error instanceof Error ? error.stack : error
        world.watch.report(new Finding('unhandled-rejection', `${this.#id}, ${kind}: ${detail}`))
      }
      return { code, result: null }
    }
  }

  /** Whether it stood still. */
  async #awake(): Promise<boolean> {
    const stoodStill = this.#pausedUntil > this.#world.loop.now
    while (this.#pausedUntil > this.#world.loop.now) {
      await this.#world.pause((this.#pausedUntil - this.#world.loop.now) / 1000)
    }
    return stoodStill
  }

  #newId(): string {
    return `m-${this.#random.next()}`
  }
}

function keyOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}/${partition}`
}
