import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { AdminApi, GroupTarget } from '../../../../broker/src/api/admin-api.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import type { Scene } from '../scene.ts'

const CALL_MS = 40_000
const PAUSE_MS = 300

/** The services that the operator needs of the world beyond those for faults. */
export interface Workplace extends Scene {
  readonly open: boolean
  pause(ms: number): Promise<void>
}

/** Calls the brokers' interface for operators, as people do: of any broker, and again when that does not work. */
export class Operator {
  /** Brokers lost permanently that the cluster still counts on. */
  readonly replacing = new Set<BrokerId>()
  readonly #world: Workplace
  readonly #random: SimRandom

  constructor(world: Workplace, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  /** Asks once. A refusal with a reason is no fault; null then. */
  async ask<Result>(what: string, call: (admin: AdminApi) => Promise<Result>): Promise<Result | null> {
    const world = this.#world
    const broker = world.anyBroker(this.#random)
    try {
      const result = await world.call(broker, ({ node }) => call(node.admin), CALL_MS)
      world.operated(what)
      world.note(`operator: ${what}: done`)
      return result
    } catch (error) {
      world.note(`operator: ${what}: ${error}`)
      if (error instanceof TailraceError ? error.code === 'INTERNAL' : !isNoAnswer(error))
        world.watch.report(
          new Finding('unhandled-rejection', `${what}: ${error instanceof Error ? error.stack : error}`),
        )
      return null
    }
  }

  /** Puts a new broker in the place of one that is lost, everywhere, and removes the old one. */
  async replace(old: BrokerId, heir: BrokerId): Promise<void> {
    const world = this.#world
    const { metadata } = world.watch
    this.replacing.add(old)
    while (!metadata.removed.has(old)) {
      await world.pause(PAUSE_MS)
      if (!metadata.brokers.has(heir)) continue
      const left = this.#holds(old)
      if (left.length === 0) await this.ask(`broker ${old} is removed`, (admin) => admin.removeBroker(old))
      for (const { target, members, isUnderWay } of left) {
        const wanted = [...new Set(members.map((id) => (id === old ? heir : id)))]
        if (isUnderWay) await this.ask(`${nameOf(target)} stays`, (admin) => admin.cancelChange(target))
        else await this.ask(`${nameOf(target)} to ${wanted}`, (admin) => admin.changeMembers(target, wanted))
      }
    }
    this.replacing.delete(old)
  }

  /** All brokers run the newer release, and the operator does not want to go back. */
  async finishUpgrade(): Promise<void> {
    const { releases } = this.#world.watch
    while (releases?.raised === 0) {
      await this.#world.pause(PAUSE_MS)
      await raiseLevel(this)
    }
  }

  /** The groups to which a broker belongs, or is to belong. */
  #holds(broker: BrokerId): { target: GroupTarget; members: readonly BrokerId[]; isUnderWay: boolean }[] {
    const { metadata, groups } = this.#world.watch
    const found = []
    const { voters } = groups.get(METADATA_GROUP)!.invariants.configuration
    if (voters.includes(broker)) {
      found.push({ target: { kind: 'metadata' } as const, members: voters, isUnderWay: false })
    }
    for (const { topic, partition } of metadata.places.values()) {
      const { replicas, change } = topic.partitions[partition]!
      const target = { kind: 'partition', topic: topic.name, partition } as const
      if (change !== undefined) {
        // A change that does not concern the broker comes to its end by itself.
        if (change.replicas.includes(broker)) found.push({ target, members: replicas, isUnderWay: true })
        else if (replicas.includes(broker)) continue
      } else if (replicas.includes(broker)) found.push({ target, members: replicas, isUnderWay: false })
    }
    return found
  }
}

export function raiseLevel(operator: Scene['operator']): Promise<unknown> {
  const request = { level: null, by: 'somebody', cascades: [] }
  return operator.ask('feature level', (admin) => admin.raiseFeatureLevel(request))
}

export function nameOf(target: GroupTarget): string {
  return target.kind === 'metadata' ? 'the metadata' : `${target.topic}/${target.partition}`
}

export function isNoAnswer(error: unknown): boolean {
  return error instanceof Error && /^no answer$|^connection refused$/.test(error.message)
}
