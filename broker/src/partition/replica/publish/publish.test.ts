import {
  ATTRIBUTES_AT,
  Compression,
  CRC_AT,
  crc32c,
  LAST_OFFSET_DELTA_AT,
  RECORDS_AT,
  RECORDS_COUNT_AT,
} from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { PublishResult } from '../../requests.ts'
import { batchOf } from '../../testing/batches.ts'
import { GROUP, type Outcome, outcomeOf, TestWorld } from '../../testing/test-world.ts'

const commitIsKnown = 200

/** With its CRC made right again. */
function sealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer).setUint32(CRC_AT, crc32c(batch, ATTRIBUTES_AT, batch.length))
  return batch
}

describe('publish', () => {
  it('is committed on all replicas, with offsets from 0 in the order of the calls', async () => {
    const world = await TestWorld.start()
    const group = world.group(1)
    const results = Promise.all([
      group.publish(batchOf(['a', 'b'])),
      group.publish(batchOf(['c'])),
      group.publish(batchOf(['d', 'e', 'f'])),
    ])
    expect(await world.during(results)).toMatchObject([
      { baseOffset: 0, lastOffset: 1, duplicate: false },
      { baseOffset: 2, lastOffset: 2, duplicate: false },
      { baseOffset: 3, lastOffset: 5, duplicate: false },
    ])
    await world.run(commitIsKnown)
    for (const id of [1, 2, 3]) {
      expect(world.group(id).highWatermark).toBe(6)
      expect(await world.records(id)).toEqual(['0:a', '1:b', '2:c', '3:d', '4:e', '5:f'])
    }
  })

  it('leaves no gap in the offsets where a leader has opened its term', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['a', 'b'])))
    world.broker(1).kill()
    await world.until(() => world.brokers.some(({ id, alive }) => alive && world.group(id).isLeader))
    const leader = world.leader().id
    expect(await world.during(world.group(leader).publish(batchOf(['c'])))).toMatchObject({ baseOffset: 2 })
    await world.restart(1)
    await world.run(commitIsKnown)
    expect(world.replica(1).driver.core.lastIndex).toBe(4)
    for (const id of [1, 2, 3]) expect(await world.records(id)).toEqual(['0:a', '1:b', '2:c'])
  })

  it('in the very turn of the election comes after the entry that opens the term', async () => {
    const world = await TestWorld.start()
    world.broker(1).kill()
    const results: Outcome<PublishResult>[] = []
    world.passes = (message) => {
      if (message.type !== 'vote-reply' || message.pre) return true
      const group = world.group(message.to)
      // Before the new leader has drained its core.
      world.clock.soon(() => {
        if (group.isLeader) results.push(outcomeOf(group.publish(batchOf(['first']))))
      })
      return true
    }
    await world.until(() => results[0]?.state === 'done')
    const leader = world.leader().id
    expect(world.replica(leader).driver.state.commitIndex).toBe(3)
    expect(await world.records(leader)).toEqual(['0:first'])
  })

  it('is refused by a replica that does not lead, and by one that knows of no leader', async () => {
    const world = await TestWorld.start()
    expect(await world.during(refusal(world.group(2).publish(batchOf(['a']))))).toBe('NOT_LEADER')
    world.broker(1).kill()
    world.broker(3).kill()
    await world.until(() => world.group(2).leader === 0)
    expect(await world.during(refusal(world.group(2).publish(batchOf(['a']))))).toBe('LEADER_UNAVAILABLE')
  })

  it('is refused when the batch is damaged or too large, and takes no place in the log', async () => {
    const world = await TestWorld.start({ spec: () => ({ maxBatchBytes: 200 }) })
    const damaged = batchOf(['a'])
    damaged[61]! ^= 1
    expect(await refusal(world.group(1).publish(damaged))).toBe('CORRUPT_BATCH')
    expect(await refusal(world.group(1).publish(batchOf(['x'.repeat(200)])))).toBe('BATCH_TOO_LARGE')
    expect(await world.during(world.group(1).publish(batchOf(['b'])))).toMatchObject({ baseOffset: 0 })
  })

  it('is refused when its records are garbage, a lie or unreadable, and takes no place in the log', async () => {
    const world = await TestWorld.start()
    const refused = async (batch: Uint8Array) => await refusal(world.group(1).publish(sealed(batch)))
    const garbage = batchOf(['x'.repeat(40)])
    garbage.fill(0xff, RECORDS_AT)
    expect(await refused(garbage)).toBe('INVALID_BATCH')
    const lie = batchOf(['z'])
    lie[ATTRIBUTES_AT + 1] = Compression.gzip
    new DataView(lie.buffer).setInt32(RECORDS_COUNT_AT, 2 ** 31 - 1)
    new DataView(lie.buffer).setInt32(LAST_OFFSET_DELTA_AT, 2 ** 31 - 2)
    expect(await refused(lie)).toBe('INVALID_BATCH')
    for (const compression of [Compression.snappy, Compression.lz4]) {
      const batch = batchOf(['q'])
      batch[ATTRIBUTES_AT + 1] = compression
      expect(await refused(batch)).toBe('UNSUPPORTED_COMPRESSION')
    }
    expect(await refused(batchOf(['future'], { timestamp: Number.MAX_SAFE_INTEGER - 5 }))).toBe('INVALID_BATCH')
    expect(await world.during(world.group(1).publish(batchOf(['good'])))).toMatchObject({ baseOffset: 0 })
  })

  it('is refused when a timestamp is too far from the clock of the leader, by limits that can be changed', async () => {
    const limits = { beforeMaxMs: 1_000, afterMaxMs: 500 }
    const world = await TestWorld.start({ spec: () => ({ timestamps: limits }) })
    const at = (offset: number) => batchOf(['v'], { timestamp: world.clock.now() + offset })
    expect(await refusal(world.group(1).publish(at(501)))).toBe('INVALID_TIMESTAMP')
    expect(await refusal(world.group(1).publish(at(-1_001)))).toBe('INVALID_TIMESTAMP')
    expect(await world.during(world.group(1).publish(at(500)))).toMatchObject({ baseOffset: 0 })
    expect(await world.during(world.group(1).publish(at(-1_000)))).toMatchObject({ baseOffset: 1 })
    world.group(1).update({ timestamps: { beforeMaxMs: Number.POSITIVE_INFINITY, afterMaxMs: 501 } })
    expect(await world.during(world.group(1).publish(at(501)))).toMatchObject({ baseOffset: 2 })
    expect(await world.during(world.group(1).publish(batchOf(['old'])))).toMatchObject({ baseOffset: 3 })
  })

  it('is refused while the disk has no space, and reading still works', async () => {
    const world = await TestWorld.start({ log: { diskReserveBytes: 1000 } })
    await world.during(world.group(1).publish(batchOf(['a'])))
    world.broker(1).disk.freeBytes = 999
    await world.until(() => !world.broker(1).storage.writable)
    expect(await refusal(world.group(1).publish(batchOf(['b'])))).toBe('DISK_FULL')
    expect(await world.records(1)).toEqual(['0:a'])
  })

  it('still works below the reserve for metadata: deleting a topic frees the disk', async () => {
    const machine = { appliedIndex: 0, appliedTerm: 0, apply: () => {} }
    const world = await TestWorld.start({ log: { diskReserveBytes: 1000 }, spec: () => ({ stateMachine: machine }) })
    world.broker(1).disk.freeBytes = 999
    await world.until(() => !world.broker(1).storage.writable)
    expect(await world.during(world.group(1).publish(batchOf(['delete'])))).toMatchObject({ baseOffset: 0 })
  })
})

