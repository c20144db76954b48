import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { outcomeOf, TestWorld } from '../testing/test-world.ts'

const settings = { scrubMs: 1000, retentionCheckMs: 200 }

/** 30 records, on all disks, in closed segments; broker 1 is started anew, so that nothing is in memory. */
async function written(): Promise<TestWorld> {
  const world = await TestWorld.start({ settings, log: { segmentBytes: 1000, tailBytes: 64 << 10 } })
  for (let at = 0; at < 30; at += 1) await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
  await world.run(300)
  for (const id of [1, 2, 3]) await world.during(world.replica(id).driver.log.seal())
  await world.during(world.broker(2).close())
  return world
}

describe('rot of a replica’s segments', () => {
  it('is fetched again from another replica before a reader sees anything of it', async () => {
    const world = await written()
    expect(await world.broker(2).flip('<7>', 'groups')).toBeGreaterThan(0)
    await world.restart(2)
    await world.until(() => world.group(2).highWatermark === 30)
    const all = await world.records(2)
    expect(all).toEqual(await world.records(1))
    expect(world.broker(2).groups.metrics.repairedEntries).toBeGreaterThan(0)
    expect(world.replica(2).driver.log.corruptRanges()).toEqual([])
  })

  it('is found by reading slowly through everything, without any reader', async () => {
    const world = await written()
    await world.broker(2).flip('<11>', 'groups')
    await world.restart(2)
    await world.until(() => world.broker(2).groups.metrics.repairedEntries > 0, 30_000)
    expect(world.replica(2).driver.log.corruptRanges()).toEqual([])
    expect(await world.records(2)).toEqual(await world.records(1))
  })

  it('is not served where no replica can help', async () => {
    const world = await written()
    await world.broker(2).flip('<7>', 'groups')
    await world.restart(2)
    await world.until(() => world.group(2).highWatermark === 30)
    world.passesNotes = () => false
    const read = outcomeOf(world.group(2).fetch({ offset: 7, maxBytes: 1, waitMs: 0 }))
    await world.until(() => read.state !== 'pending')
    expect(read).toMatchObject({ state: 'failed', code: 'STORAGE_CORRUPT' })
    world.passesNotes = () => true
    await world.until(() => world.broker(2).groups.metrics.repairedEntries > 0, 30_000)
  })
})

describe('rot of entries that all other replicas have cut off', () => {
  /** Only broker 2 has the rotten entries; retention is as before when it comes back. */
  async function alone(): Promise<TestWorld> {
    const world = await written()
    expect(await world.broker(2).flip('<7>', 'groups')).toBeGreaterThan(0)
    for (const id of [1, 3]) world.group(id).update({ retention: { bytes: 1000, ms: null } })
    await world.until(() => [1, 3].every((id) => world.group(id).logStart > 10))
    for (const id of [1, 3]) world.group(id).update({ retention: { bytes: null, ms: null } })
    return world
  }

  it('is cut off too, and the entries after it are read', async () => {
    const world = await alone()
    await world.restart(2)
    const { log } = world.replica(2).driver
    await world.until(() => log.startOffset > 7, 60_000)
    expect(log.corruptRanges()).toEqual([])
    await world.until(() => world.group(2).highWatermark === 30)
    const records = await world.records(2)
    expect(records.slice(-10)).toEqual((await world.records(1)).slice(-10))
  })

  it('is kept while a replica that may have the entries does not answer', async () => {
    const world = await alone()
    await world.restart(2)
    world.passesNotes = (from, to) => from !== 3 && to !== 3
    await world.run(60_000)
    const { log } = world.replica(2).driver
    expect(log.corruptRanges()).toHaveLength(1)
    expect(log.startOffset).toBe(0)
    world.passesNotes = () => true
    await world.until(() => log.startOffset > 7, 60_000)
  })
})

