import type { BrokerId } from '@tailrace/schemas'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { bothWays, type Links } from '../../core/faults.ts'
import type { SimCascade } from '../cascade/sim-cascade.ts'
import type { Scene } from '../scene.ts'
import type { FaultClass } from './fault.ts'

function anyCascade(world: Scene, random: SimRandom): SimCascade {
  return random.pick(world.cascades.all)
}

function downMs(random: SimRandom): number {
  return random.pick([1, 50, 500, 3_000]) * (0.5 + random.below(100) / 100)
}

/** All brokers but one. */
function othersOf(world: Scene, id: BrokerId): BrokerId[] {
  return [...world.ids, ...world.cascades.all.map((cascade) => cascade.id)].filter((other) => other !== id)
}

/** Killed, or without power: bytes that were not synced may be gone then. */
const crash: FaultClass = {
  name: 'cascade-crash',
  likelihood: 0.8,
  everyMs: [300, 1_000, 3_000],
  strike(world, random) {
    world.cascades.crash(anyCascade(world, random), random.chance(0.6), downMs(random))
  },
}

const restart: FaultClass = {
  name: 'cascade-restart',
  likelihood: 0.3,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    world.cascades.stop(anyCascade(world, random), downMs(random))
  },
}

/** The broker that a cascade broker copies from is away for long, so that another takes its place. */
const sourceDeath: FaultClass = {
  name: 'source-death',
  likelihood: 0.5,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    const source = anyCascade(world, random).life?.node.uplink.session?.source
    if (source === undefined) return
    const cascade = world.cascades.all.find(({ id }) => id === source)
    const awayMs = random.pick([2_000, 6_000, 15_000])
    if (cascade !== undefined) world.cascades.crash(cascade, random.chance(0.5), awayMs)
    // Brokers of level 0 that are away for long would leave the cluster without a majority.
    else if (world.inService.every(({ up }) => up)) world.crash(world.broker(source), random.chance(0.5), 2_000)
  },
}

/** Bytes to or from a cascade broker wait: one way or both, from its source, another broker or all. */
const cut: FaultClass = {
  name: 'cascade-cut',
  likelihood: 0.5,
  everyMs: [500, 2_000],
  strike(world, random) {
    const { id, life } = anyCascade(world, random)
    const source = life?.node.uplink.session?.source ?? random.pick(world.ids)
    const others = random.pick([[source], [source], [random.pick(othersOf(world, id))], othersOf(world, id)])
    const links: Links = random.chance(0.6) ? bothWays([id], others) : others.map((other) => [other, id] as const)
    for (const [from, to] of links) world.cut(from, to)
    world.note(`links cut: ${links.map(([from, to]) => `${from}->${to}`).join(' ')}`)
    const breaks = random.chance(0.3)
    world.undoAfter(random.pick([100, 2_000, 8_000]) * (0.5 + random.below(100) / 100), () => {
      for (const [from, to] of links) {
        if (breaks) world.network.reset(world.hostOf(from), world.hostOf(to))
        world.heal(from, to)
      }
      world.note(`links whole: ${links.map(([from, to]) => `${from}->${to}`).join(' ')}`)
    })
  },
}

/** Connections to its source break; a new one can be made at once. */
const reset: FaultClass = {
  name: 'cascade-reset',
  likelihood: 0.5,
  everyMs: [100, 500, 2_000],
  strike(world, random) {
    const { id, life } = anyCascade(world, random)
    const other = life?.node.uplink.session?.source ?? random.pick(othersOf(world, id))
    world.note(`connections between ${id} and ${other} break`)
    world.network.reset(world.hostOf(id), world.hostOf(other))
  },
}

const pause: FaultClass = {
  name: 'cascade-pause',
  likelihood: 0.3,
  everyMs: [500, 2_000],
  strike(world, random) {
    const { id, process } = anyCascade(world, random)
    if (process === null) return
    world.note(`cascade broker ${id} stands still`)
    process.pause()
    world.undoAfter(random.pick([50, 500, 6_000]) * (0.5 + random.below(100) / 100), () => {
      world.note(`cascade broker ${id} goes on`)
      process.resume()
    })
  },
}

/** Its disk is slow, fails at the next sync, or has less room than the broker thought. */
const disk: FaultClass = {
  name: 'cascade-disk',
  likelihood: 0.4,
  everyMs: [500, 2_000],
  strike(world, random) {
    const { id, machine } = anyCascade(world, random)
    const { behaviour, used } = machine.disk
    const { syncMicros, readMicros, capacity } = world.swarm.cascades!.brokers.find((shape) => shape.id === id)!.disk
    const kind = random.pick(['slow', 'failing', 'full'])
    if (kind === 'full' && used >= capacity) return
    world.note(`disk ${id} is ${kind}`)
    if (kind === 'slow') Object.assign(behaviour, { syncMicros: [20_000, 800_000], readMicros: [5_000, 50_000] })
    else if (kind === 'failing') behaviour.failSync = true
    else behaviour.capacity = used + random.below(20_000)
    world.undoAfter(random.pick([300, 3_000]), () =>
      Object.assign(behaviour, { syncMicros, readMicros, failSync: false, capacity }),
    )
  },
}

/** An operator chooses a source, or leaves the choice to the cluster again. */
const assign: FaultClass = {
  name: 'assign-source',
  likelihood: 0.4,
  everyMs: [500, 2_000],
  strike(world, random) {
    const { id } = anyCascade(world, random)
    const source = random.chance(0.3) ? 0 : random.pick(othersOf(world, id))
    const control = random.pick(world.inService).life?.below?.control
    if (control === undefined) return
    world.note(`broker ${id} is to copy from ${source}`)
    control.assign(id, source).then(
      () => world.operated('assign-source'),
      () => {},
    )
  },
}

export const cascadeFaults: readonly FaultClass[] = [crash, restart, sourceDeath, cut, reset, pause, disk, assign]
