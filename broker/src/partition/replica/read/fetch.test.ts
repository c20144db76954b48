import { describe, expect, it } from 'vitest'
import { batchOf, recordsOf } from '../../testing/batches.ts'
import { outcomeOf, TestWorld } from '../../testing/test-world.ts'

const MUCH = 1 << 20

describe('fetch', () => {
  it('gives committed records only', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['a', 'b'])))
    world.isolate(1)
    const pending = outcomeOf(world.group(1).publish(batchOf(['c'])))
    await world.run(0)
    const result = await world.group(1).fetch({ offset: 0, maxBytes: MUCH, waitMs: 0 })
    expect(recordsOf(result.batches)).toEqual(['0:a', '1:b'])
    expect(result).toMatchObject({ nextOffset: 2, highWatermark: 2, logStart: 0 })
    expect(await world.group(1).fetch({ offset: 2, maxBytes: MUCH, waitMs: 0 })).toMatchObject({
      bytes: 0,
      nextOffset: 2,
    })
    expect(pending.state).toBe('pending')
  })

  it('gives whole batches: one at least, more as far as the bytes reach', async () => {
    const world = await TestWorld.start()
    const batches = [batchOf(['a', 'b']), batchOf(['c']), batchOf(['d'])]
    await world.during(Promise.all(batches.map((batch) => world.group(1).publish(batch))))
    const group = world.group(1)
    expect((await group.fetch({ offset: 1, maxBytes: 1, waitMs: 0 })).nextOffset).toBe(2)
    const two = batches[0]!.length + batches[1]!.length
    expect(await group.fetch({ offset: 0, maxBytes: two, waitMs: 0 })).toMatchObject({ nextOffset: 3, bytes: two })
  })

  it('of a follower gives the records that it knows to be committed', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['a'])))
    expect(await world.group(2).fetch({ offset: 0, maxBytes: MUCH, waitMs: 0 })).toMatchObject({ bytes: 0 })
    const waiting = outcomeOf(world.group(2).fetch({ offset: 0, maxBytes: MUCH, waitMs: 5000 }))
    await world.run(200)
    expect(recordsOf(waiting.value!.batches)).toEqual(['0:a'])
  })

  it('refuses an offset before the start, and past the end where the end is known', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['a'])))
    const fetch = (id: number, offset: number) => world.group(id).fetch({ offset, maxBytes: MUCH, waitMs: 0 })
    for (const id of [1, 2]) await expect(fetch(id, -1)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect((await fetch(1, 1)).nextOffset).toBe(1)
    await expect(fetch(1, 2)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect((await fetch(2, 2)).nextOffset).toBe(2)
  })
})

describe('a reader at the end', () => {
  it('is woken by the commit, not by the append', async () => {
    const world = await TestWorld.start()
    const reader = outcomeOf(world.group(1).fetch({ offset: 0, maxBytes: MUCH, waitMs: 60_000 }))
    world.isolate(1)
    world
      .group(1)
      .publish(batchOf(['a']))
      .catch(() => {})
    await world.run(10)
    expect(world.replica(1).driver.log.endOffset).toBe(1)
    expect(reader.state).toBe('pending')
    world.heal()
    await world.run(0)
    expect(recordsOf(reader.value!.batches)).toEqual(['0:a'])
  })

  it('gets nothing when its time has run out, or when it gives up', async () => {
    const world = await TestWorld.start()
    const timed = outcomeOf(world.group(1).fetch({ offset: 0, maxBytes: MUCH, waitMs: 500 }))
    const abort = new AbortController()
    const request = { offset: 0, maxBytes: MUCH, waitMs: 60_000, signal: abort.signal }
    const aborted = outcomeOf(world.group(1).fetch(request))
    await world.run(499)
    expect([timed.state, aborted.state]).toEqual(['pending', 'pending'])
    abort.abort()
    await world.run(1)
    const nothing = { batches: [], bytes: 0, nextOffset: 0, highWatermark: 0, logStart: 0 }
    expect([timed.value, aborted.value]).toEqual([nothing, nothing])
    expect(await world.group(1).fetch(request)).toEqual(nothing)
  })

  it('is sent to the next leader when leadership is lost', async () => {
    const world = await TestWorld.start()
    await world.run(200)
    const atLeader = outcomeOf(world.group(1).fetch({ offset: 0, maxBytes: MUCH, waitMs: 60_000 }))
    const atFollower = outcomeOf(world.group(2).fetch({ offset: 0, maxBytes: MUCH, waitMs: 60_000 }))
    world.isolate(1)
    await world.until(() => !world.group(1).isLeader && (world.group(2).isLeader || world.group(3).isLeader))
    expect(atLeader.code).toBe('LEADER_UNAVAILABLE')
    expect(atFollower.state).toBe('pending')
    const second = world.leader().id
    const waiting = outcomeOf(world.group(second).fetch({ offset: 0, maxBytes: MUCH, waitMs: 60_000 }))
    world.isolate(second)
    await world.until(() => !world.group(second).isLeader)
    expect(waiting.code).toBe('LEADER_UNAVAILABLE')
  })

  it('is refused when too many wait, until one has left', async () => {
    const world = await TestWorld.start({ settings: { maxWaitingReaders: 2 } })
    const abort = new AbortController()
    const request = { offset: 0, maxBytes: MUCH, waitMs: 60_000 }
    const readers = [{ ...request, signal: abort.signal }, request].map((each) => outcomeOf(world.group(1).fetch(each)))
    await expect(world.group(1).fetch(request)).rejects.toMatchObject({ code: 'OVERLOADED' })
    abort.abort()
    await world.run(0)
    readers.push(outcomeOf(world.group(1).fetch(request)))
    await world.during(world.group(1).publish(batchOf(['a'])))
    expect(readers.map(({ state, value }) => [state, value?.bytes === 0])).toEqual([
      ['done', true],
      ['done', false],
      ['done', false],
    ])
  })
})

describe('findOffset', () => {
  it('finds the ends, a time, and checks an offset', async () => {
    const world = await TestWorld.start()
    for (const timestamp of [1000, 2000, 3000]) {
      await world.during(world.group(1).publish(batchOf(['x', 'y'], { timestamp })))
    }
    world.isolate(1)
    world
      .group(1)
      .publish(batchOf(['z'], { timestamp: 4000 }))
      .catch(() => {})
    await world.run(0)
    const find = async (kind: 'EARLIEST' | 'LATEST' | 'OFFSET' | 'TIME', value = 0) =>
      (await world.during(world.group(1).findOffset({ kind, value }))).offset
    expect(await find('EARLIEST')).toBe(0)
    expect(await find('LATEST')).toBe(6)
    expect(await find('OFFSET', 3)).toBe(3)
    expect(await find('TIME', 0)).toBe(0)
    expect(await find('TIME', 1001)).toBe(2)
    expect(await find('TIME', 3000)).toBe(4)
    expect(await find('TIME', 3001)).toBe(6)
    await expect(find('OFFSET', 8)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })

  it('finds the first record that is as young as the time that is asked for', async () => {
    const world = await TestWorld.start()
    for (const timestamp of [1000, 2000, 3000]) {
      await world.during(world.group(1).publish(batchOf(['x'], { timestamp })))
    }
    for (const [time, offset] of [
      [999, 0],
      [1000, 0],
      [1001, 1],
      [2000, 1],
      [3000, 2],
      [3001, 3],
    ] as const) {
      expect((await world.during(world.group(1).findOffset({ kind: 'TIME', value: time }))).offset).toBe(offset)
    }
  })
})
