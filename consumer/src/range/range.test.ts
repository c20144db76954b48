import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type SubscribeOptions } from '../index.ts'

let cluster: TestCluster
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 3 }, 2)
  consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 50 })
})
afterEach(async () => {
  await consumer.close()
  await cluster.close()
})

/** One batch. A record's time is its number in thousands. */
function fill(partition: number, from: number, count: number): void {
  const writer = new BatchWriter()
  for (let i = from; i < from + count; i++)
    writer.append({ timestamp: 1000 * i, key: null, value: `${partition}-${i}` })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  cluster.log('t', partition).append(batch, 1 << 26)
  cluster.pushAll()
}

/** All that a loop reads, and where it stands behind it. */
async function read(options: SubscribeOptions) {
  const subscription = consumer.subscribe('t', { ...options, bytes: false })
  const values: string[] = []
  for await (const { value } of subscription) values.push(value!)
  return { values: values.sort(), position: Object.fromEntries(subscription.position()) }
}

const named = (partition: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${partition}-${from + i}`)

describe('a loop with an end', () => {
  beforeEach(() => {
    fill(0, 0, 6)
    fill(0, 6, 4)
    fill(1, 0, 3)
  })

  it('reads what there is when it begins, from the earliest record, and partitions without a record', async () => {
    expect(await read({ until: 'end' })).toEqual({
      values: [...named(0, 0, 10), ...named(1, 0, 3)],
      position: { 0: 10, 1: 3, 2: 0 },
    })
    expect((await read({ until: 'end', partitions: [2] })).values).toEqual([])
    expect((await read({ until: 'end', from: 'latest' })).values).toEqual([])
  })

  it('hands out nothing that comes after it has begun, nor partitions that are added', async () => {
    const subscription = consumer.subscribe('t', { until: 'end' })
    await subscription.ready()
    fill(0, 10, 5)
    cluster.addPartition('t')
    fill(3, 0, 5)
    await new Promise((resolve) => setTimeout(resolve, 120))
    const values: string[] = []
    for await (const { value } of subscription) values.push(value!)
    expect(values.sort()).toEqual([...named(0, 0, 10), ...named(1, 0, 3)])
    expect(Object.fromEntries(subscription.position())).toEqual({ 0: 10, 1: 3, 2: 0 })
  })

  it('ends before an offset, within a batch', async () => {
    expect(await read({ from: 1, to: 2, partitions: [0, 1] })).toEqual({
      values: [...named(0, 1, 2), ...named(1, 1, 2)],
      position: { 0: 2, 1: 2 },
    })
  })

  it('waits for an offset that is not there yet', async () => {
    const reading = read({ to: 5, partitions: [0, 1], from: 2 })
    await new Promise((resolve) => setTimeout(resolve, 30))
    fill(1, 3, 9)
    expect((await reading).values).toEqual([...named(0, 2, 5), ...named(1, 2, 5)])
  })

  it('reads a range of times: from the first record at or after one to that of the other', async () => {
    const time = (i: number) => new Date(1000 * i)
    expect(await read({ from: time(2), to: time(7) })).toEqual({
      values: [...named(0, 2, 7), ...named(1, 2, 3)],
      position: { 0: 7, 1: 3, 2: 0 },
    })
    expect((await read({ from: time(7), to: time(2) })).values).toEqual([])
    expect((await read({ from: time(50), to: time(60) })).values).toEqual([])
  })

  it('ends at a position; partitions that it does not name had nothing before it', async () => {
    const { values, position } = await read({ from: { 0: 2 }, to: JSON.parse('{"offsets":{"0":4,"2":0}}') })
    expect(values).toEqual(named(0, 2, 4))
    expect(position).toEqual({ 0: 4, 1: 0, 2: 0 })
  })

  it('ends at what comes first of two ends', async () => {
    expect((await read({ until: 'end', to: 5 })).values).toEqual([...named(0, 0, 5), ...named(1, 0, 3)])
  })

  it('that begins behind its end hands out nothing, and stays where it was to begin', async () => {
    expect(await read({ from: 8, to: 5, partitions: [0] })).toEqual({ values: [], position: { 0: 8 } })
  })

  it('whose end retention has overtaken hands out what there is before it: nothing', async () => {
    cluster.log('t', 0).logStart = 8
    const jumps: unknown[] = []
    const options = {
      from: 2,
      to: 5,
      partitions: [0],
      onOutOfRange: 'earliest',
      onJump: (jump: unknown) => jumps.push(jump),
    } as const
    expect((await read(options)).values).toEqual([])
    expect(jumps).toEqual([{ topic: 't', partition: 0, from: 2, to: 8, missing: 6 }])
    await expect(read({ from: 2, to: 5, partitions: [0] })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })

  it('reads to its end although leaders move', async () => {
    const subscription = consumer.subscribe('t', { until: 'end', maxBufferedBytes: 1 })
    const values: string[] = []
    for await (const { value } of subscription) {
      if (values.length === 2) cluster.moveLeader('t', 0, 2)
      if (values.length === 4) cluster.moveLeader('t', 1, 1)
      values.push(value!)
    }
    expect(values.sort()).toEqual([...named(0, 0, 10), ...named(1, 0, 3)])
  })

  it('gives batches that are cut at the end', async () => {
    const got: unknown[] = []
    for await (const batch of consumer.subscribe('t', { from: 4, to: 8, partitions: [0] }).batches()) {
      got.push([batch.baseOffset, batch.lastOffset, batch.count, batch.records().map(({ value }) => value)])
    }
    expect(got).toEqual([
      [4, 5, 2, named(0, 4, 6)],
      [6, 7, 2, named(0, 6, 8)],
    ])
  })

  it('needs the partitions that its end names', async () => {
    await expect(read({ to: { 7: 4 } })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
  })
})

describe('the last records', () => {
  beforeEach(() => {
    fill(0, 0, 10)
    fill(1, 0, 3)
  })

  it('are so many of each partition, or as many as there are', async () => {
    expect((await read({ last: 4, until: 'end' })).values).toEqual([...named(0, 6, 10), ...named(1, 0, 3)])
  })

  it('are those before the end that is given', async () => {
    expect((await read({ last: 2, to: 5, partitions: [0] })).values).toEqual(named(0, 3, 5))
  })

  it('are what is left of them when retention has removed some meanwhile', async () => {
    cluster.log('t', 0).logStart = 8
    expect((await read({ last: 4, until: 'end', partitions: [0] })).values).toEqual(named(0, 8, 10))
  })

  it('are followed by all that comes where the loop has no end, also in partitions that are added', async () => {
    const subscription = consumer.subscribe('t', { last: 1 })
    const values: string[] = []
    const loop = (async () => {
      for await (const { value } of subscription) if (values.push(value!) === 6) break
    })()
    await subscription.ready()
    fill(0, 10, 2)
    cluster.addPartition('t')
    fill(3, 0, 2)
    await loop
    expect(values.sort()).toEqual(['0-10', '0-11', '0-9', '1-2', '3-0', '3-1'])
  })
})

it.each<[string, SubscribeOptions]>([
  ['until', { until: 'tomorrow' as 'end' }],
  ['last', { last: 0 }],
  ['last', { last: 1.5 }],
  ['last', { last: 3, from: 'earliest' }],
  ['to', { to: 'soon' }],
  ['to', { to: {} }],
  ['to', { to: -1 }],
  ['to', { from: { topicId: 'a', offsets: { 0: 1 } }, to: { topicId: 'b', offsets: { 0: 1 } } }],
  ['otherwise', { otherwise: 'never' as 'latest' }],
  ['onTopicRecreated', { until: 'end', onTopicRecreated: 'latest' }],
])('%s is refused: %o', (name, options) => {
  expect(() => consumer.subscribe('t', { ...options, bytes: false })).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringContaining(`${name}: `) }),
  )
})
