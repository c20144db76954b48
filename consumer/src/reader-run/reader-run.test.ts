import { setTimeout as pause } from 'node:timers/promises'
import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  type CheckpointStore,
  Consumer,
  json,
  MemoryCheckpoints,
  type RunRecord,
  type StandardSchema,
  TailraceError,
  topic,
} from '../index.ts'

let cluster: TestCluster
let producer: Producer
let consumer: Consumer

vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 30_000, interval: 20 })
beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2, u: 1 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

const quick = { attempts: 3, firstMs: 20, maxMs: 40 }
const fill = (to: string, partition: number, count: number, keys = 5) =>
  producer.sendBatch(
    to,
    Array.from({ length: count }, (_, i) => ({ key: `k${i % keys}`, value: String(i), partition })),
  )
const saved = async (store: CheckpointStore, name = 't') => (await store.load(name))?.offsets

it('handles records of one key in order, others at the same time, up to the end', async () => {
  for (const partition of [0, 1]) await fill('t', partition, 200)
  const seen = new Map<string, number[]>()
  const running = new Set<string>()
  let most = 0
  await consumer.run(
    't',
    async (record) => {
      expectTypeOf(record).toEqualTypeOf<RunRecord>()
      const name = `${record.partition}/${record.key}`
      expect(running.has(name)).toBe(false)
      running.add(name)
      most = Math.max(most, running.size)
      await pause(Number(record.value) % 5)
      running.delete(name)
      seen.set(name, [...(seen.get(name) ?? []), record.offset])
    },
    { until: 'end', concurrency: 4, orderBy: 'key' },
  )
  expect(most).toBe(4)
  expect(seen.size).toBe(10)
  for (const offsets of seen.values()) expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
  expect([...seen.values()].flat()).toHaveLength(400)
})

it('tries a record again while others go on; then it ends with the error of the handler', async () => {
  await producer.sendBatch('t', [
    { key: 'fine', value: 'f', partition: 0 },
    { key: 'poison', value: 'p', partition: 0 },
    { key: 'poison', value: 'after', partition: 0 },
    { key: 'fine', value: 'g', partition: 0 },
  ])
  const order: string[] = []
  const failures = vi.fn()
  const error = new TypeError('cannot be priced')
  const store = new MemoryCheckpoints()
  const run = consumer.run(
    't',
    ({ value, attempt }) => {
      order.push(`${value}${attempt}`)
      if (value === 'p') throw error
    },
    { concurrency: 2, orderBy: 'key', retry: quick, onFailure: failures, checkpoint: store },
  )
  await expect(run).rejects.toBe(error)
  expect(order).toEqual(['f1', 'p1', 'g1', 'p2', 'p3'])
  expect(failures.mock.calls.map(([{ attempt, next }]) => [attempt, next])).toEqual([
    [1, { retryInMs: expect.any(Number) }],
    [2, { retryInMs: expect.any(Number) }],
    [3, 'end'],
  ])
  expect(await saved(store)).toMatchObject({ 0: 1 })
})

it('a handler that fails once is no reason to end', async () => {
  await fill('t', 0, 3)
  const attempts: number[] = []
  await consumer.run(
    't',
    ({ offset, attempt }) => {
      if (offset !== 1) return
      attempts.push(attempt)
      if (attempt === 1) throw new Error('for now')
    },
    { until: 'end', retry: quick },
  )
  expect(attempts).toEqual([1, 2])
})