describe('an acknowledgement', () => {
  it('waits for the disks of any majority', async () => {
    for (const slow of [
      [1, 2],
      [1, 3],
      [2, 3],
    ]) {
      const world = await TestWorld.start()
      for (const id of slow) world.broker(id).holdDisk()
      const publish = outcomeOf(world.group(1).publish(batchOf(['a'])))
      await world.run(200)
      expect(publish.state).toBe('pending')
      expect(world.group(1).highWatermark).toBe(0)
      world.broker(slow[0]!).releaseDisk()
      await world.run(0)
      expect(publish).toMatchObject({ state: 'done', value: { baseOffset: 0 } })
    }
  })

  it('does not wait for the disk of the leader when two others are faster', async () => {
    const world = await TestWorld.start()
    world.broker(1).holdDisk()
    const publish = outcomeOf(world.group(1).publish(batchOf(['a'])))
    await world.run(0)
    expect(publish.state).toBe('done')
    expect(world.replica(1).driver.core.durableIndex).toBe(1)
  })

  it('tells that the outcome is unknown when leadership is lost first', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const publish = outcomeOf(world.group(1).publish(batchOf(['a'])))
    await world.until(() => !world.group(1).isLeader)
    expect(publish).toMatchObject({ state: 'failed', code: 'OUTCOME_UNKNOWN' })
  })
})

