import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type Jump, type SubscribeOptions } from './index.ts'

/** The fault of a broker that is behind. */
const PATIENCE_MS = 5_000
let cluster: TestCluster
let consumer: Consumer
let jumps: Jump[]

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 }, 1)
  consumer = new Consumer({ servers: cluster.servers })
  jumps = []
})
afterEach(async () => {
  await consumer.close()
  await cluster.close()
})

function fill(count: number): void {
  const writer = new BatchWriter()
  for (let n = 0; n < count; n++) {
    writer.append({ timestamp: 1000, key: null, value: 'v' })
    const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
    cluster.log('t', 0).append(batch, 1 << 26)
    writer.reset()
  }
}

function subscribe(options: Omit<SubscribeOptions, 'bytes'>) {
  const onJump = (jump: Jump): number => jumps.push(jump)
  return consumer.subscribe('t', { from: 'earliest', onJump, ...options })[Symbol.asyncIterator]()
}

/** Reads 10 records, and is cut off while 10 more are written and all before `logStart` goes. */
async function overtaken(options: Omit<SubscribeOptions, 'bytes'>, logStart: number) {
  fill(10)
  const records = subscribe(options)
  for (let offset = 0; offset < 10; offset++) expect((await records.next()).value).toMatchObject({ offset })
  for (const session of cluster.brokers[0]!.sessions) session.drop()
  fill(10)
  cluster.log('t', 0).logStart = logStart
  return records
}

describe('a reader whose offset has been deleted', () => {
  it('goes on at once at the first offset that exists, and is told how many it misses', async () => {
    const records = await overtaken({ onOutOfRange: 'earliest' }, 15)
    const started = performance.now()
    expect((await records.next()).value).toMatchObject({ offset: 15 })
    expect(performance.now() - started).toBeLessThan(PATIENCE_MS / 2)
    expect(jumps).toEqual([{ topic: 't', partition: 0, from: 10, to: 15, missing: 5 }])
  })

  it('fails at once where the option says so', async () => {
    const records = await overtaken({ onOutOfRange: 'fail' }, 15)
    const started = performance.now()
    await expect(records.next()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(performance.now() - started).toBeLessThan(PATIENCE_MS / 2)
    expect(jumps).toEqual([])
  })

  it('is told nothing while its offset exists', async () => {
    const records = await overtaken({ onOutOfRange: 'earliest' }, 10)
    expect((await records.next()).value).toMatchObject({ offset: 10 })
    expect(jumps).toEqual([])
  })

  it('is also told when it began there, and when it goes back', async () => {
    fill(10)
    cluster.log('t', 0).logStart = 4
    expect((await subscribe({ from: 1, onOutOfRange: 'earliest' }).next()).value).toMatchObject({ offset: 4 })
    expect((await subscribe({ from: 11, onOutOfRange: 'earliest' }).next()).value).toMatchObject({ offset: 4 })
    expect(jumps).toEqual([
      { topic: 't', partition: 0, from: 1, to: 4, missing: 3 },
      { topic: 't', partition: 0, from: 11, to: 4, missing: 0 },
    ])
  })
})

it('a callback that throws ends the subscription; a value that is no function is refused', async () => {
  fill(10)
  cluster.log('t', 0).logStart = 4
  const thrown = new RangeError('no jumps')
  const onJump = (): never => {
    throw thrown
  }
  const records = consumer.subscribe('t', { from: 1, onOutOfRange: 'earliest', onJump })[Symbol.asyncIterator]()
  await expect(
    (async () => {
      for (let n = 0; n < 10; n++) await records.next()
    })(),
  ).rejects.toBe(thrown)
  expect(() => consumer.subscribe('t', { onJump: 'yes' as never })).toThrow(/onJump/)
})
