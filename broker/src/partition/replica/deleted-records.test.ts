import { deletionBatch, EntryKind } from '@tailrace/schemas'
import { describe, expect, it, test } from 'vitest'
import { caughtUp, publish, worldOf } from '../testing/late-world.ts'
import { outcomeOf, type TestWorld } from '../testing/test-world.ts'
import { Deletions } from './state/deletions.ts'

const starts = (world: TestWorld) => [1, 2, 3].map((id) => world.group(id).logStart)
const fetch = (offset: number) => ({ offset, maxBytes: 1 << 20, waitMs: 0 })
const remove = (world: TestWorld, before: number) => world.during(world.group(world.leader().id).deleteRecords(before))

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error) => error.code ?? String(error),
  )
}

describe('the records before an offset are deleted', () => {
  it('by an entry of the log: on all replicas, for reads, positions and times, and not those behind it', async () => {
    const world = await worldOf()
    await publish(world, 0, 20)
    expect(await remove(world, 12)).toBe(12)
    await world.run(300)
    expect(starts(world)).toEqual([12, 12, 12])
    for (const id of [1, 2, 3]) {
      const group = world.group(id)
      expect(await codeOf(world.during(group.fetch(fetch(11))))).toBe('OFFSET_OUT_OF_RANGE')
      const found = await world.during(group.fetch(fetch(12)))
      expect([found.nextOffset, found.logStart, found.highWatermark]).toEqual([20, 12, 20])
      expect((await world.during(group.findOffset({ kind: 'EARLIEST', value: 0 }))).offset).toBe(12)
      expect((await world.during(group.findOffset({ kind: 'TIME', value: 0 }))).offset).toBe(12)
      expect(await codeOf(world.during(group.findOffset({ kind: 'OFFSET', value: 3 })))).toBe('OFFSET_OUT_OF_RANGE')
    }
    // It takes no offset.
    await publish(world, 20, 21)
    expect(world.leader().groups.get(1)!.highWatermark).toBe(21)
  })

  it('an offset before the beginning changes nothing, one beyond the end is refused, only a leader does it', async () => {
    const world = await worldOf()
    await publish(world, 0, 5)
    await remove(world, 3)
    const { lastIndex } = world.replica(world.leader().id).driver.core
    expect([await remove(world, 2), await remove(world, 3)]).toEqual([3, 3])
    expect(world.replica(world.leader().id).driver.core.lastIndex).toBe(lastIndex)
    expect(await codeOf(remove(world, 6))).toBe('OFFSET_OUT_OF_RANGE')
    const follower = [1, 2, 3].find((id) => !world.group(id).isLeader)!
    expect(await codeOf(world.group(follower).deleteRecords(4))).toBe('NOT_LEADER')
    expect(await remove(world, 5)).toBe(5)
    expect((await world.during(world.group(world.leader().id).fetch(fetch(5)))).nextOffset).toBe(5)
  })

  it('holds through restarts of all and changes of leaders, from the log and from a checkpoint', async () => {
    for (const checkpointBytes of [1 << 30, 1]) {
      const world = await worldOf({ settings: { checkpointBytes } })
      await publish(world, 0, 10)
      await remove(world, 7)
      await publish(world, 10, 14)
      await world.run(500)
      for (const id of [1, 2, 3]) {
        await world.during(world.broker(id).close())
        await world.restart(id)
      }
      await world.until(() => [1, 2, 3].some((id) => world.group(id).isLeader))
      await world.until(() => starts(world).every((start) => start === 7), 5000)
      await publish(world, 14, 15)
      await world.run(300)
      expect(starts(world)).toEqual([7, 7, 7])
    }
  })

  it('is not acknowledged before a majority has it, and is taken back with its entry', async () => {
    const world = await worldOf()
    await publish(world, 0, 10)
    await world.run(200)
    const former = world.leader().id
    world.passes = ({ from, to }) => from !== former && to !== former
    const asked = outcomeOf(world.group(former).deleteRecords(6))
    await world.run(300)
    expect([asked.state, world.group(former).logStart]).toEqual(['pending', 0])
    await world.until(() => [1, 2, 3].some((id) => id !== former && world.group(id).isLeader), 20_000)
    world.passes = () => true
    await world.run(3000)
    expect(asked).toMatchObject({ state: 'failed' })
    expect(starts(world)).toEqual([0, 0, 0])
  })

  it('segments without any other records go, also the growing one; the disk has room again', async () => {
    const world = await worldOf()
    await publish(world, 0, 40)
    await world.run(300)
    for (const id of [1, 2, 3]) await world.during(world.replica(id).driver.log.seal())
    const before = world.group(1).status().sizeBytes
    await remove(world, 30)
    await world.until(() => [1, 2, 3].every((id) => world.replica(id).driver.log.startOffset > 0), 5000)
    expect(world.group(1).status().sizeBytes).toBeLessThan(before / 2)
    await remove(world, 40)
    await world.run(2000)
    expect([1, 2, 3].map((id) => world.replica(id).driver.log.startOffset)).toEqual([40, 40, 40])
    await publish(world, 40, 42)
    expect((await world.during(world.group(world.leader().id).fetch(fetch(40)))).nextOffset).toBe(42)
  })

  it('a replica that was away gets a state in which they are deleted', async () => {
    const world = await worldOf()
    await publish(world, 0, 2)
    await world.run(200)
    world.broker(3).kill()
    await publish(world, 2, 40)
    await world.run(300)
    for (const id of [1, 2]) await world.during(world.replica(id).driver.log.seal())
    await remove(world, 33)
    await world.until(() => [1, 2].every((id) => world.replica(id).driver.log.startOffset > 20), 5000)
    await world.restart(3)
    await caughtUp(world, 3)
    await world.run(500)
    expect(world.group(3).logStart).toBe(33)
    expect(await codeOf(world.during(world.group(3).fetch(fetch(32))))).toBe('OFFSET_OUT_OF_RANGE')
  })
})

test('deletions count from their commit on, and never go back', () => {
  const deletions = new Deletions(5)
  deletions.appended(10, 8)
  deletions.appended(11, 6)
  deletions.appended(12, 20)
  expect(deletions.before).toBe(5)
  deletions.committed(11)
  expect(deletions.before).toBe(8)
  deletions.truncated(12)
  deletions.committed(15)
  expect(deletions.before).toBe(8)
})

test('the core takes a control entry that a caller proposes: an index, and no offset', async () => {
  const world = await worldOf()
  await publish(world, 0, 3)
  const { driver } = world.replica(world.leader().id)
  const { term, nextOffset } = driver.core
  const batch = deletionBatch({ term, baseOffset: nextOffset, timestamp: 0, before: 1 })
  expect(driver.propose(batch, 0, EntryKind.Deletion)).toMatchObject({ kind: EntryKind.Deletion, lastOffset: 2 })
  expect(driver.core.nextOffset).toBe(nextOffset)
})
