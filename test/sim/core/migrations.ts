import type { BrokerId } from '@tailrace/schemas'
import type { MemberTarget } from '../../../broker/src/raft/core.ts'
import { isMember } from '../../../broker/src/raft/members/membership.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { EventKind, type Note } from './event-kind.ts'
import { drawTarget } from './faults.ts'
import type { SimBroker } from './sim-broker.ts'
import type { SwarmOptions } from './swarm-options.ts'

/** The services that migrations need of the world. */
interface Scene {
  readonly brokers: readonly SimBroker[]
  readonly invariants: { isMember(broker: SimBroker): boolean }
  start(broker: SimBroker): void
  deafen(broker: SimBroker): void
  /** For a while these reach each other alone. */
  enclose(ids: readonly BrokerId[]): void
}

/** Members that come and go, and leadership that is transferred. */
export class Migrations {
  readonly #options: SwarmOptions
  readonly #random: SimRandom
  readonly #world: Scene
  readonly #note: Note
  #lastAdmission: number

  constructor(options: SwarmOptions, random: SimRandom, world: Scene, note: Note) {
    this.#options = options
    this.#random = random
    this.#world = world
    this.#note = note
    // Spares were admitted under the numbers up to here.
    this.#lastAdmission = options.spares
  }

  /** Some leader, perhaps a deposed one that does not know it, is asked for other members. */
  change(): void {
    const { brokers } = this.#world
    const broker = this.#random.pick(brokers)
    if (!broker.isLeader) return
    const present = broker.core!.configuration
    this.#ask(broker, drawTarget(this.#random, present, brokers.length))
  }

  #ask(broker: SimBroker, { voters, learners }: MemberTarget): void {
    const { brokers } = this.#world
    const present = broker.core!.configuration
    const admissions: Record<number, number> = {}
    for (const id of [...voters, ...learners]) {
      if (!isMember(present, id)) this.#renew(brokers[id - 1]!)
      admissions[id] = brokers[id - 1]!.admission
    }
    const answer = broker.changeMembers({ voters, learners, admissions })
    this.#note(
      EventKind.Change,
      broker.id,
      voters.length,
      learners.length,
      () => `broker ${broker.id} is asked for voters ${voters}, learners ${learners}: ${answer}`,
    )
  }

  transfer(): void {
    const broker = this.#random.pick(this.#world.brokers)
    if (!broker.isLeader) return
    const { id: to } = this.#random.pick(this.#world.brokers)
    const answer = broker.transferLeadership(to)
    this.#note(EventKind.Transfer, broker.id, to, 0, () => `broker ${broker.id} transfers to ${to}: ${answer}`)
    // A deposed leader that does not learn of it must have given up its lease.
    if (answer === 'started' && this.#random.chance(0.5)) this.#world.deafen(broker)
  }

  /**
   * A leader is left alone, or with a minority, and asked to remove one of the brokers that it does not reach. A broker
   * that was removed before is asked back first.
   */
  schism(broker: SimBroker): void {
    if (!broker.isLeader) return
    const { brokers } = this.#world
    const { voters } = broker.core!.configuration
    if (voters.length < brokers.length && this.#random.chance(0.7)) {
      this.#ask(broker, { voters: brokers.map(({ id }) => id), learners: [] })
      return
    }
    const far = voters.filter((id) => id !== broker.id)
    const near = [broker.id]
    for (let count = this.#random.below(voters.length >> 1); count > 0; count--) {
      near.push(...far.splice(this.#random.below(far.length), 1))
    }
    if (far.length === 0) return
    const out = this.#random.pick(far)
    this.#world.enclose(near)
    this.#ask(broker, { voters: voters.filter((id) => id !== out), learners: [] })
  }

  /** A broker that the committed configuration does not name has deleted its replica, and comes back with another. */
  #renew(broker: SimBroker): void {
    if (this.#world.invariants.isMember(broker) || !this.#random.chance(this.#options.renewal)) return
    broker.stop()
    broker.renew(++this.#lastAdmission)
    const { id, admission } = broker
    this.#note(EventKind.Renew, id, admission, 0, () => `broker ${id} is blank, under admission ${admission}`)
    this.#world.start(broker)
  }
}
