import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Consumer } from '../../consumer.ts'

let cluster: TestCluster
let producer: Producer
let consumer: Consumer

vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
})

const join = () => consumer.group('g', { heartbeats: 'timers', autoCommitIntervalMs: 20 })
const committed = (partition: number): number | undefined =>
  [...cluster.group('g').partitions.values()].find((one) => one.topic === 't' && one.partition === partition)?.offset
const quick = { attempts: 3, firstMs: 20, maxMs: 40 }

it('handles records of one key in order, others at the same time, and commits what is done without a gap', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e']
  const all = Array.from({ length: 200 }, (_, i) => ({ key: keys[i % 5]!, value: String(i), partition: 0 }))
  await producer.sendBatch('t', all)
  const seen = new Map<string, number[]>(keys.map((key) => [key, []]))
  const running = new Set<string>()
  let most = 0
  const group = join()
  const run = group.run(
    't',
    async ({ key, value }) => {
      expect(running.has(key!)).toBe(false)
      running.add(key!)
      most = Math.max(most, running.size)
      await new Promise((resolve) => setTimeout(resolve, Number(value) % 7))
      running.delete(key!)
      seen.get(key!)!.push(Number(value))
    },
    { concurrency: 4, orderBy: 'key' },
  )
  await waitFor(() => expect(group.counts.handled).toBe(200))
  await waitFor(() => expect(committed(0)).toBe(200))
  await group.close()
  await run
  expect(most).toBe(4)
  for (const [at, key] of keys.entries()) expect(seen.get(key)).toEqual(all.flatMap((_, i) => (i % 5 === at ? i : [])))
})

it('never commits beyond a record that is not done', async () => {
  await producer.sendBatch('t', [
    { key: 'slow', value: '0', partition: 0 },
    { key: 'fast', value: '1', partition: 0 },
    { key: 'fast', value: '2', partition: 0 },
  ])
  const slow = Promise.withResolvers<void>()
  const group = join()
  const run = group.run('t', ({ key }) => (key === 'slow' ? slow.promise : undefined), {
    concurrency: 2,
    orderBy: 'key',
  })
  await waitFor(() => expect(group.counts.handled).toBe(2))
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(cluster.group('g').commits.filter(({ offset }) => offset > 0)).toEqual([])
  slow.resolve()
  await waitFor(() => expect(committed(0)).toBe(3))
  await group.close()
  await run
})

it('tries a record again while others go on, then puts it among the dead letters, and says why', async () => {
  await producer.sendBatch('t', [
    { key: 'poison', value: 'p', partition: 1, headers: { trace: '7' } },
    { key: 'poison', value: 'after', partition: 1 },
    { key: 'fine', value: 'f', partition: 1 },
  ])
  const order: string[] = []
  const failures = vi.fn()
  const group = join()
  const run = group.run(
    't',
    ({ value, attempt }) => {
      order.push(`${value}${attempt}`)
      if (value === 'p') throw new TypeError('cannot be priced')
    },
    { concurrency: 2, orderBy: 'key', retry: quick, onFailure: failures },
  )
  await waitFor(() => expect(committed(1)).toBe(3))
  await group.close()
  await run
  expect(order).toEqual(['p1', 'f1', 'p2', 'p3', 'after1'])
  expect(
    failures.mock.calls.map(([{ attempt, next }]) => [attempt, typeof next === 'string' ? next : 'retry']),
  ).toEqual([
    [1, 'retry'],
    [2, 'retry'],
    [3, 'dead-letters'],
  ])
  const letters = consumer.subscribe('t.dlq', { from: 'earliest' })
  for await (const { key, value, headers } of letters) {
    expect({ key, value, headers }).toEqual({
      key: 'poison',
      value: 'p',
      headers: {
        trace: '7',
        'tailrace.dlq.reason': 'cannot be priced',
        'tailrace.dlq.error': 'TypeError',
        'tailrace.dlq.topic': 't',
        'tailrace.dlq.partition': '1',
        'tailrace.dlq.offset': '0',
        'tailrace.dlq.timestamp': expect.stringMatching(/^\d+$/),
        'tailrace.dlq.attempts': '3',
        'tailrace.dlq.group': 'g',
        'tailrace.dlq.at': expect.stringMatching(/^20.*Z$/),
      },
    })
    break
  }
  expect(cluster.partitions('t.dlq')).toBe(2)
  expect(group.counts).toMatchObject({ handled: 2, failedAttempts: 3, deadLetters: 1 })
})

