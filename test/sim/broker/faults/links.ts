import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { drawPartition, drawPartitionAt, type Links } from '../../core/faults.ts'
import type { Scene } from '../scene.ts'
import { type FaultClass, victim } from './fault.ts'

function cut(world: Scene, random: SimRandom, links: Links): void {
  for (const [from, to] of links) world.cut(from, to)
  world.note(`links cut: ${links.map(([from, to]) => `${from}->${to}`).join(' ')}`)
  const whole = random.chance(0.3)
  world.undoAfter(random.pick([100, 1_000, 4_000]) * (0.5 + random.below(100) / 100), () => {
    for (const [from, to] of links) {
      // A network that comes back often breaks the connections that waited.
      if (whole) world.network.reset(world.hostOf(from), world.hostOf(to))
      world.heal(from, to)
    }
    world.note(`links whole: ${links.map(([from, to]) => `${from}->${to}`).join(' ')}`)
  })
}

/** One-way, between two brokers, around one, or between two groups. Bytes wait, and no broker is told. */
const partition: FaultClass = {
  name: 'partition',
  likelihood: 0.4,
  everyMs: [800, 3_000],
  strike: (world, random) => cut(world, random, drawPartition(random, world.ids)),
}

/** The same around the broker that leads most. */
const leaderCutOff: FaultClass = {
  name: 'leader-cut-off',
  likelihood: 0.3,
  everyMs: [1_000, 4_000],
  strike: (world, random) => cut(world, random, drawPartitionAt(random, victim(world, random).id, world.ids)),
}

/** Connections break, and messages in flight on them are lost; new ones can be made. */
const connectionReset: FaultClass = {
  name: 'connection-reset',
  likelihood: 0.4,
  everyMs: [100, 500, 2_000],
  strike(world, random) {
    const one = random.pick(world.ids)
    const other = random.pick(world.ids.filter((id) => id !== one))
    world.note(`connections between ${one} and ${other} break`)
    world.network.reset(world.hostOf(one), world.hostOf(other))
  },
}

export const links: readonly FaultClass[] = [partition, leaderCutOff, connectionReset]
