import { isMember } from '../../broker/src/raft/membership.ts'
import { EventKind, type Note } from './event-kind.ts'
import { drawTarget } from './faults.ts'
import type { SimRandom } from './random.ts'
import type { SimBroker } from './sim-broker.ts'
import type { SwarmOptions } from './swarm-options.ts'

/** What migrations need of the world around them. */
interface Scene {
  readonly brokers: readonly SimBroker[]
  readonly invariants: { isMember(broker: SimBroker): boolean }
  start(broker: SimBroker): void
  deafen(broker: SimBroker): void
}

/** Members that come and go, and leadership that is handed on. */
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

  /** Some leader, perhaps one that is deposed and does not know, is asked for other members. */
  change(): void {
    const { brokers } = this.#world
    const broker = this.#random.pick(brokers)
    if (!broker.isLeader) return
    const present = broker.core!.configuration
    const { voters, learners } = drawTarget(this.#random, present, brokers.length)
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
    this.#note(EventKind.Transfer, broker.id, to, 0, () => `broker ${broker.id} hands on to ${to}: ${answer}`)
    // Who is deposed and does not hear of it is the one that must have given up its lease.
    if (answer === 'started' && this.#random.chance(0.5)) this.#world.deafen(broker)
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