describe('with a checkpoint', () => {
  it('goes on where everything before was handled, and saves that at the end', async () => {
    await fill('t', 0, 10)
    await fill('t', 1, 3)
    const store = new MemoryCheckpoints()
    const offsets: string[] = []
    const handle = ({ partition, offset }: RunRecord): void => void offsets.push(`${partition}/${offset}`)
    await consumer.run('t', handle, { until: 'end', checkpoint: store, concurrency: 3, orderBy: 'none' })
    expect(offsets).toHaveLength(13)
    expect(await store.load('t')).toEqual({ topicId: cluster.topicId('t'), offsets: { 0: 10, 1: 3 } })
    await fill('t', 1, 2)
    // Neither `from` nor `last` holds once there is a checkpoint.
    for (const start of [{ from: 'earliest' }, { last: 1 }] as const) {
      offsets.length = 0
      await consumer.run('t', handle, { ...start, until: 'end', checkpoint: store })
      expect(offsets).toEqual(start.last === 1 ? [] : ['1/3', '1/4'])
    }
  })

  it('never saves beyond a record that is not handled', async () => {
    await fill('t', 0, 5, 5)
    const slow = Promise.withResolvers<void>()
    const store = new MemoryCheckpoints()
    const saves = vi.spyOn(store, 'save')
    let handled = 0
    const run = consumer.run(
      't',
      async ({ offset }) => {
        if (offset === 2) await slow.promise
        handled++
      },
      { concurrency: 2, orderBy: 'key', checkpoint: store, checkpointIntervalMs: 10 },
    )
    await waitFor(() => expect(handled).toBe(4))
    await waitFor(() => expect(saves).toHaveBeenCalled())
    await pause(60)
    expect(await saved(store)).toMatchObject({ 0: 2 })
    slow.resolve()
    await waitFor(async () => expect(await saved(store)).toMatchObject({ 0: 5 }))
    await consumer.close()
    await run
  })

  it('after a crash at any time every record is handled, by the first run or by the next', async () => {
    for (const partition of [0, 1]) await fill('t', partition, 300)
    const store = new MemoryCheckpoints()
    const handled = new Set<string>()
    const atCrash: { readonly positions: object; readonly before: ReadonlySet<string> }[] = []
    const save = store.save.bind(store)
    store.save = async (name, position) => {
      atCrash.push({ positions: JSON.parse(JSON.stringify(position)), before: new Set(handled) })
      await save(name, position)
    }
    await consumer.run(
      't',
      async ({ partition, offset }) => {
        await pause(offset % 4)
        handled.add(`${partition}/${offset}`)
      },
      { until: 'end', concurrency: 7, orderBy: 'none', checkpoint: store, checkpointIntervalMs: 10 },
    )
    expect(atCrash.length).toBeGreaterThan(3)
    for (const { positions, before } of atCrash) {
      const { offsets } = positions as { offsets: Record<string, number> }
      for (const [partition, position] of Object.entries(offsets)) {
        for (let offset = 0; offset < position; offset++) expect(before).toContain(`${partition}/${offset}`)
      }
    }
  })

  it('saves where it begins before the first record, if that is not found again', async () => {
    await fill('t', 0, 4)
    const store = new MemoryCheckpoints()
    const offsets: number[] = []
    const run = consumer.run('t', ({ offset }) => void offsets.push(offset), {
      from: 'latest',
      checkpoint: store,
      checkpointIntervalMs: 3_600_000,
    })
    await waitFor(async () => expect(await saved(store)).toEqual({ 0: 4, 1: 0 }))
    await fill('t', 0, 2)
    await waitFor(() => expect(offsets).toEqual([4, 5]))
    expect(await saved(store)).toEqual({ 0: 4, 1: 0 })
    await consumer.close()
    await run
    expect(await saved(store)).toEqual({ 0: 6, 1: 0 })
  })

  it('a store that fails ends the run', async () => {
    await fill('t', 0, 1)
    const full = new Error('the disk is full')
    const store = { load: async () => undefined, save: () => Promise.reject(full) }
    const run = consumer.run('t', () => {}, { checkpoint: store, checkpointIntervalMs: 10 })
    await expect(run).rejects.toBe(full)
    await expect(consumer.run('t', () => {}, { checkpoint: store, until: 'end' })).rejects.toBe(full)
    const unread = { load: () => Promise.reject(full), save: async () => {} }
    await expect(consumer.run('t', () => {}, { checkpoint: unread })).rejects.toBe(full)
  })

  it('a run whose consumer closes while the checkpoint is loaded saves nothing later', async () => {
    const loading = Promise.withResolvers<object>()
    const save = vi.fn(async () => {})
    const store = { load: () => loading.promise as ReturnType<CheckpointStore['load']>, save }
    const options = { checkpoint: store, checkpointName: 'both', checkpointIntervalMs: 10 }
    const run = consumer.run(['t', 'u'], () => {}, options)
    await consumer.close()
    loading.resolve({ topics: { t: { topicId: cluster.topicId('t'), offsets: { 0: 0, 1: 0 } } } })
    await expect(run).rejects.toMatchObject({ code: 'CLOSED' })
    await pause(60)
    expect(save).not.toHaveBeenCalled()
  })

  it('several topics have one under a name of their own', async () => {
    await fill('t', 1, 3)
    await fill('u', 0, 4)
    const store = new MemoryCheckpoints()
    const seen: string[] = []
    const run = () =>
      consumer.run(['t', 'u'], (record) => void seen.push(`${record.topic}/${record.partition}/${record.offset}`), {
        until: 'end',
        checkpoint: store,
        checkpointName: 'both',
        concurrency: 2,
      })
    await run()
    expect(seen).toHaveLength(7)
    const id = (name: string): string => cluster.topicId(name)
    expect(await store.load('both')).toEqual({
      topics: { t: { topicId: id('t'), offsets: { 0: 0, 1: 3 } }, u: { topicId: id('u'), offsets: { 0: 4 } } },
    })
    await fill('u', 0, 1)
    seen.length = 0
    await run()
    expect(seen).toEqual(['u/0/4'])
    const other = consumer.run('t', () => {}, { checkpoint: store, checkpointName: 'both' })
    await expect(other).rejects.toMatchObject({ code: 'INVALID_SETTING', message: /checkpoint "both"/ })
  })
})