describe('bounds', () => {
  it('refuses a batch that would exceed the bytes that may wait for their commit, and takes it once there is room', async () => {
    const world = await TestWorld.start({ settings: { maxUncommittedBytes: 300 } })
    world.isolate(1)
    const first = outcomeOf(world.group(1).publish(batchOf(['x'.repeat(200)])))
    expect(await refusal(world.group(1).publish(batchOf(['y'])))).toBe('OVERLOADED')
    world.heal()
    await world.run(0)
    expect(first.state).toBe('done')
    expect(await world.during(world.group(1).publish(batchOf(['y'])))).toMatchObject({ baseOffset: 1 })
  })

  it('counts every byte once towards the next checkpoint', async () => {
    const batch = batchOf(['x'.repeat(100)])
    const world = await TestWorld.start({ settings: { checkpointBytes: 4 * batch.length } })
    for (let at = 0; at < 3; at += 1) await world.during(world.group(1).publish(batchOf(['x'.repeat(100)])))
    await world.run(commitIsKnown)
    expect(world.broker(1).store.content.size).toBe(0)
    await world.during(world.group(1).publish(batchOf(['x'.repeat(100)])))
    await world.run(commitIsKnown)
    for (const { store } of world.brokers) expect(store.content.size).toBe(1)
  })
})

describe('removing the group', () => {
  it('fails all waiting calls', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const group = world.group(1)
    const publish = outcomeOf(group.publish(batchOf(['a'])))
    const fetch = outcomeOf(group.fetch({ offset: 0, maxBytes: 100, waitMs: 60_000 }))
    await world.during(world.broker(1).groups.remove(GROUP))
    expect(publish).toMatchObject({ state: 'failed', code: 'UNKNOWN_TOPIC' })
    expect(fetch).toMatchObject({ state: 'failed', code: 'UNKNOWN_TOPIC' })
    expect(world.broker(1).groups.get(GROUP)).toBeUndefined()
    expect(world.broker(1).storage.group(GROUP)).toBeUndefined()
    expect(await refusal(group.publish(batchOf(['b'])))).toBe('UNKNOWN_TOPIC')
    expect(await refusal(group.fetch({ offset: 0, maxBytes: 100, waitMs: 0 }))).toBe('UNKNOWN_TOPIC')
  })
})

describe('shutting down', () => {
  it('tells all waiting calls that the broker ends, not that the topic is gone', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const group = world.group(1)
    const publish = outcomeOf(group.publish(batchOf(['a'])))
    const fetch = outcomeOf(group.fetch({ offset: 0, maxBytes: 100, waitMs: 60_000 }))
    await world.during(world.broker(1).groups.close())
    expect(publish).toMatchObject({ state: 'failed', code: 'OUTCOME_UNKNOWN' })
    expect(fetch).toMatchObject({ state: 'failed', code: 'SHUTTING_DOWN' })
    expect(await refusal(group.publish(batchOf(['b'])))).toBe('SHUTTING_DOWN')
  })
})

function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  )
}
