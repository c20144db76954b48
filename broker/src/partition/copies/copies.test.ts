import type { BrokerId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { caughtUp, cut, lateWorld, numbered, publish, settings, worldOf } from '../testing/late-world.ts'
import { outcomeOf, type TestWorld } from '../testing/test-world.ts'

async function sameRecords(world: TestWorld, id: BrokerId): Promise<void> {
  const leader = world.leader().id
  const all = await world.records(leader)
  const here = await world.records(id)
  expect(here.length).toBeGreaterThan(0)
  expect(all.slice(-here.length)).toEqual(here)
  expect(world.group(id).logStart).toBeGreaterThan(0)
}

/**
 * The next sequence is known there: a retry of the last batch is a duplicate, and a batch that skips one is refused.
 */
async function knowsProducers(world: TestWorld, id: BrokerId, next: number): Promise<void> {
  await world.during(world.group(world.leader().id).transferLeadership(id))
  await world.until(() => world.replica(id).driver.core.commitIsCurrent)
  const again = await world.during(world.group(id).publish(numbered(next - 1)))
  expect(again).toMatchObject({ duplicate: true, baseOffset: next - 1 })
  await expect(world.group(id).publish(numbered(next + 5))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
  await world.during(world.group(id).publish(numbered(next)))
}

describe('retention', () => {
  it('M41, M45 cuts off whole segments on each replica by itself; readers of removed records are told so', async () => {
    const world = await worldOf()
    await publish(world, 0, 40)
    await world.run(300)
    await cut(world, [2])
    expect(world.group(1).logStart).toBe(0)
    const { logStart, highWatermark } = world.group(2)
    expect(highWatermark).toBe(40)
    expect(world.group(2).status().sizeBytes).toBeGreaterThanOrEqual(3000)
    const gone = world.group(2).fetch({ offset: logStart - 1, maxBytes: 1, waitMs: 0 })
    await expect(gone).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(world.broker(2).groups.metrics.prefixCuts).toBeGreaterThan(0)
  })

  it('M45 begins on each replica where its own rule says; all show the same records under any leader', async () => {
    const world = await worldOf()
    await publish(world, 0, 40)
    await world.run(300)
    for (const [id, bytes] of [
      [2, 3000],
      [3, 9000],
    ] as const) {
      await world.during(world.replica(id).driver.log.seal())
      world.group(id).update({ retention: { bytes, ms: null } })
    }
    const starts = () => [1, 2, 3].map((id) => world.group(id).logStart)
    await world.until(() => starts()[1]! > 0 && starts()[2]! > 0)
    await world.run(1000)
    const [one, two, three] = starts()
    expect([one === 0, three! > 0, two! > three!, two! < 40]).toEqual([true, true, true, true])
    const showsAll = async (count: number) => {
      await world.until(() => [1, 2, 3].every((id) => world.group(id).highWatermark === count))
      const all = await world.records(1)
      expect(all).toHaveLength(count)
      for (const id of [2, 3]) expect(await world.records(id)).toEqual(all.slice(world.group(id).logStart))
    }
    await showsAll(40)
    let count = 40
    for (const id of [2, 3, 1]) {
      if (!world.group(id).isLeader) await world.during(world.group(world.leader().id).transferLeadership(id))
      await world.until(() => world.replica(id).driver.core.commitIsCurrent)
      await world.during(world.group(id).publish(numbered(count)))
      count += 1
      await showsAll(count)
    }
    expect(world.brokers.map(({ groups }) => groups.metrics.snapshotsInstalled)).toEqual([0, 0, 0])
  })

  it('M36, M98 a restart over a cut prefix still knows every producer', async () => {
    const world = await worldOf()
    await world.during(world.group(1).publish(batchOf(['first'], { producerId: 9, sequence: 0 })))
    await publish(world, 0, 40)
    await world.run(300)
    await cut(world, [1, 2, 3])
    for (const id of [1, 2, 3]) world.broker(id).kill()
    for (const id of [1, 2, 3]) await world.restart(id)
    await world.until(() => [1, 2, 3].some((id) => world.replica(id).driver.core.commitIsCurrent))
    const group = world.group(world.leader().id)
    expect(group.logStart).toBeGreaterThan(0)
    // Its only record is long gone.
    const again = await world.during(group.publish(batchOf(['first'], { producerId: 9, sequence: 0 })))
    expect(again).toMatchObject({ duplicate: true, baseOffset: 0 })
    const last = await world.during(group.publish(numbered(39)))
    expect(last).toMatchObject({ duplicate: true, baseOffset: 40 })
  })

  it('M41 by age, even where the only segment still grows', async () => {
    const world = await worldOf()
    const { clock } = world
    await world.during(world.group(1).publish(batchOf(['old'], { timestamp: clock.now() - 10_000 })))
    await world.run(200)
    world.group(1).update({ retention: { bytes: null, ms: 5000 } })
    await world.until(() => world.group(1).logStart === 1)
    await world.during(world.group(1).publish(batchOf(['young'], { timestamp: clock.now() })))
    await world.run(1000)
    expect(await world.records(1)).toEqual(['1:young'])
  })
})

describe('a damaged checkpoint', () => {
  it('M42 over a cut prefix: the producers are taken from another replica, and saved again only then', async () => {
    const world = await worldOf()
    await world.during(world.group(1).publish(batchOf(['first'], { producerId: 9, sequence: 0 })))
    await publish(world, 0, 40)
    await world.run(300)
    await cut(world, [1, 2, 3])
    await world.during(world.broker(2).close())
    const key = 'partition/000000000001'
    const bytes = world.broker(2).store.content.get(key)!.slice()
    bytes[20]! ^= 1
    world.broker(2).store.content.set(key, bytes)
    world.passesNotes = () => false
    await world.restart(2)
    await world.run(1000)
    expect(world.replica(2).incomplete).toBe(true)
    expect(world.broker(2).store.content.get(key)).toEqual(bytes)
    world.passesNotes = () => true
    await world.until(() => !world.replica(2).incomplete)
    await world.during(world.group(world.leader().id).transferLeadership(2))
    await world.until(() => world.replica(2).driver.core.commitIsCurrent)
    const again = await world.during(world.group(2).publish(batchOf(['first'], { producerId: 9, sequence: 0 })))
    expect(again).toMatchObject({ duplicate: true, baseOffset: 0 })
  })
})

describe('a late replica', () => {
  it('M37, M46, M53 gets a copy of the remaining segments, then the log; and knows the producers', async () => {
    const world = await lateWorld()
    await world.restart(3)
    await caughtUp(world, 3)
    await sameRecords(world, 3)
    expect(world.broker(3).groups.metrics).toMatchObject({ snapshotsInstalled: 1 })
    expect(world.broker(3).groups.metrics.copiedBytesIn).toBeGreaterThan(2000)
    expect(world.group(3).status().snapshot).not.toBeNull()
    await knowsProducers(world, 3, 40)
  })

  it('M42 the producers may be ahead of the copied segments: later entries are not counted twice', async () => {
    const world = await lateWorld()
    // These are in no segment yet.
    await publish(world, 40, 43)
    let copied = 0
    world.answers = (name, reply) => {
      if (name === 'CopyOpen') copied = JSON.parse(new TextDecoder().decode(reply.body[0])).description.lastIndex
      return reply
    }
    await world.restart(3)
    await caughtUp(world, 3)
    expect(copied).toBeLessThan(world.replica(1).driver.state.commitIndex)
    await world.during(world.group(1).transferLeadership(3))
    await world.until(() => world.replica(3).driver.core.commitIsCurrent)
    for (const sequence of [38, 39, 40, 41, 42]) {
      const again = await world.during(world.group(3).publish(numbered(sequence)))
      expect(again).toMatchObject({ duplicate: true, baseOffset: sequence })
    }
  })

  it('M59, M46 a newcomer to a partition whose start is gone', async () => {
    const world = await worldOf({ brokers: 4, founders: 3 })
    await publish(world, 0, 40)
    await world.run(300)
    await cut(world, [1, 2, 3])
    await world.during(world.openGroup(world.broker(4), 9))
    const outcome = outcomeOf(world.group(1).changeMembers({ voters: [1, 2, 4], learners: [], admissions: { 4: 9 } }))
    await world.until(() => outcome.state !== 'pending', 20_000)
    expect(outcome).toMatchObject({ state: 'done' })
    await caughtUp(world, 4)
    await sameRecords(world, 4)
    await knowsProducers(world, 4, 40)
  })

  it('M54 lost, refused and damaged pieces are asked for again', async () => {
    const world = await lateWorld()
    let asked = 0
    world.answers = (name, reply) => {
      if (name !== 'CopyRead') return reply
      asked += 1
      if (asked % 4 === 1) throw new TailraceError('CONNECTION_LOST')
      if (asked % 4 === 2) return { ...reply, body: reply.body.map((piece) => piece.map((byte) => byte ^ 1)) }
      return reply
    }
    await world.restart(3)
    await caughtUp(world, 3)
    await sameRecords(world, 3)
    expect(asked).toBeGreaterThan(8)
  })

  it('M54 a piece that was lost or damaged in transfer is asked for again, at its place, and no other is', async () => {
    const world = await lateWorld()
    const asked: { place: string; bytes: number; isGood: boolean }[] = []
    world.answers = (name, reply, _from, _to, request) => {
      if (name !== 'CopyRead') return reply
      const { file, position, maxBytes } = request as Message<'CopyRead'>
      expect(maxBytes).toBe(settings.copyChunkBytes)
      const bytes = reply.body.reduce((sum, { length }) => sum + length, 0)
      const turn = asked.length % 5
      asked.push({ place: `${file} ${position}`, bytes, isGood: turn !== 1 && turn !== 3 })
      if (turn === 1) throw new TailraceError('CONNECTION_LOST')
      // A single bit, where a batch's own checksum does not look.
      if (turn === 3)
        return { ...reply, body: [Buffer.concat(reply.body).map((byte, at) => (at === 14 ? byte ^ 1 : byte))] }
      return reply
    }
    await world.restart(3)
    await caughtUp(world, 3)
    await sameRecords(world, 3)
    const bad = asked.flatMap(({ isGood }, at) => (isGood ? [] : [at]))
    expect(bad.length).toBeGreaterThan(4)
    for (const at of bad) expect(asked[at + 1]?.place).toBe(asked[at]!.place)
    const good = asked.filter(({ isGood, bytes }) => isGood && bytes > 0)
    expect(new Set(good.map(({ place }) => place)).size).toBe(good.length)
    expect(Math.max(...asked.map(({ bytes }) => bytes))).toBeLessThanOrEqual(settings.copyChunkBytes)
    expect(world.broker(3).groups.metrics.snapshotsInstalled).toBe(1)
  })

  it('M54 continues at its place when the source comes back with another copy', async () => {
    const world = await lateWorld()
    let asked = 0
    world.answers = (name, reply) => {
      if (name !== 'CopyRead') return reply
      asked += 1
      // As after a restart of the source: it knows nothing of the copies it had.
      if (asked === 4) throw new TailraceError('CLOSED')
      return reply
    }
    await world.restart(3)
    await caughtUp(world, 3)
    const [source, receiver] = [world.broker(1).groups.metrics, world.broker(3).groups.metrics]
    // Only the lost piece was sent twice.
    expect(source.copiedBytesOut - receiver.copiedBytesIn).toBeLessThanOrEqual(settings.copyChunkBytes)
    await sameRecords(world, 3)
  })

  it('M52, M54 a change of leader in the meantime does no harm, and the pieces still come from the old source', async () => {
    const world = await lateWorld()
    let asked = 0
    world.answers = (name, reply) => {
      if (name === 'CopyRead') asked += 1
      return reply
    }
    await world.restart(3)
    await world.until(() => asked >= 2)
    const outcome = outcomeOf(world.group(1).transferLeadership(2))
    await world.until(() => outcome.state !== 'pending')
    await caughtUp(world, 3)
    await sameRecords(world, 3)
  })

  it('M47, M52 gives up a source that is gone, and takes another leader’s copy', async () => {
    const world = await lateWorld()
    let asked = 0
    world.answers = (name, reply, _from, to) => {
      if (name === 'CopyRead') asked += 1
      if (to === 1 && asked > 2) throw new TailraceError('CONNECTION_LOST')
      return reply
    }
    await world.restart(3)
    await world.until(() => asked > 2)
    world.broker(1).kill()
    await caughtUpAfterElection(world)
    await sameRecords(world, 3)
  })

  it('M49 a crash after any number of pieces leaves the old or the new log, and the copy continues', async () => {
    for (let crashAt = 1; crashAt <= 14; crashAt += 1) {
      const world = await lateWorld()
      let asked = 0
      world.answers = (name, reply) => {
        if (name === 'CopyRead') asked += 1
        return reply
      }
      await world.restart(3)
      await world.until(() => asked >= crashAt || world.broker(3).groups.metrics.snapshotsInstalled > 0)
      world.broker(3).kill()
      await world.restart(3)
      await caughtUp(world, 3)
      await sameRecords(world, 3)
      if (crashAt % 5 === 0) await knowsProducers(world, 3, 40)
    }
  })

  it('M49 a crash between the derived state and the log leaves a log that is not taken for the committed one', async () => {
    for (let crashAt = 0; crashAt < 40; crashAt += 1) {
      const world = await lateWorld()
      await world.restart(3)
      const marker = 'install/000000000001'
      await world.until(() => world.broker(3).store.content.has(marker) || world.group(3).logStart > 0)
      for (let turn = 0; turn < crashAt; turn += 1) await world.run(0)
      world.broker(3).kill()
      await world.restart(3)
      await caughtUp(world, 3)
      await sameRecords(world, 3)
      if (crashAt % 10 === 0) await knowsProducers(world, 3, 40)
      crashAt += 3
    }
  })

  it('M53 answers heartbeats while it copies: the leader stays, and a limited rate makes it slow', async () => {
    const world = await lateWorld({ settings: { ...settings, replicationBytesPerSecond: 1500 } })
    const { term } = world.group(1)
    await world.restart(3)
    const from = world.clock.monotonic()
    await world.until(() => world.group(3).status().installing !== null)
    await world.until(() => (world.group(3).status().installing?.receivedBytes ?? 0) > 0)
    expect(
      world
        .group(1)
        .status()
        .followers.find(({ id }) => id === 3),
    ).toMatchObject({ state: 'snapshot', active: true })
    await publish(world, 40, 42)
    await caughtUp(world, 3)
    expect(world.clock.monotonic() - from).toBeGreaterThan(1500)
    expect(world.group(1)).toMatchObject({ isLeader: true, term })
    await sameRecords(world, 3)
  })

  it('M44 the copy does not change while records are appended and segments are removed', async () => {
    const world = await lateWorld({ settings: { ...settings, replicationBytesPerSecond: 2000 } })
    await world.restart(3)
    await world.until(() => world.group(3).status().installing !== null)
    await publish(world, 40, 70)
    await world.during(world.replica(1).driver.log.seal())
    await world.run(500)
    await caughtUp(world, 3, 60_000)
    await sameRecords(world, 3)
    expect(world.group(3).highWatermark).toBe(70)
  })

  it('M84 takes it from a designated replica, and the leader makes no copy', async () => {
    const world = await lateWorld()
    world.answers = (_name, reply, _from, to) => {
      if (to === 1) throw new TailraceError('UNKNOWN_PARTITION')
      return reply
    }
    const place = await world.during(world.group(2).takeSnapshot())
    await world.restart(3)
    await world.run(200)
    world.group(1).offerSnapshot(2, place)
    await world.until(() => {
      if (world.group(3).highWatermark === 40) return true
      world.group(1).offerSnapshot(2, place)
      return false
    })
    await sameRecords(world, 3)
    expect(world.broker(2).groups.metrics.copiedBytesOut).toBeGreaterThan(2000)
    expect(world.broker(1).groups.metrics.copiedBytesOut).toBe(0)
  })

  it('copies without a reader are closed', async () => {
    const world = await lateWorld()
    world.answers = () => {
      throw new TailraceError('CONNECTION_LOST')
    }
    await world.restart(3)
    await world.run(1000)
    world.broker(3).kill()
    await world.run(20_000)
    expect(world.broker(1).groups.openCopies).toBe(0)
  })
})

async function caughtUpAfterElection(world: TestWorld): Promise<void> {
  await world.until(() => [2, 3].some((id) => world.replica(id).driver.core.commitIsCurrent), 60_000)
  await caughtUp(world, 3, 60_000)
}

describe('a replica in quarantine', () => {
  it('M46 whose leader has cut off the missing entries becomes whole by a copy', async () => {
    const world = await worldOf()
    await publish(world, 0, 3)
    await world.run(200)
    world.broker(3).kill()
    await world.broker(3).flip('2-xxx', 'journal')
    await publish(world, 3, 40)
    await world.run(300)
    await cut(world, [1, 2])
    await world.restart(3)
    expect(world.group(3).status().trouble).not.toBeNull()
    await world.until(() => world.group(3).status().trouble === null, 30_000)
    await caughtUp(world, 3)
    await sameRecords(world, 3)
    expect(world.broker(3).groups.metrics.snapshotsInstalled).toBe(1)
    await knowsProducers(world, 3, 40)
  })
})