it('ends with the consumer: what is being handled is finished and saved, nothing else is begun', async () => {
  await fill('t', 0, 5)
  const store = new MemoryCheckpoints()
  const begun: number[] = []
  const last = Promise.withResolvers<void>()
  const run = consumer.run(
    't',
    async ({ offset }) => {
      begun.push(offset)
      if (offset === 2) await last.promise
    },
    { checkpoint: store },
  )
  await waitFor(() => expect(begun).toEqual([0, 1, 2]))
  const closed = consumer.close()
  last.resolve()
  await closed
  expect(await saved(store)).toMatchObject({ 0: 3 })
  await run
  expect(begun).toEqual([0, 1, 2])
  await expect(consumer.run('t', () => {})).rejects.toMatchObject({ code: 'CLOSED' })
})

it('ends with ABORTED by its signal, when what is being handled is finished and saved', async () => {
  await fill('t', 0, 5)
  const store = new MemoryCheckpoints()
  const abort = new AbortController()
  const begun: number[] = []
  const run = consumer.run(
    't',
    async ({ offset }) => {
      begun.push(offset)
      if (offset === 1) abort.abort()
      await pause(10)
    },
    { checkpoint: store, signal: abort.signal },
  )
  await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
  expect(begun).toEqual([0, 1])
  expect(await saved(store)).toMatchObject({ 0: 2 })
})

it('partitions share the places, and one that is handled slowly holds up no other', async () => {
  for (const partition of [0, 1]) await fill('t', partition, 300)
  const stuck = Promise.withResolvers<void>()
  let others = 0
  const run = consumer.run('t', ({ partition }) => (partition === 0 ? stuck.promise : void others++), {
    until: 'end',
    concurrency: 2,
  })
  await waitFor(() => expect(others).toBe(300))
  stuck.resolve()
  await run
})

interface Order {
  readonly price: number
}
const schema: StandardSchema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Partial<Order>).price === 'number'
        ? { value: value as Order }
        : { issues: [{ message: 'a number is needed' }] },
  },
}
const orders = topic('u', json(schema))

