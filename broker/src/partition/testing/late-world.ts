import type { BrokerId } from '@tailrace/schemas'
import type { SpecChanges } from '../group.ts'
import { batchOf } from './batches.ts'
import { GROUP, TestWorld, type WorldOptions } from './test-world.ts'

export const settings = { retentionCheckMs: 100, copyChunkBytes: 700, copyIdleMs: 5000, sleepAfterMs: 600_000 }
export const log = { segmentBytes: 2000, journalFileBytes: 1 << 20 }
export const keep: SpecChanges = { retention: { bytes: 3000, ms: null } }
export const value = 'x'.repeat(300)

export function numbered(sequence: number): Uint8Array {
  return batchOf([`${sequence}-${value}`], { producerId: 7, sequence })
}

export function worldOf(options: WorldOptions = {}): Promise<TestWorld> {
  return TestWorld.start({ log, ...options, settings: { ...settings, ...options.settings } })
}

export async function publish(world: TestWorld, from: number, to: number): Promise<void> {
  for (let sequence = from; sequence < to; sequence += 1) {
    await world.during(world.leader().groups.get(GROUP)!.publish(numbered(sequence)))
  }
}

/**
 * Deletes old segments on the brokers that have closed ones; the memory of the log is small enough to be written out by
 * sealing.
 */
export async function cut(world: TestWorld, ids: readonly BrokerId[]): Promise<void> {
  for (const id of ids) {
    await world.during(world.replica(id).driver.log.seal())
    world.group(id).update(keep)
  }
  await world.until(() => ids.every((id) => world.group(id).logStart > 0))
}

/** Broker 3 is away while 40 records are published, of which the first are then deleted. */
export async function lateWorld(options: WorldOptions = {}): Promise<TestWorld> {
  const world = await worldOf(options)
  await publish(world, 0, 2)
  await world.run(200)
  world.broker(3).kill()
  await publish(world, 2, 40)
  await world.run(300)
  await cut(world, [1, 2])
  return world
}

export async function caughtUp(world: TestWorld, id: BrokerId, maxMs = 20_000): Promise<void> {
  await world.until(() => world.group(id).highWatermark === world.leader().groups.get(GROUP)!.highWatermark, maxMs)
}