describe('rot in a segment in the midst of which all other replicas begin', () => {
  /** All have one segment, of which 1 and 3 have closed a part and cut it off. The first rotten record is given. */
  async function misaligned(rotten: string): Promise<TestWorld> {
    const world = await TestWorld.start({ settings, log: { segmentBytes: 1 << 20, tailBytes: 4 << 10 } })
    const publish = async (from: number, to: number) => {
      for (let at = from; at < to; at += 1)
        await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
    }
    await publish(0, 20)
    await world.run(300)
    for (const id of [1, 3]) await world.during(world.replica(id).driver.log.seal())
    await publish(20, 60)
    await world.run(300)
    for (const id of [1, 2, 3]) await world.during(world.replica(id).driver.log.seal())
    await world.during(world.broker(2).close())
    expect(await world.broker(2).flip(rotten, 'groups')).toBeGreaterThan(0)
    for (const id of [1, 3]) world.group(id).update({ retention: { bytes: 5000, ms: null } })
    await world.until(() => [1, 3].every((id) => world.group(id).logStart === 20))
    for (const id of [1, 3]) world.group(id).update({ retention: { bytes: null, ms: null } })
    await world.restart(2)
    return world
  }

  it.each(['<0>', '<7>', '<19>'])(
    'is cut off where they have cut (%s), and the entries after it are read',
    async (rotten) => {
      const world = await misaligned(rotten)
      const { log } = world.replica(2).driver
      await world.until(() => log.startOffset > 0, 60_000)
      await world.until(() => world.group(2).highWatermark === 60)
      expect(log.corruptRanges()).toEqual([])
      expect(log.startOffset).toBeLessThanOrEqual(20)
      expect((await world.records(2)).slice(-40)).toEqual(await world.records(1))
      await world.restart(2)
      await world.until(() => world.group(2).highWatermark === 60)
      expect((await world.records(2)).slice(-40)).toEqual(await world.records(1))
      expect(world.replica(2).driver.inQuarantine).toBe(false)
    },
  )
})

describe('rot of a leader’s entries that a follower waits for', () => {
  it('is cut off when no other replica has them: the follower gets a copy of the later entries', async () => {
    const world = await TestWorld.start({ settings, log: { segmentBytes: 1000, tailBytes: 4 << 10 } })
    const publish = async (from: number, to: number) => {
      for (let at = from; at < to; at += 1)
        await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
    }
    await publish(0, 5)
    await world.run(300)
    await world.during(world.broker(3).close())
    await publish(5, 60)
    await world.run(300)
    for (const id of [1, 2]) await world.during(world.replica(id).driver.log.seal())
    expect(await world.broker(1).flip('<7>', 'groups')).toBeGreaterThan(0)
    world.group(2).update({ retention: { bytes: 3000, ms: null } })
    await world.until(() => world.group(2).logStart > 10)
    await world.restart(3)
    await world.until(() => world.group(3).highWatermark === 60, 120_000)
    expect(world.replica(1).driver.log.startOffset).toBeGreaterThan(7)
    expect((await world.records(3)).slice(-10)).toEqual((await world.records(2)).slice(-10))
  })
})

describe('rot of a leader’s entries that are not committed', () => {
  /**
   * Broker 1 has appended 20 records while it was alone, and its disk loses the first of them; now the others are back,
   * and elect it.
   */
  async function leading(): Promise<TestWorld> {
    const world = await TestWorld.start({ settings, log: { segmentBytes: 1000, tailBytes: 4 << 10 } })
    for (let at = 0; at < 5; at += 1) await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
    await world.run(300)
    for (const id of [2, 3]) await world.during(world.broker(id).close())
    for (let at = 5; at < 60; at += 1) outcomeOf(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
    await world.run(100)
    await world.during(world.replica(1).driver.log.seal())
    expect(await world.broker(1).flip('<7>', 'groups')).toBeGreaterThan(0)
    world.passes = ({ type, from }) => type !== 'vote' || from === 1
    return world
  }

  const isBlocked = (world: TestWorld): boolean =>
    world.group(1).isLeader && world.replica(1).driver.log.corruptRanges().length > 0

  it('costs the leader its leadership when no other voter has them: the others continue', async () => {
    const world = await leading()
    for (const id of [2, 3]) await world.restart(id)
    await world.until(() => isBlocked(world), 30_000)
    world.passes = () => true
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader), 30_000)
    await world.until(() => !world.replica(1).driver.inQuarantine, 30_000)
    await world.during(
      world
        .leader()
        .groups.get(1)!
        .publish(batchOf(['more'])),
    )
    await world.until(() => [1, 2, 3].every((id) => world.group(id).highWatermark === world.group(2).highWatermark))
    expect((await world.records(1)).at(-1)).toMatch(/:more$/)
    for (const id of [1, 2]) expect(await world.records(id)).toEqual(await world.records(3))
    expect(world.replica(1).driver.log.corruptRanges()).toEqual([])
  })

  it('waits for a voter that does not answer and may have acknowledged them', async () => {
    const world = await leading()
    await world.restart(2)
    await world.until(() => isBlocked(world), 30_000)
    await world.run(60_000)
    expect(world.replica(1).driver.inQuarantine).toBe(false)
    expect(isBlocked(world)).toBe(true)
    await world.restart(3)
    world.passes = () => true
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader), 60_000)
  })

  it('waits while another voter has them, whose entries cannot be read at present either', async () => {
    const world = await leading()
    world.answers = (name, reply, from, to) => {
      if (name === 'ReadEntries' && from === 1 && to === 3) throw new TailraceError('STORAGE_CORRUPT')
      return reply
    }
    for (const id of [2, 3]) await world.restart(id)
    await world.until(() => isBlocked(world), 30_000)
    await world.run(60_000)
    expect(isBlocked(world)).toBe(true)
  })
})

