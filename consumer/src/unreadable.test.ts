import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter, placeBatch, RECORDS_AT, TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sealed } from '../../schemas/src/testing/changed-batches.ts'
import { Consumer, type OnUnreadable, type SubscribeOptions } from './index.ts'

let cluster: TestCluster
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 })
  consumer = new Consumer({ servers: cluster.servers })
})

afterEach(async () => {
  await consumer.close()
  await cluster.close()
})

function batchOf(values: readonly (string | Uint8Array)[]): Uint8Array {
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp: 1, key: null, value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

/** Stores a batch as a leader of an older version took it, without checking its records. */
function store(batch: Uint8Array, count: number): void {
  const log = cluster.log('t', 0)
  const baseOffset = log.highWatermark
  placeBatch(batch, 0, baseOffset, 1)
  log.batches.push({ bytes: batch, baseOffset, lastOffset: baseOffset + count - 1 })
}

/** Offsets 0 to 3: one record that is not text. 4 to 6: two records and garbage. 7: garbage. 8: good. */
function storeAll(): void {
  store(batchOf(['good0', 'good1', new Uint8Array([0xff]), 'good3']), 4)
  const torn = batchOf(['good4', 'good5', 'x'.repeat(30)])
  store(sealed(torn.fill(0xff, torn.length - 34)), 3)
  store(sealed(batchOf(['x'.repeat(40)]).fill(0xff, RECORDS_AT)), 1)
  store(batchOf(['good8']), 1)
}

type Options = SubscribeOptions & { bytes?: false }

/** The values until the end of all or an error, that error, and the position then. */
async function readOn(options: Options): Promise<{ values: unknown[]; error?: TailraceError; position?: number }> {
  const values: unknown[] = []
  const subscription = consumer.subscribe('t', options)
  try {
    for await (const { value, offset } of subscription) {
      values.push(value)
      if (offset === 8) break
    }
  } catch (error) {
    return { values, error: error as TailraceError, position: subscription.position().get(0)! }
  }
  return { values, position: subscription.position().get(0)! }
}

it.each([
  { code: 'INVALID_RECORD', from: 0, before: ['good0', 'good1'], offset: 2, nextOffset: 3 },
  { code: 'INVALID_BATCH', from: 3, before: ['good3', 'good4', 'good5'], offset: 6, nextOffset: 7 },
  { code: 'INVALID_BATCH', from: 7, before: [], offset: 7, nextOffset: 8 },
])('gives the records before $code at $offset, then the error with its place', async (row) => {
  storeAll()
  const { values, error, position } = await readOn({ from: row.from })
  expect(values).toEqual(row.before)
  expect(error).toBeInstanceOf(TailraceError)
  expect(error).toMatchObject({ code: row.code, retriable: false })
  expect(error!.place).toEqual({ topic: 't', partition: 0, offset: row.offset, nextOffset: row.nextOffset })
  expect(error!.message).toMatch(new RegExp(`"t" partition 0, offset ${row.offset}; .*${row.nextOffset}`))
  expect(position).toBe(row.offset)
})

it('goes on behind a record that it cannot read, from nextOffset on', async () => {
  storeAll()
  const values: unknown[] = []
  const places: number[] = []
  for (let from: number | undefined = 0; from !== undefined; ) {
    const read = await readOn({ from })
    values.push(...read.values)
    from = read.error?.place?.nextOffset
    if (from !== undefined) places.push(from)
  }
  expect(values).toEqual(['good0', 'good1', 'good3', 'good4', 'good5', 'good8'])
  expect(places).toEqual([3, 7, 8])
})

it('leaves out records that it cannot read when told so, and calls a function each time', async () => {
  storeAll()
  const all = ['good0', 'good1', 'good3', 'good4', 'good5', 'good8']
  expect(await readOn({ from: 'earliest', onUnreadable: 'skip' })).toMatchObject({ values: all, position: 9 })
  const told: unknown[] = []
  const onUnreadable: OnUnreadable = ({ code, place }) => told.push([code, place!.offset, place!.nextOffset])
  expect((await readOn({ from: 'earliest', onUnreadable })).values).toEqual(all)
  expect(told).toEqual([
    ['INVALID_RECORD', 2, 3],
    ['INVALID_BATCH', 6, 7],
    ['INVALID_BATCH', 7, 8],
  ])
})

it('by batches: the position is never behind a record that could not be read', async () => {
  storeAll()
  const subscription = consumer.subscribe('t', { from: 'earliest' })
  const batches = subscription.batches()
  const first = (await batches.next()).value!
  expect(subscription.position().get(0)).toBe(4)
  expect(() => first.records()).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
  expect(subscription.position().get(0)).toBe(0)
  const values: unknown[] = []
  expect(() => first.each(({ value }) => values.push(value))).toThrow(/not UTF-8/)
  expect(values).toEqual(['good0', 'good1'])
  const second = (await batches.next()).value!
  const offsets: number[] = []
  const noteOffset = ({ offset }: { offset: number }) => {
    offsets.push(offset)
  }
  expect(() => second.forEach(noteOffset)).toThrow(/breaks a rule/)
  expect(offsets).toEqual([4, 5])
  expect(subscription.position().get(0)).toBe(6)
  await subscription.close()
})

it('an error of the program comes through as it is', async () => {
  storeAll()
  const { value } = await consumer.subscribe('t', { from: 'earliest', onUnreadable: 'skip' }).batches().next()
  const mine = new TailraceError('ABORTED')
  const raise = (): never => {
    throw mine
  }
  expect(() => value!.forEach(raise)).toThrow(mine)
  expect(() => value!.each(raise)).toThrow(mine)
})

it('a single read ends before a record that it cannot read, and fails when that is the first', async () => {
  storeAll()
  const at = (offset: number, onUnreadable?: OnUnreadable) =>
    consumer.read('t', { partition: 0, offset }, onUnreadable === undefined ? {} : { onUnreadable })
  expect(await at(0)).toMatchObject({ records: [{ value: 'good0' }, { value: 'good1' }], nextOffset: 2 })
  await expect(at(2)).rejects.toMatchObject({ code: 'INVALID_RECORD', place: { offset: 2, nextOffset: 3 } })
  await expect(at(7)).rejects.toMatchObject({ code: 'INVALID_BATCH', place: { offset: 7, nextOffset: 8 } })
  const { records, nextOffset } = await at(2, 'skip')
  expect(records.map(({ value }) => value)).toEqual(['good3', 'good4', 'good5', 'good8'])
  expect(nextOffset).toBe(9)
})

it('refuses another word', () => {
  const wrong = { onUnreadable: 'ignore' as OnUnreadable }
  expect(() => consumer.subscribe('t', wrong)).toThrow(/onUnreadable: "ignore"/)
})
