import { describe, expect, it } from 'vitest'
import { batchOf, recordsOf } from './fakes/batches.ts'
import { outcomeOf, TestWorld } from './fakes/test-world.ts'

const request = { offset: 0, maxBytes: 1 << 20, waitMs: 0 }

describe('M95 reads with the token of an acknowledgement', () => {
  it('are answered by every holder at once, although it has not heard of the commit', async () => {
    const world = await TestWorld.start()
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect(holders!.length).toBeGreaterThanOrEqual(2)
    const backup = holders!.find((id) => id !== 1)!
    expect(world.group(backup).highWatermark).toBe(0)
    expect((await world.during(world.group(backup).fetch(request))).batches).toEqual([])
    const { batches, highWatermark } = await world.during(world.group(backup).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:a'])
    expect(highWatermark).toBe(1)
    expect(world.broker(backup).groups.metrics).toMatchObject({ tokenReads: 1, tokenReadsRefused: 0 })
  })

  it('a leader with a held disk is no holder, and a backup answers without it', async () => {
    const world = await TestWorld.start()
    world.broker(1).holdDisk()
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect([...holders!].sort()).toEqual([2, 3])
    const { batches } = await world.during(world.group(3).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:a'])
    world.broker(1).releaseDisk()
  })

  it('are refused by a replica that lacks the entry, retriably', async () => {
    const world = await TestWorld.start()
    world.isolate(3)
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect(holders).not.toContain(3)
    const refused = world.group(3).fetch({ ...request, token: token! })
    await expect(refused).rejects.toMatchObject({ code: 'NOT_CAUGHT_UP', retriable: true })
    expect(world.broker(3).groups.metrics).toMatchObject({ tokenReadsRefused: 1 })
  })

  it('are refused by one that has another entry at that index: a former leader, cut off', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const lost = outcomeOf(world.group(1).publish(batchOf(['divergent'])))
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader))
    const leader = world.leader().id
    const { token } = await world.during(world.group(leader).publish(batchOf(['kept'])))
    // The cut-off one has an entry at the token's index minus one of another term; make it as long.
    expect(lost.state).not.toBe('done')
    const refused = world.group(1).fetch({ ...request, token: { ...token!, index: 2 } })
    await expect(refused).rejects.toMatchObject({ code: 'NOT_CAUGHT_UP' })
    expect(await world.records(1)).toEqual([])
    world.heal()
    await world.run(1000)
    const { batches } = await world.during(world.group(1).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:kept'])
  })
})
