import type { EntryHeader } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { EntryRun, GroupLog } from '../../log/log-storage.ts'
import { settled } from '../../platform/testing/clock.ts'
import type { AppendMessage } from '../../raft/messages.ts'
import { batchOf } from '../testing/batches.ts'
import { TestWorld, type WorldOptions } from '../testing/test-world.ts'
import { AppendSender } from './append-sender.ts'

const KIB = 1024

/** Batches that the leader no longer has in memory while broker 3 was away. */
async function fallBehind(options: WorldOptions, count: number): Promise<TestWorld> {
  const world = await TestWorld.start({
    ...options,
    log: { tailBytes: 16 * KIB, segmentBytes: 64 * KIB, directBytes: 4 * KIB, ...options.log },
  })
  world.isolate(3)
  for (let at = 0; at < count; at += 1) {
    await world.during(world.group(1).publish(batchOf([`${at}`.padEnd(at % 3 === 0 ? 5000 : 700, '.')])))
  }
  return world
}

describe('a follower that was away for long', () => {
  it('is served from segments while the leader takes more, every batch once and in order', async () => {
    // With few headers kept the core asks for reads; with many, batches are missing for headers that it has.
    for (const maxUncommittedBytes of [8 * KIB, 32 << 20]) {
      const settings = { maxUncommittedBytes, maxAppendBytes: 8 * KIB, maxInflightAppends: 4 }
      const world = await fallBehind({ settings }, 60)
      const { log } = world.replica(1).driver
      expect(log.readEntries(2, 1)).toBeInstanceOf(Promise)
      world.heal()
      for (let at = 0; at < 20; at += 1) await world.during(world.group(1).publish(batchOf([`more ${at}`])))
      await world.until(() => world.group(3).highWatermark === 80)
      expect(await world.records(3)).toEqual(await world.records(1))
      expect(world.leader().id).toBe(1)
      expect(world.broker(3).errors).toEqual([])
    }
  })

  it('gets a batch that cannot be read from another leader, and the read is not repeated in every turn', async () => {
    const world = await fallBehind({ settings: { maxAppendBytes: 8 * KIB } }, 30)
    expect(await world.broker(1).flip('9.....', 'groups')).toBeGreaterThan(0)
    world.heal()
    await world.run(5000)
    expect(world.group(3).highWatermark).toBeLessThan(30)
    // One attempt or two an election timeout, not one a turn.
    expect(world.broker(1).errors.length).toBeGreaterThan(0)
    expect(world.broker(1).errors.length).toBeLessThan(60)
    world.broker(1).kill()
    await world.until(() => world.group(3).highWatermark === 30, 20_000)
    expect(await world.records(3)).toEqual(await world.records(2))
  })
})

/** A log whose reads end at the test's command. */
class SlowLog {
  readonly reads: { from: number; resolve: (run: EntryRun) => void; reject: (error: Error) => void }[] = []

  readEntries(from: number): Promise<EntryRun> {
    return new Promise((resolve, reject) => this.reads.push({ from, resolve, reject }))
  }
}

function header(index: number, term = 1): EntryHeader {
  return { index, term, kind: EntryKind.Records, baseOffset: index, lastOffset: index, bytes: 1 }
}

function append(to: number, first: number, last = first, term = 1): AppendMessage {
  const entries = Array.from({ length: last - first + 1 }, (_, at) => header(first + at, term))
  return { type: 'append', from: 1, to, term, prevIndex: first - 1, prevTerm: term, entries, commit: 0 }
}

function runOf(first: number, last: number, term = 1): EntryRun {
  const headers = Array.from({ length: last - first + 1 }, (_, at) => header(first + at, term))
  return { headers, payloads: headers.map(({ index }) => Uint8Array.of(index)) }
}

function setUp() {
  const log = new SlowLog()
  const sent: string[] = []
  const errors: unknown[] = []
  const sender = new AppendSender(
    1,
    () => log as unknown as GroupLog,
    {
      sendRaft: (_group, message, payloads) =>
        sent.push(`${message.to} ${message.type} ${payloads.map(([first]) => first).join(',')}`),
    },
    { info: () => {}, warn: () => {}, error: (fields) => errors.push(fields) },
  )
  return { log, sent, errors, sender }
}

describe('appends whose batches must be read', () => {
  it('leave in order, and no follower waits for another', async () => {
    const { log, sent, sender } = setUp()
    sender.send(append(2, 1, 2))
    sender.send(append(2, 3))
    sender.send(append(3, 1))
    expect(log.reads.map(({ from }) => from)).toEqual([1, 1])
    log.reads[1]!.resolve(runOf(1, 1))
    await settled()
    expect(sent).toEqual(['3 append 1'])
    log.reads[0]!.resolve(runOf(1, 2))
    await settled()
    // The next one needs a read of its own, and later appends wait for that read.
    sender.send(append(2, 4))
    log.reads[2]!.resolve(runOf(3, 3))
    await settled()
    log.reads[3]!.resolve(runOf(4, 4))
    await settled()
    expect(sent).toEqual(['3 append 1', '2 append 1,2', '2 append 3', '2 append 4'])
  })

  it('are not sent with batches of another term, nor when they cannot be read', async () => {
    const { log, sent, errors, sender } = setUp()
    sender.send(append(2, 1, 2, 1))
    log.reads[0]!.resolve(runOf(1, 2, 3))
    await settled()
    sender.send(append(2, 1))
    log.reads[1]!.reject(new Error('rotten'))
    await settled()
    expect(sent).toEqual([])
    expect(errors).toHaveLength(1)
    sender.send(append(2, 1))
    log.reads[2]!.resolve(runOf(1, 1))
    await settled()
    expect(sent).toEqual(['2 append 1'])
  })

  it('take the batches of the read that the core has asked for, which are not kept afterwards', async () => {
    const { log, sent, sender } = setUp()
    const read = sender.read({ ticket: 1, to: 2, from: 5, maxBytes: 10 }, () => sender.send(append(2, 5, 6)))
    log.reads[0]!.resolve(runOf(5, 6))
    await read
    expect(sent).toEqual(['2 append 5,6'])
    sender.send(append(2, 5))
    expect(log.reads).toHaveLength(2)
  })
})
