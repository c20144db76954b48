import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { TestWorld } from '../testing/test-world.ts'

const log = { journalFileBytes: 64 << 10, segmentBytes: 16 << 10, tailBytes: 64 << 10, directBytes: 32 << 10 }
const settings = { retentionCheckMs: 100, checkpointBytes: 4_000, sleepAfterMs: 600_000 }
const value = 'x'.repeat(2_000)

/** A group whose replica at broker 3 has a disk without room, while the others publish. */
async function full(): Promise<TestWorld> {
  const world = await TestWorld.start({ log, settings, spec: () => ({ retention: { bytes: null, ms: null } }) })
  const third = world.broker(3)
  for (let at = 0; at < 160; at += 1) await world.during(world.group(1).publish(batchOf([`${at} ${value}`])))
  await world.run(500)
  third.disk.freeBytes = 3_000
  for (let at = 160; at < 200; at += 1) await world.during(world.group(1).publish(batchOf([`${at} ${value}`])))
  await world.run(2_000)
  return world
}

describe('a follower whose disk is full', () => {
  it('takes no records, while the others take them and it still follows them', async () => {
    const world = await full()
    const { core, state, log: held } = world.replica(3).driver
    expect(world.broker(3).storage.cramped).toBe(true)
    expect(world.group(1).highWatermark).toBe(200)
    // The records that it took before it knew are bounded, whatever comes later.
    const { lastIndex } = held
    for (let at = 200; at < 230; at += 1) await world.during(world.group(1).publish(batchOf([`${at} ${value}`])))
    await world.run(1_000)
    expect(held.lastIndex).toBe(lastIndex)
    expect(core.leader).toBe(1)
    expect(state.commitIndex).toBeLessThan(world.replica(1).driver.state.commitIndex)
    expect(world.broker(3).errors).toEqual([])
  })

  it('cuts its log by retention, and has all records again when that has made room', async () => {
    const world = await full()
    for (const { id } of world.brokers) world.group(id).update({ retention: { bytes: 20_000, ms: null } })
    await world.until(() => !world.broker(3).storage.cramped, 20_000)
    await world.until(() => world.group(3).highWatermark === 200, 20_000)
    expect((await world.records(3)).at(-1)).toBe(`199:199 ${value}`)
  })

  it('works again when another group is removed, although records of this one wait for room', async () => {
    const world = await full()
    const third = world.broker(3)
    expect(world.group(3).highWatermark).toBeLessThan(200)
    await third.groups.open({ group: 9, voters: [3], maxBatchBytes: 1 << 20, preferred: false, stateMachine: null })
    await world.run(300)
    await world.during(third.groups.remove(9))
    await world.during(third.groups.remove(1))
    await world.until(() => third.storage.writable, 20_000)
  })
})
