import type { BrokerId } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { TestWorld } from '../testing/test-world.ts'

const DISK_MS = 5

/** Disks that answer every 5 ms all requests so far: a round takes 10, one for its write and one for its sync. */
function slowDown(world: TestWorld): void {
  for (const broker of world.brokers) {
    broker.holdDisk()
    world.clock.every(DISK_MS, () => {
      broker.releaseDisk()
      broker.holdDisk()
    })
  }
}

/** Publishes one record after the other for `ms`. Returns how long each has waited for its acknowledgement, in ms. */
async function publishFor(world: TestWorld, ms: number, producers: number): Promise<number[]> {
  const waits: number[] = []
  const end = world.clock.monotonic() + ms
  const next = async (): Promise<void> => {
    while (world.clock.monotonic() < end) {
      const from = world.clock.monotonic()
      await world.group(1).publish(batchOf(['a']))
      waits.push(world.clock.monotonic() - from)
    }
  }
  const all = Promise.all(Array.from({ length: producers }, next))
  await world.run(ms + 100)
  await all
  return waits.sort((a, b) => a - b)
}

describe('M94: one sync covers all writes that have come together', () => {
  it('64 producers need no more syncs than one, and wait no longer', async () => {
    const figures: { waits: number[]; syncs: number }[] = []
    for (const producers of [1, 64]) {
      const world = await TestWorld.start()
      slowDown(world)
      const before = world.broker(1).storage.metrics.syncs
      const waits = await publishFor(world, 1000, producers)
      figures.push({ waits, syncs: world.broker(1).storage.metrics.syncs - before })
    }
    const [one, many] = figures as [(typeof figures)[0], (typeof figures)[0]]
    expect(many.waits.length).toBeGreaterThan(60 * one.waits.length)
    expect(many.syncs).toBeLessThan(one.syncs * 1.2)
    expect(many.waits.length / many.syncs).toBeGreaterThan(32)
    expect(many.waits.at(-1)).toBeLessThanOrEqual(2 * one.waits.at(-1)!)
  })

  it('no write waits for others: a producer alone is acknowledged after one round of the disks', async () => {
    const world = await TestWorld.start()
    slowDown(world)
    const waits = await publishFor(world, 1000, 1)
    expect(waits.length).toBeGreaterThan(50)
    expect(waits[waits.length >> 1]).toBeLessThanOrEqual(3 * DISK_MS)
  })
})

describe('M93: a majority decides how long an acknowledgement takes', () => {
  it.each<BrokerId>([1, 2, 3])('the disk of broker %i may stand still', async (slow) => {
    const usual = await TestWorld.start()
    slowDown(usual)
    const world = await TestWorld.start()
    slowDown(world)
    const broker = world.broker(slow)
    broker.releaseDisk = () => {}
    const [without, withIt] = [await publishFor(usual, 500, 1), await publishFor(world, 500, 1)]
    expect(world.replica(slow).driver.core.durableIndex).toBeLessThanOrEqual(1)
    expect(withIt.length).toBeGreaterThan(20)
    expect(withIt[withIt.length >> 1]).toBeLessThanOrEqual(without[without.length >> 1]!)
  })
})
