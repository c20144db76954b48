import { type FaultClass, victim } from './fault.ts'

/** A broker joins an existing cluster. */
const join: FaultClass = {
  name: 'join',
  likelihood: 0.4,
  everyMs: [500, 2_000],
  strike(world, random) {
    if (world.formed && random.chance(0.7)) world.join()
  },
}

/** A disk is lost permanently: one that would rot otherwise, so that no more than a minority is ever lost. */
const wipe: FaultClass = {
  name: 'wipe',
  likelihood: 0.2,
  everyMs: [1_000, 3_000],
  strike(world) {
    if (world.formed) world.wipe(world.broker(world.swarm.rotten[0]!))
  },
}

/** A process stands still for a while, and does not know it afterwards. */
const pause: FaultClass = {
  name: 'pause',
  likelihood: 0.3,
  everyMs: [500, 2_000],
  strike(world, random) {
    const broker = victim(world, random)
    const { process } = broker
    if (process === null) return
    world.note(`broker ${broker.id} stands still`)
    process.pause()
    world.undoAfter(random.pick([50, 500, 2_000]) * (0.5 + random.below(100) / 100), () => {
      world.note(`broker ${broker.id} goes on`)
      process.resume()
    })
  },
}

/** A machine is gone without a message: no connection to it closes. */
const vanish: FaultClass = {
  name: 'vanish',
  likelihood: 0.25,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    const broker = victim(world, random)
    const others = world.ids.filter((id) => id !== broker.id)
    world.note(`broker ${broker.id} vanishes`)
    for (const other of others) {
      world.cut(broker.id, other)
      world.cut(other, broker.id)
    }
    world.crash(broker, true, random.pick([500, 4_000]))
    world.undoAfter(random.pick([1_000, 5_000]), () => {
      for (const other of others) {
        world.heal(broker.id, other)
        world.heal(other, broker.id)
      }
    })
  },
}

export const machines: readonly FaultClass[] = [join, wipe, pause, vanish]