describe('rot of entries that a start has to read', () => {
  async function rotten(text: string): Promise<TestWorld> {
    const world = await TestWorld.start({ settings, log: { segmentBytes: 1000, tailBytes: 64 << 10 } })
    for (let at = 0; at < 30; at += 1) await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`])))
    await world.run(300)
    await world.during(world.replica(2).driver.log.seal())
    // No checkpoint of the log either, or it would be read from the journal.
    await world.during(world.broker(2).storage.close())
    world.broker(2).kill()
    expect(await world.broker(2).flip(text, 'groups')).toBeGreaterThan(0)
    return world
  }

  it('ends the log there: the replica opens, neither votes nor leads, and a leader gives it the rest again', async () => {
    const world = await rotten('<7>')
    await world.restart(2)
    const { log } = world.replica(2).driver
    expect(log.damage?.fromIndex).toBe(log.lastIndex + 1)
    await world.until(() => log.damage === null)
    await world.until(() => world.group(2).highWatermark === 30)
    expect(await world.records(2)).toEqual(await world.records(1))
  })

  it('is known after the next crash as well, before any repair', async () => {
    const world = await rotten('<7>')
    world.passes = () => false
    await world.restart(2)
    await world.run(500)
    world.broker(2).kill()
    await world.restart(2)
    expect(world.replica(2).driver.log.damage).not.toBeNull()
  })

  it('takes the first entry too', async () => {
    const world = await rotten('<0>')
    await world.restart(2)
    await world.until(() => world.replica(2).driver.log.damage === null)
    await world.until(() => world.group(2).highWatermark === 30)
    expect(await world.records(2)).toEqual(await world.records(1))
  })
})

describe('a read of records that retention removes meanwhile', () => {
  it('fails with that reason, and does not begin after them', async () => {
    const world = await written()
    await world.restart(2)
    await world.until(() => world.group(2).highWatermark === 30)
    const { log } = world.replica(2).driver
    const read = outcomeOf(world.group(2).fetch({ offset: 0, maxBytes: 1000, waitMs: 0 }))
    void log.cutPrefix(20)
    expect(log.startOffset).toBeGreaterThan(0)
    await world.until(() => read.state !== 'pending')
    expect(read).toMatchObject({ state: 'failed', code: 'OFFSET_OUT_OF_RANGE' })
  })
})

describe('the only replica, with a rotten tail', () => {
  it('M83 stays offline, says how to resume, and resumes when the loss is accepted', async () => {
    const world = await TestWorld.start({ brokers: 1 })
    await world.during(world.group(1).publish(batchOf(['kept'])))
    await world.during(world.group(1).publish(batchOf(['rotten'])))
    world.broker(1).kill()
    await world.broker(1).flip('rotten', 'journal')
    await world.restart(1)
    await world.run(3000)
    const refused = world.group(1).publish(batchOf(['new']))
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_CORRUPT',
      message: expect.stringMatching('force-members'),
    })
    expect(world.group(1).status().trouble).not.toBeNull()
    expect(world.group(1).standing).toBe('quarantined')
    await world.during(world.group(1).forceMembers([1]))
    await world.during(world.group(1).publish(batchOf(['new'])))
    expect(await world.records(1)).toEqual(['0:kept', '1:new'])
    expect(world.group(1).status().trouble).toBeNull()
    expect(world.group(1).standing).toBe('sound')
  })
})
