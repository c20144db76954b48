import { describe, expect, it } from 'vitest'
import { publish, worldOf } from './fakes/late-world.ts'
import { outcomeOf } from './fakes/test-world.ts'

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

  it('M92 is not waited for for ever', async () => {
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
