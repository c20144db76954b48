import type { BrokerId } from '@tailrace/schemas'
import type { GroupTarget } from '../../../../broker/src/api/admin-api.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { Scene } from '../scene.ts'
import { nameOf } from '../workload/operator.ts'
import type { FaultClass } from './fault.ts'

/** One of the seed's own partitions; now and then the metadata. Null while there is none. */
export function anyTarget(world: Scene, random: SimRandom): GroupTarget | null {
  if (random.chance(0.2)) return { kind: 'metadata' }
  const { name } = random.pick(world.swarm.topics)
  const topic = world.watch.topic(name)
  if (topic === undefined) return null
  return { kind: 'partition', topic: name, partition: random.below(topic.partitions.length) }
}

function membersOf(world: Scene, target: GroupTarget): readonly BrokerId[] {
  if (target.kind === 'metadata') return world.watch.groups.get(0)!.invariants.configuration.voters
  return world.watch.topic(target.topic)!.partitions[target.partition]!.replicas
}

/** Brokers that a group can be given: they are known, and not lost. */
function available(world: Scene): BrokerId[] {
  return world.inService.map(({ id }) => id).filter((id) => world.watch.metadata.brokers.has(id))
}

/**
 * One more, one less, one for another, or all anew; disks that may rot stay a minority, or no promise would be
 * possible.
 */
function drawMembers(world: Scene, random: SimRandom, target: GroupTarget): BrokerId[] {
  const present = membersOf(world, target)
  const others = available(world).filter((id) => !present.includes(id))
  const kind = random.below(4)
  let drawn = present.filter((id) => available(world).includes(id))
  if (kind === 0 && drawn.length > 1) drawn.splice(random.below(drawn.length), 1)
  if (kind === 1 && others.length > 0) drawn.push(random.pick(others))
  if (kind === 2 && others.length > 0 && drawn.length > 0) drawn[random.below(drawn.length)] = random.pick(others)
  if (kind === 3) drawn = shuffled(available(world), random).slice(0, random.pick([1, 2, 3, 3, 5]))
  const rotten = drawn.filter((id) => world.swarm.rotten.includes(id))
  return rotten.length * 2 < drawn.length ? drawn : drawn.filter((id) => !rotten.includes(id))
}

function shuffled<Item>(items: readonly Item[], random: SimRandom): Item[] {
  const left = [...items]
  return items.map(() => left.splice(random.below(left.length), 1)[0]!)
}

const changeMembers: FaultClass = {
  name: 'change-members',
  likelihood: 0.4,
  everyMs: [500, 2_000],
  strike(world, random) {
    const target = anyTarget(world, random)
    if (target === null || !world.formed) return
    const members = drawMembers(world, random, target)
    if (members.length === 0) return
    void world.operator.ask(`${nameOf(target)} to ${members}`, (admin) => admin.changeMembers(target, members))
  },
}

const cancelChange: FaultClass = {
  name: 'cancel-change',
  likelihood: 0.2,
  everyMs: [300, 1_000],
  strike(world, random) {
    const target = anyTarget(world, random)
    if (target === null || !world.formed) return
    void world.operator.ask(`${nameOf(target)} stays`, (admin) => admin.cancelChange(target))
  },
}

const transfer: FaultClass = {
  name: 'transfer',
  likelihood: 0.3,
  everyMs: [200, 1_000],
  strike(world, random) {
    const target = anyTarget(world, random)
    if (target === null || !world.formed) return
    const to = random.chance(0.2) ? 0 : random.pick(world.ids)
    void world.operator.ask(`${nameOf(target)} led by ${to}`, (admin) => admin.transferLeadership(target, to))
  },
}

const priority: FaultClass = {
  name: 'priority',
  likelihood: 0.2,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    const target = anyTarget(world, random)
    if (target === null || !world.formed) return
    const request = { broker: random.pick(world.ids), factor: random.pick([1, 2, 3]) }
    void world.operator.ask(`priority in ${nameOf(target)}`, (admin) => admin.setPriority(target, request))
  },
}

export const members: readonly FaultClass[] = [changeMembers, cancelChange, transfer, priority]
