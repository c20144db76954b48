import { describe, expect, it } from 'vitest'
import { caughtUp, lateWorld } from '../testing/late-world.ts'

describe('a rotten segment at the source of a copy', () => {
  it('is refused by the receiver, repaired by the source, and the next copy is good', async () => {
    // Nothing else would look at the segments.
    const world = await lateWorld({ settings: { scrubBytes: 0 } })
    const leader = world.leader().id
    expect(await world.broker(leader).flip('30-xxx', 'groups')).toBeGreaterThan(0)
    await world.restart(3)
    await caughtUp(world, 3)
    expect(world.broker(3).groups.metrics.snapshotsInstalled).toBe(1)
    expect(world.broker(leader).groups.metrics.repairedEntries).toBeGreaterThan(0)
    expect(world.replica(leader).driver.log.corruptRanges()).toEqual([])
    const [here, there] = [await world.records(3), await world.records(leader)]
    expect(there.slice(-here.length)).toEqual(here)
  })
})
