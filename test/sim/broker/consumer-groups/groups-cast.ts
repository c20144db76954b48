import { TailraceError } from '@tailrace/schemas'
import type { ConsumerGroupDescription } from '../../../../broker/src/api/consumer-groups-api.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import type { Life } from '../sim-broker.ts'
import type { ConsumerGroupSwarm } from '../swarm.ts'
import { isNoAnswer } from '../workload/operator.ts'
import type { World } from '../world.ts'
import { ASKER } from './asker.ts'
import { GroupsWatch, nameOf } from './groups-watch.ts'
import { SimMember } from './sim-member.ts'

const CALL_MS = 20_000
const PAUSE_MS = 300
/** Mean milliseconds until all members of a group leave, where groups expire. */
const ABANDON_EVERY_MS = 8_000
/** A group that has kept nothing. */
const EMPTY: ConsumerGroupDescription = {
  kind: 'described',
  state: 'empty',
  epoch: 0,
  members: [],
  partitions: [],
  delayed: 0,
}

/** All consumer groups of a world: members come, stand still, die and leave, and the operator resets what is empty. */
export class GroupsCast {
  readonly watch: GroupsWatch
  /** Members that joined, died, stood still and left. */
  readonly events = { joined: 0, killed: 0, stoodStill: 0, left: 0, resets: 0, abandoned: 0 }
  readonly #world: World
  readonly #swarm: ConsumerGroupSwarm
  readonly #random: SimRandom
  readonly #members = new Set<SimMember>()
  #made = 0
  /** Members come and go. */
  #moving = true
  #mayReturn = false
  #gone = false

  constructor(world: World, swarm: ConsumerGroupSwarm) {
    this.#world = world
    this.#swarm = swarm
    this.#random = world.stream(900)
    this.watch = new GroupsWatch(() => world.loop.now, swarm.expirationMs)
  }