it('ends, and has not committed the record, when there is no place for dead letters', async () => {
  cluster.mayCreate = false
  await producer.send('t', { value: 'p', partition: 0 })
  const fail = (): never => {
    throw new Error('no')
  }
  const group = join()
  await expect(group.run('t', fail, { retry: { attempts: 1 } })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  await expect(join().run('t', fail, { retry: { attempts: 1 }, deadLetters: false })).rejects.toThrow('no')
  expect(committed(0)).toBe(0)
})

it('without dead letters ends with the error of the handler, and begins no record behind', async () => {
  await producer.sendBatch('t', [
    { key: 'a', value: 'p', partition: 0 },
    { key: 'a', value: 'after', partition: 0 },
    { key: 'b', value: 'other', partition: 0 },
  ])
  const error = new TypeError('cannot be priced')
  const begun: string[] = []
  const run = join().run(
    't',
    ({ value }) => {
      begun.push(value!)
      throw error
    },
    { orderBy: 'key', retry: { attempts: 1 }, deadLetters: false },
  )
  await expect(run).rejects.toBe(error)
  expect(begun).toEqual(['p'])
})

it('puts a record off: it is done for now, and comes again', async () => {
  await producer.send('t', { value: 'later', partition: 0 })
  const attempts: number[] = []
  const group = join()
  const run = group.run('t', async (record) => {
    attempts.push(record.attempt)
    if (record.attempt < 3) await record.retryIn(50)
  })
  await waitFor(() => expect(attempts).toEqual([1, 2, 3]))
  await waitFor(() => expect(cluster.group('g').delayed.size).toBe(0))
  expect(committed(0)).toBe(1)
  await group.close()
  await run
})

it('shares its places among partitions whose records are handled one after the other', async () => {
  for (const partition of [0, 1]) {
    await producer.sendBatch(
      't',
      Array.from({ length: 300 }, (_, i) => ({ value: String(i), partition })),
    )
  }
  const first: number[] = []
  const group = join()
  const run = group.run(
    't',
    async ({ partition }) => {
      first.push(partition)
      await new Promise((resolve) => setTimeout(resolve, 1))
    },
    { concurrency: 2 },
  )
  await waitFor(() => expect(first.length).toBeGreaterThan(200))
  const share = first.slice(0, 200).filter((partition) => partition === 0).length
  expect(share).toBeGreaterThan(70)
  expect(share).toBeLessThan(130)
  await waitFor(() => expect([committed(0), committed(1)]).toEqual([300, 300]))
  await group.close()
  await run
})

it.each([
  [{ concurrency: 0 }, /concurrency/],
  [{ orderBy: 'time' }, /orderBy/],
  [{ deadLetters: true }, /deadLetters/],
  [{ retries: 3 }, /retries/],
])('refuses %j', async (options, message) => {
  await expect(join().run('t', () => {}, options as never)).rejects.toThrow(message)
})

it('begins no record that waits for its turn behind the grace of a broken connection, until a beat is answered', async () => {
  await producer.sendBatch(
    't',
    ['a', 'b'].map((value) => ({ value, partition: 0 })),
  )
  const group = join()
  let [ended, begun] = [0, 0]
  const run = group.run('t', async ({ value }) => {
    begun = performance.now()
    if (value === 'b') return
    await waitFor(() => expect(cluster.group('g').members.size).toBe(1))
    await cluster.brokers[0]!.stop()
    ended = performance.now()
    // Longer than the grace of half a second.
    await new Promise((resolve) => setTimeout(resolve, 600))
    setTimeout(() => void cluster.brokers[0]!.start(), 1_000)
  })
  await waitFor(() => expect(group.counts.handled).toBe(2))
  expect(begun - ended).toBeGreaterThan(1_500)
  await group.close()
  await run
})
