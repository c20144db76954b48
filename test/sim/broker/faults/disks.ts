import { type FaultClass, victim } from './fault.ts'

/** Reads and syncs of one disk take long for a while. */
const slowDisk: FaultClass = {
  name: 'slow-disk',
  likelihood: 0.3,
  everyMs: [500, 2_000],
  strike(world, random) {
    const broker = victim(world, random)
    const { behaviour } = broker.machine.disk
    const { syncMicros, readMicros } = world.swarm.disks[broker.id - 1]!
    world.note(`disk ${broker.id} is slow`)
    behaviour.syncMicros = [20_000, random.pick([100_000, 800_000])]
    behaviour.readMicros = [5_000, 50_000]
    world.undoAfter(random.pick([300, 2_000]), () => Object.assign(behaviour, { syncMicros, readMicros }))
  },
}

/** A sync fails: the broker must take none of the bytes for stored. */
const syncError: FaultClass = {
  name: 'sync-error',
  likelihood: 0.2,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    const broker = victim(world, random)
    world.note(`the next sync of disk ${broker.id} fails`)
    broker.machine.disk.behaviour.failSync = true
    world.undoAfter(500, () => void (broker.machine.disk.behaviour.failSync = false))
  },
}

/** A disk has less room than its broker thought. */
const fullDisk: FaultClass = {
  name: 'full-disk',
  likelihood: 0.2,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    const broker = victim(world, random)
    const { disk } = broker.machine
    const { capacity } = world.swarm.disks[broker.id - 1]!
    if (disk.used >= capacity) return
    world.note(`disk ${broker.id} is full`)
    disk.behaviour.capacity = disk.used + random.below(20_000)
    world.undoAfter(random.pick([300, 3_000]), () => Object.assign(disk.behaviour, { capacity }))
  },
}

export const disks: readonly FaultClass[] = [slowDisk, syncError, fullDisk]