  enter(): void {
    for (let number = 0; number < this.#swarm.groups; number++) void this.#runGroup(`group-${number}`)
  }

  /** Nobody comes or goes any more; who is there stays. */
  calm(): void {
    this.#moving = false
    for (const member of this.#members) member.calm()
  }

  /** Handlers that are stuck return, and their members take those partitions again. */
  handlersMayReturn(): void {
    this.#mayReturn = true
    for (const member of this.#members) member.handlersMayReturn()
  }

  /** The first thing that is still wrong, or null. What all members are stuck at has nobody before they return. */
  unsettled(): string | null {
    if (this.#moving || this.#gone) return null
    const isStuck = [...this.#members].some((member) => member.hasStuck)
    if (this.#mayReturn && isStuck) return 'a handler is stuck'
    for (const group of this.#groups) {
      const there = [...this.#members].filter(({ alive, shape }) => alive && shape.group === group)
      const held = new Set(there.flatMap(({ work }) => [...work]).map(nameOf))
      for (const topic of this.#topicsOf(group)) {
        const { id, partitions } = this.#world.watch.topic(topic)!
        for (let partition = 0; partition < partitions.length; partition++) {
          const place = { group, topicId: id, partition }
          const isDeclined = there.length > 0 && there.every((member) => member.isStuckAt(place))
          if (!held.has(nameOf(place)) && !isDeclined) return `nobody works on ${nameOf(place)}`
        }
      }
    }
    // A clock that jumps by a day brings a record a day early, or late.
    if ('clock-jump' in this.#world.swarm.faults) return null
    // Those of a partition that all decline come when handlers have returned.
    if (isStuck) return null
    return this.watch.waiting > 0 ? `${this.watch.waiting} delayed records have not come again` : null
  }

  /** All leave. Then the coordinators have nothing more to write. */
  async leave(): Promise<void> {
    this.#gone = true
    await Promise.all([...this.#members].map((member) => member.leave(false)))
    for (const group of this.#groups)
      await this.#until(`${group} is empty`, async () => (await this.#describe(group)).state === 'empty')
  }

  /** Resolves when the groups, which nobody uses any more, have expired; at once if they never do. */
  async expire(): Promise<void> {
    if (this.#swarm.expirationMs === 0) return
    for (const group of this.#groups)
      await this.#until(`${group} expires`, async () => (await this.#describe(group)) === EMPTY)
  }

  /** What was acknowledged is there, unless it may have expired. @throws Finding */
  async checkOutcome(): Promise<void> {
    for (const group of this.#groups) {
      if (this.watch.mayBeGone(group)) continue
      const { partitions } = await this.#describe(group)
      const found = new Set<string>()
      for (const { topicId, partition, offset } of partitions) {
        const place = { group, topicId, partition }
        if (offset >= 0) found.add(nameOf(place))
        this.watch.check(place, offset)
      }
      for (const name of this.watch.acknowledged(group))
        if (!found.has(name)) throw new Finding('positions-stay', `the position of ${name} is gone`)
    }
  }

  get #groups(): string[] {
    return Array.from({ length: this.#swarm.groups }, (_, number) => `group-${number}`)
  }

  /** The second group reads one topic, so that a member has more than another one. */
  #topicsOf(group: string): string[] {
    const names = this.#world.swarm.topics.map(({ name }) => name)
    return group === 'group-1' ? names.slice(0, 1) : names
  }

  async #runGroup(group: string): Promise<void> {
    const { members, moveEveryMs, expirationMs } = this.#swarm
    const random = this.#world.stream(910 + this.#made++)
    while (!this.#gone) {
      const there = [...this.#members].filter(({ alive, shape }) => alive && shape.group === group)
      if (this.#moving && expirationMs > 0 && there.length > 0 && random.chance(moveEveryMs / ABANDON_EVERY_MS))
        await this.#abandon(there, random)
      else if (there.length === 0 || (this.#moving && there.length < members && random.chance(0.5)))
        this.#join(group, random, '')
      else if (this.#moving) await this.#move(random.pick(there), random, there.length)
      await this.#world.pause(random.between(moveEveryMs / 4, moveEveryMs * 2))
    }
  }

  #join(group: string, random: SimRandom, instance: string): void {
    // Its predecessor took long to leave: nobody would have this one leave.
    if (this.#gone) return
    const { sessionMs, sticks } = this.#swarm
    const named = instance === '' && random.chance(0.4) ? `s-${this.#made}` : instance
    const stream = this.#world.stream(1000 + this.#made++)
    const member = new SimMember(this.#world, this.watch, stream, {
      group,
      instance: named,
      topics: this.#topicsOf(group),
      sessionMs,
      sticks,
    })
    if (!this.#moving) member.calm()
    if (this.#mayReturn) member.handlersMayReturn()
    this.#members.add(member)
    this.events.joined++
    void member.run()
  }

  /** All members leave or die, and nobody comes for a while, around the time after which the group expires. */
  async #abandon(there: readonly SimMember[], random: SimRandom): Promise<void> {
    this.events.abandoned++
    for (const member of there) {
      this.#members.delete(member)
      if (random.chance(0.3)) member.kill()
      else await member.leave(false)
    }
    const { expirationMs } = this.#swarm
    const until = this.#world.loop.now + random.between(expirationMs / 2, expirationMs * 2) * 1000
    while (this.#moving && this.#world.loop.now < until) await this.#world.pause(PAUSE_MS)
  }

  async #move(member: SimMember, random: SimRandom, others: number): Promise<void> {
    const { shape } = member
    const dice = random.below(10)
    if (dice < 3) {
      this.events.stoodStill++
      // Around the end of the session, so that it is sometimes too late.
      member.standStill(random.between(shape.sessionMs / 2, shape.sessionMs * 2))
    } else if (dice < 6) {
      this.events.killed++
      member.kill()
      this.#members.delete(member)
      if (shape.instance !== '') this.#join(shape.group, random, shape.instance)
    } else if (dice < 9) {
      const comesBack = random.chance(0.5)
      this.#members.delete(member)
      await member.leave(comesBack)
      this.events.left++
      if (comesBack && shape.instance !== '') this.#join(shape.group, random, shape.instance)
    } else if (others === 1) await this.#reset(member, random)
  }

  /** The last member leaves, and the operator sets the positions. */
  async #reset(last: SimMember, random: SimRandom): Promise<void> {
    const { group } = last.shape
    this.#members.delete(last)
    if (!(await last.leave(false))) return
    const positions = this.#topicsOf(group).flatMap((topic) => {
      const { id: topicId, partitions } = this.#world.watch.topic(topic)!
      return partitions.map((_, partition) => {
        return { topic, topicId, partition, token: 0, offset: random.below(5), term: 1, metadata: '', done: false }
      })
    })
    for (const { topicId, partition, offset } of positions) this.watch.resetting({ group, topicId, partition }, offset)
    const sentAt = this.#world.loop.now
    const done = await this.#ask(({ node }) => {
      return node.consumerGroups.for(ASKER).ask({ kind: 'alter', group, remove: false, positions })
    })
    if (done === null) return
    this.events.resets++
    this.watch.used(group, sentAt)
    for (const { topicId, partition, offset } of positions) this.watch.reset({ group, topicId, partition }, offset)
  }

  async #describe(group: string): Promise<ConsumerGroupDescription> {
    for (;;) {
      const described = await this.#ask(({ node }) => node.consumerGroups.for(ASKER).ask({ kind: 'describe', group }))
      if (described !== null) return described
      await this.#world.pause(PAUSE_MS)
    }
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      this.#world.note(`waiting until ${what}`)
      await this.#world.pause(PAUSE_MS)
    }
  }

  /** Null: it was refused, or the answer did not come. */
  async #ask<Result>(call: (life: Life) => Promise<Result>): Promise<Result | null> {
    const world = this.#world
    try {
      return await world.call(world.anyBroker(this.#random), call, CALL_MS)
    } catch (error) {
      world.note(`operator of consumer groups: ${error}`)
      const code = error instanceof TailraceError ? error.code : isNoAnswer(error) ? 'no answer' : 'INTERNAL'
      if (code === 'UNKNOWN_CONSUMER_GROUP') return EMPTY as Result
      if (code === 'INTERNAL') {
        const detail = error instanceof Error ? error.stack : error
        world.watch.report(new Finding('unhandled-rejection', `an operator of consumer groups: ${detail}`))
      }
      return null
    }
  }
}