describe('a typed topic', () => {
  beforeEach(async () => {
    await producer.sendBatch('u', [
      { key: 'a', value: '{"price":1}' },
      { key: 'a', value: 'no JSON' },
      { key: 'a', value: '{"price":3}' },
    ])
  })

  it('hands out typed records; one that its codec refuses ends the run behind those before it', async () => {
    const prices: number[] = []
    const store = new MemoryCheckpoints()
    const run = consumer.run(
      orders,
      ({ value }) => {
        expectTypeOf(value).toEqualTypeOf<Order>()
        prices.push(value.price)
      },
      { checkpoint: store, orderBy: 'key' },
    )
    await expect(run).rejects.toMatchObject({ code: 'INVALID_RECORD', place: { topic: 'u', offset: 1, nextOffset: 2 } })
    expect(prices).toEqual([1])
    expect(await saved(store, 'u')).toEqual({ 0: 1 })
  })

  it('leaves it out where it is told to, and goes on', async () => {
    for (const onUnreadable of ['skip', vi.fn()] as const) {
      const prices: number[] = []
      const store = new MemoryCheckpoints()
      await consumer.run(orders, ({ value }) => prices.push(value.price), {
        checkpoint: store,
        until: 'end',
        onUnreadable,
      })
      expect(prices).toEqual([1, 3])
      expect(await saved(store, 'u')).toEqual({ 0: 3 })
    }
    const thrown = new TailraceError('INVALID_REQUEST', 'enough')
    const strict = (): never => {
      throw thrown
    }
    await expect(consumer.run(orders, () => {}, { from: 'earliest', onUnreadable: strict })).rejects.toBe(thrown)
  })
})

it('records that are not text end it; as bytes they are keys of an order as any others', async () => {
  await producer.sendBatch('u', [
    { key: 'a', value: 'text' },
    { key: Uint8Array.of(0xff), value: 'x' },
    { key: Uint8Array.of(0xff), value: 'y' },
  ])
  const values: string[] = []
  const text = consumer.run('u', ({ value }) => void values.push(value!), { from: 'earliest' })
  await expect(text).rejects.toMatchObject({ code: 'INVALID_RECORD', place: { offset: 1 } })
  expect(values).toEqual(['text'])
  const lengths: number[] = []
  await consumer.run('u', ({ value }) => void lengths.push(value!.length), {
    bytes: true,
    until: 'end',
    orderBy: 'key',
  })
  expect(lengths).toEqual([4, 1, 1])
})

it('reads and handles what it was called with, whatever becomes of these lists and options', async () => {
  await fill('t', 0, 3)
  const topics = ['t']
  const options = { until: 'end', bytes: false } as { until: 'end'; bytes: false; orderBy?: 'key' }
  const offsets: number[] = []
  const run = consumer.run(topics, ({ offset }) => offsets.push(offset), options)
  topics.length = 0
  options.orderBy = 'time' as never
  await run
  expect(offsets).toEqual([0, 1, 2])
})

it('a topic that is not there ends it', async () => {
  const checkpoint = new MemoryCheckpoints()
  const all = [{}, { checkpoint, from: 'latest' as const }].map((options) => consumer.run('none', () => {}, options))
  const code = { reason: expect.objectContaining({ code: 'UNKNOWN_TOPIC' }) }
  expect(await Promise.allSettled(all)).toMatchObject([code, code])
  expect(await checkpoint.load('none')).toBeUndefined()
})

it.each<[object, RegExp]>([
  [{ concurrency: 0 }, /concurrency/],
  [{ orderBy: 'time' }, /orderBy/],
  [{ deadLetters: 'd' }, /deadLetters/],
  [{ checkpoint: 'file' }, /checkpoint/],
  [{ checkpointName: 'a' }, /checkpointName means nothing/],
  [{ checkpoint: new MemoryCheckpoints(), checkpointName: '' }, /checkpointName/],
  [{ until: 'now' }, /until/],
])('refuses %j', async (options, message) => {
  await expect(consumer.run('t', () => {}, options)).rejects.toThrow(message)
})

it('refuses a checkpoint of several topics without a name, a handler that is none, and bytes of a typed topic', async () => {
  const checkpoint = new MemoryCheckpoints()
  await expect(consumer.run(['t', 'u'], () => {}, { checkpoint })).rejects.toThrow(/checkpointName/)
  await expect(consumer.run('t', 'handle' as never)).rejects.toThrow(/handler/)
  await expect(consumer.run(orders, () => {}, { bytes: true } as never)).rejects.toThrow(/bytes/)
})
