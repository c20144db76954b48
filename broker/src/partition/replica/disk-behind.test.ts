import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { publish, worldOf } from '../testing/late-world.ts'
import { outcomeOf, TestWorld } from '../testing/test-world.ts'

describe('a state that is ahead of its own disk', () => {
  it('M92 is saved when the disk has caught up, while publishing goes on', async () => {
    const world = await worldOf()
    await publish(world, 0, 5)
    await world.run(300)
    const { core, state } = world.replica(3).driver
    world.broker(3).holdDisk()
    const load = outcomeOf(publish(world, 5, 30))
    await world.until(() => state.commitIndex > core.durableIndex)
    const wanted = state.commitIndex
    const taken = outcomeOf(world.group(3).takeSnapshot())
    await world.run(50)
    expect(taken.state).toBe('pending')
    world.broker(3).releaseDisk()
    await world.until(() => taken.state !== 'pending')
    expect(taken).toMatchObject({ state: 'done', value: { index: wanted } })
    const { sizeBytes, snapshot } = world.group(3).status()
    expect(snapshot!.at).toBeGreaterThan(world.clock.now() - 100)
    expect(snapshot!.bytes).toBeGreaterThan(sizeBytes / 2)
    await world.until(() => load.state === 'done')
  })

  it('M92 is waited for a limited time only', async () => {
    const world = await worldOf()
    await publish(world, 0, 5)
    await world.run(300)
    const { core, state } = world.replica(3).driver
    world.broker(3).holdDisk()
    const load = outcomeOf(publish(world, 5, 10))
    await world.until(() => state.commitIndex > core.durableIndex && load.state === 'done')
    const taken = outcomeOf(world.group(3).takeSnapshot())
    await world.run(60_000)
    expect(taken).toMatchObject({ state: 'failed', code: 'NOT_READY' })
  })
})

describe('M92: the memory that waits for a disk that stands still', () => {
  const value = 'x'.repeat(100_000)
  const bound = 1 << 20
  // The limits of the group alone would bound it too.
  const settings = { maxInflightBytes: 1 << 30, maxInflightAppends: 1000, maxAppendBytes: 200_000 }

  /** The bytes that a broker holds in memory after so many batches of 100 kB, of which some may be refused. */
  async function held(
    broker: number,
    maxUncommittedBytes: number,
  ): Promise<{ world: TestWorld; refused: Set<string> }> {
    const world = await TestWorld.start({ settings: { ...settings, maxUncommittedBytes } })
    world.broker(broker).holdDisk()
    const refused = new Set<string>()
    for (let at = 0; at < 60; at += 1) {
      const published = outcomeOf(world.group(1).publish(batchOf([value])))
      await world.until(() => published.state !== 'pending')
      if (published.state === 'failed') refused.add(published.code!)
    }
    return { world, refused }
  }

  it('of a leader is bounded: it refuses records as OVERLOADED, and takes them again when the disk works', async () => {
    const { world, refused } = await held(1, bound / 4)
    expect([...refused]).toEqual(['OVERLOADED'])
    expect(world.broker(1).storage.waitingBytes).toBeLessThan(bound + 200_000)
    world.broker(1).releaseDisk()
    await world.run(500)
    await world.during(world.group(1).publish(batchOf(['again'])))
  })

  it('of a follower is bounded too, and the follower has all records when the disk works again', async () => {
    const { world, refused } = await held(3, bound / 8)
    expect(refused.size).toBe(0)
    expect(world.broker(3).storage.waitingBytes).toBeLessThan(bound + 400_000)
    world.broker(3).releaseDisk()
    await world.until(() => world.group(3).highWatermark === 60, 20_000)
  })

  it('grows with every batch where the bound is out of reach (a control)', async () => {
    const { world, refused } = await held(1, 1 << 30)
    expect(refused.size).toBe(0)
    expect(world.broker(1).storage.waitingBytes).toBeGreaterThan(5_000_000)
  })
})
