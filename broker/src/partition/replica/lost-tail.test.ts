import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { GROUP, outcomeOf, TestWorld } from '../testing/test-world.ts'

const OTHER = 2

async function withFiveRecords(): Promise<TestWorld> {
  const world = await TestWorld.start({ settings: { sleepAfterMs: 1_000_000 } })
  for (const value of ['a', 'b', 'c', 'd', 'e']) await world.during(world.group(1).publish(batchOf([value])))
  await world.run(300)
  return world
}

const all = ['0:a', '1:b', '2:c', '3:d', '4:e']

describe('a follower that comes back without the end of its journal while its leader lives', () => {
  async function story(blocks: number): Promise<TestWorld> {
    const world = await withFiveRecords()
    world.broker(3).kill()
    await world.broker(3).loseNewestBlocks(blocks)
    await world.restart(3)
    return world
  }

  it.each([1, 2, 4])('%i blocks: is quarantined, made whole, and follows again', async (blocks) => {
    const world = await story(blocks)
    await world.until(() => world.replica(3).driver.inQuarantine)
    expect(world.broker(3).groups.metrics.lostTails).toBe(1)
    await world.until(() => !world.replica(3).driver.inQuarantine)
    await world.run(1000)
    expect(world.replica(3).driver.stopped).toBe(false)
    expect(await world.records(3)).toEqual(all)
    expect(world.group(world.leader().id).status().inSync).toEqual([1, 2, 3])
    expect(await world.during(world.group(world.leader().id).publish(batchOf(['f'])))).toMatchObject({ baseOffset: 5 })
  })

  it('the leader logs which of its followers has lost entries', async () => {
    const world = await story(2)
    await world.run(2000)
    expect(world.broker(1).errors).toContainEqual(expect.objectContaining({ group: GROUP, peer: 3, acknowledged: 6 }))
  })

  it('neither votes nor acknowledges, also after another restart, until all others have told their terms', async () => {
    const world = await story(2)
    await world.until(() => world.replica(3).driver.inQuarantine)
    world.broker(2).kill()
    world.broker(3).kill()
    await world.restart(3)
    expect(world.replica(3).driver.inQuarantine).toBe(true)
    const publish = outcomeOf(world.group(1).publish(batchOf(['f'])))
    await world.run(5000)
    expect(world.replica(3).driver.inQuarantine).toBe(true)
    expect(publish.state).not.toBe('done')
    await world.restart(2)
    await world.until(() => !world.replica(3).driver.inQuarantine)
    expect((await world.records(3)).slice(0, 5)).toEqual(all)
  })

  it('all its other replicas are in doubt as well: the rest of the lost blocks is not known', async () => {
    const world = await withFiveRecords()
    const spec = { group: OTHER, voters: [1, 2, 3], maxBatchBytes: 1 << 20, stateMachine: null, sleepAfterMs: 0 }
    for (const { id, groups } of world.brokers) await world.during(groups.open({ ...spec, preferred: id === 3 }))
    await world.until(() => world.broker(3).groups.get(OTHER)!.isLeader)
    for (let n = 0; n < 3; n += 1) await world.during(world.group(1).publish(batchOf([`${n}`])))
    await world.run(300)
    world.broker(3).kill()
    await world.broker(3).loseNewestBlocks(1)
    await world.during(world.broker(3).start())
    await world.during(world.openGroup(world.broker(3)))
    await world.during(world.broker(3).groups.open({ ...spec, preferred: false }))
    for (const id of [1, 2]) {
      world.broker(id).groups.link(3, true)
      world.broker(3).groups.link(id, true)
    }
    const damages = () => [...world.broker(3).storage.groups()].map(({ damage }) => damage !== null)
    await world.until(() => damages().every((damaged) => damaged))
    expect(damages()).toEqual([true, true])
    await world.until(() => damages().every((damaged) => !damaged), 20_000)
  })
})

describe('a replica whose loss is found while it leads', () => {
  it('ceases to lead at once, and its uncommitted entries have an unknown outcome', async () => {
    const world = await withFiveRecords()
    world.passes = ({ type }) => type !== 'append'
    const publish = outcomeOf(world.group(1).publish(batchOf(['x'])))
    world.broker(1).groups.distrustDisk('for the test')
    await world.run(1)
    expect([world.group(1).isLeader, publish.code]).toEqual([false, 'OUTCOME_UNKNOWN'])
    expect(world.replica(1).driver.log.damage?.reason).toBe('for the test')
    world.heal()
    await world.until(() => world.replica(1).driver.log.damage === null)
    expect((await world.records(1)).slice(0, 5)).toEqual(all)
  })

  it('messages that wait for the disk promise nothing any more', async () => {
    const world = await withFiveRecords()
    world.broker(2).kill()
    world.broker(3).holdDisk()
    const publish = outcomeOf(world.group(1).publish(batchOf(['x'])))
    await world.run(5)
    world.broker(3).groups.distrustDisk('for the test')
    await world.run(1)
    world.broker(3).releaseDisk()
    await world.run(200)
    expect(publish.state).toBe('pending')
  })
})
