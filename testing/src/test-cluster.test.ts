import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ClusterOptions, startCluster } from './start-cluster.ts'
import type { TestCluster } from './test-cluster.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function cluster(options?: ClusterOptions): Promise<TestCluster> {
  const made = await startCluster(options)
  open.push(made)
  return made
}

function producer({ servers }: TestCluster): Producer {
  const made = new Producer({ servers })
  open.push(made)
  return made
}

async function read({ servers }: TestCluster, topic: string, isAll: (values: string[]) => boolean): Promise<string[]> {
  const consumer = new Consumer({ servers })
  const values: string[] = []
  for await (const record of consumer.subscribe(topic, { from: 'earliest' })) {
    values.push(Buffer.from(record.value!).toString())
    if (isAll(values)) break
  }
  await consumer.close()
  return values
}

interface CascadeView {
  readonly brokers?: readonly { readonly source: number }[]
}

/** Of files that nobody reads. */
const peerTls = { peerTls: 'required', peerTlsCertFile: 'a', peerTlsKeyFile: 'b', peerTlsCaFile: 'c' } as const

const networks = ['memory', 'tcp'] as const

const theFirst = (count: number) => (values: string[]) => values.length === count

const text = (value: string) => ({ value: Buffer.from(value) })

test('three brokers take records and give them back', async () => {
  const brokers = await cluster()
  await brokers.createTopic('orders', { partitions: 1 })
  const receipt = await producer(brokers).send('orders', text('one'))
  expect(receipt).toMatchObject({ partition: 0, offset: 0 })
  expect(await read(brokers, 'orders', theFirst(1))).toEqual(['one'])
  const page = await fetch(`${brokers.broker(1).http}/topics/orders`)
  expect(await page.json()).toMatchObject({ name: 'orders', partitions: [{ replicas: expect.any(Array) }] })
})

test.each(networks)(
  'a killed broker answers nobody; the others go on; it comes back at its address with its records: over %s',
  async (network) => {
    const brokers = await cluster({ network })
    await brokers.createTopic('orders')
    const sender = producer(brokers)
    await sender.send('orders', text('one'))
    for (const broker of brokers.brokers) {
      const { http } = broker
      await broker.kill()
      expect(broker.state).toBe('down')
      await expect(fetch(`${http}/topics`)).rejects.toThrow()
      await sender.send('orders', text(`without ${broker.id}`))
      await broker.start()
      await brokers.ready()
      expect(broker.http).toBe(http)
    }
    expect(await read(brokers, 'orders', theFirst(4))).toEqual(['one', 'without 1', 'without 2', 'without 3'])
  },
)

test('all brokers killed at once keep what they have acknowledged', async () => {
  const brokers = await cluster()
  await brokers.createTopic('orders')
  await producer(brokers).send('orders', text('kept'))
  await Promise.all(brokers.brokers.map((broker) => broker.kill()))
  await Promise.all(brokers.brokers.map((broker) => broker.start()))
  await brokers.ready()
  expect(await read(brokers, 'orders', theFirst(1))).toEqual(['kept'])
})

test.each(networks)(
  'the smaller side of a cut network acknowledges nothing, the larger one goes on; healed they agree: over %s',
  async (network) => {
    const brokers = await cluster({ network })
    await brokers.createTopic('orders')
    await producer(brokers).send('orders', text('before'))
    brokers.partition([1], [2, 3])
    let acknowledged = false
    const alone = fetch(`${brokers.broker(1).http}/topics/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records: [{ partition: 0, value: 'alone' }] }),
    }).then(({ ok }) => (acknowledged = ok))
    const majority = new Producer({ servers: [brokers.broker(2).server, brokers.broker(3).server] })
    open.push(majority)
    await majority.send('orders', text('meanwhile'))
    await brokers.advance(5_000)
    expect(acknowledged).toBe(false)
    brokers.heal()
    await brokers.ready()
    // The network is whole: whether it was written is its own matter, whatever the answer says.
    await alone
    await majority.send('orders', text('after'))
    const values = await read(brokers, 'orders', (values) => values.at(-1) === 'after')
    expect(values.filter((value) => value !== 'alone')).toEqual(['before', 'meanwhile', 'after'])
  },
)

test('brokers open connections of the machine to each other over tcp alone', async () => {
  const opened = vi.spyOn(Socket.prototype, 'connect')
  open.push({ close: async () => opened.mockRestore() })
  await cluster({ cascades: 1 })
  expect(opened).not.toHaveBeenCalled()
  await cluster({ cascades: 1, network: 'tcp' })
  expect(opened.mock.calls.length).toBeGreaterThan(3)
})

test('a stopped broker starts again', async () => {
  const brokers = await cluster({ brokers: 1 })
  await brokers.createTopic('orders')
  await producer(brokers).send('orders', text('one'))
  await brokers.broker(1).stop()
  expect(brokers.broker(1).state).toBe('down')
  await brokers.broker(1).start()
  await brokers.ready()
  expect(await read(brokers, 'orders', theFirst(1))).toEqual(['one'])
})

test('with a folder brokers write real files, also after a kill, and a next cluster finds them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-testing-'))
  try {
    const first = await cluster({ folder })
    await first.createTopic('orders')
    const sender = producer(first)
    await sender.send('orders', text('one'))
    await first.broker(2).kill()
    await sender.send('orders', text('two'))
    await first.broker(2).start()
    await first.ready()
    await sender.close()
    await first.close()
    const second = await cluster({ folder })
    expect(await read(second, 'orders', theFirst(2))).toEqual(['one', 'two'])
    await second.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.each(networks)('time skips: old records are removed as if it had passed: over %s', async (network) => {
  const minute = 60_000
  const brokers = await cluster({ network, brokers: 1 })
  await brokers.createTopic('orders', { config: { retentionMs: 10 * minute, segmentMs: minute } })
  const sender = producer(brokers)
  await sender.send('orders', text('old'))
  const logStart = async () => {
    const view = await (await fetch(`${brokers.broker(1).http}/topics/orders`)).json()
    return (view as { partitions: { logStart: number }[] }).partitions[0]!.logStart
  }
  await brokers.advance(5 * minute)
  expect(await logStart()).toBe(0)
  await brokers.advance(20 * minute)
  expect(await logStart()).toBe(1)
})

test('ten clusters beside each other know nothing of each other', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => cluster({ brokers: 1 })))
  await Promise.all(
    all.map(async (brokers, at) => {
      await brokers.createTopic('orders')
      await producer(brokers).send('orders', text(String(at)))
    }),
  )
  expect(await Promise.all(all.map((brokers) => read(brokers, 'orders', theFirst(1))))).toEqual(
    all.map((_, at) => [String(at)]),
  )
})

test.each(networks)(
  'cascade brokers serve what the others have; one that is killed comes back and catches up: over %s',
  async (network) => {
    const brokers = await cluster({ network, brokers: 3, cascades: 2 })
    expect(brokers.cascades.map(({ id }) => id)).toEqual([4, 5])
    await brokers.createTopic('orders')
    const sender = producer(brokers)
    await sender.send('orders', text('one'))
    const from = (one: TestCluster['cascades'][number]) => ({ servers: [one.server] }) as TestCluster
    const [first, second] = [brokers.cascade(1), brokers.cascade(2)]
    expect(await read(from(first), 'orders', theFirst(1))).toEqual(['one'])
    await first.kill()
    expect(first.state).toBe('down')
    await expect(fetch(`${first.http}/topics`)).rejects.toThrow()
    await sender.send('orders', text('two'))
    expect(await read(from(second), 'orders', theFirst(2))).toEqual(['one', 'two'])
    await first.start()
    await second.stop()
    await brokers.broker(1).kill()
    await sender.send('orders', text('three'))
    await brokers.ready()
    expect(await read(from(first), 'orders', theFirst(3))).toEqual(['one', 'two', 'three'])
    expect(() => brokers.cascade(3)).toThrow('There is no cascade broker 3: there are 2')
  },
)

test.each(networks)(
  'a cascade broker that is cut off falls behind, and takes another source; cut off from all it waits: over %s',
  async (network) => {
    const brokers = await cluster({ network, brokers: 3, cascades: 1 })
    await brokers.createTopic('orders')
    const cascade = brokers.cascade(1)
    const sender = producer(brokers)
    await sender.send('orders', text('one'))
    const below = { servers: [cascade.server] } as TestCluster
    expect(await read(below, 'orders', theFirst(1))).toEqual(['one'])
    const source = async (): Promise<number> => {
      const view = (await (await fetch(`${brokers.broker(1).http}/cascade`)).json()) as CascadeView
      return view.brokers?.[0]?.source ?? 0
    }
    await expect.poll(source).toBeGreaterThan(0)
    const before = await source()
    brokers.partition([cascade], [before])
    await sender.send('orders', text('two'))
    await brokers.advance(20_000)
    expect(await read(below, 'orders', theFirst(2))).toEqual(['one', 'two'])
    await expect.poll(source).not.toBe(before)
    brokers.partition([cascade.id], [1, 2, 3])
    await sender.send('orders', text('three'))
    await brokers.advance(20_000)
    const behind = await (await fetch(`${cascade.http}/topics/orders/partitions/0/records?offset=0`)).json()
    expect(behind).toMatchObject({ records: [{ value: 'one' }, { value: 'two' }] })
    brokers.heal()
    expect(await read(below, 'orders', theFirst(3))).toEqual(['one', 'two', 'three'])
  },
)

describe('a wrong use is told at once', () => {
  test.each([-1, 1.5, 251])('cascades: %s', async (cascades) => {
    await expect(startCluster({ brokers: 1, cascades })).rejects.toThrow(`cascades is ${cascades}`)
  })

  test.each([0, 1.5, 251])('brokers: %s', async (brokers) => {
    await expect(startCluster({ brokers })).rejects.toThrow(`brokers is ${brokers}`)
  })

  test('a setting that is none', async () => {
    await expect(startCluster({ settings: { electionTimeout: 1 } as never })).rejects.toMatchObject({
      code: 'INVALID_SETTING',
      message: expect.stringContaining('Did you mean electionTimeoutMs?'),
    })
  })

  test('a network that is none, and TLS between brokers', async () => {
    await expect(startCluster({ network: 'udp' as never })).rejects.toThrow('network is udp, but must be memory or tcp')
    for (const network of networks)
      await expect(startCluster({ network, brokers: 1, settings: peerTls })).rejects.toMatchObject({
        code: 'INVALID_SETTING',
        message: expect.stringContaining('peerTls must be off'),
      })
  })

  test('a broker that is not there, one that runs, a time that goes back', async () => {
    const brokers = await cluster({ brokers: 1 })
    expect(() => brokers.broker(2)).toThrow('There is no broker 2')
    expect(() => brokers.partition([1], [2])).toThrow('There is no broker of id 2: ids are 1 to 1')
    await expect(brokers.broker(1).start()).rejects.toThrow('runs already')
    await expect(brokers.advance(-1)).rejects.toThrow('ms is -1')
    await brokers.broker(1).kill()
    await expect(brokers.createTopic('orders')).rejects.toThrow('No broker is ready')
  })
})

test('the lines of the logs are given to a function', async () => {
  const lines: unknown[] = []
  await cluster({ brokers: 1, log: (line) => lines.push(line) })
  expect(lines).toContainEqual(expect.objectContaining({ broker: 1, level: 30, msg: 'cluster formed' }))
})

test('a cluster that goes out of scope is closed', async () => {
  let http: string
  {
    await using brokers = await startCluster({ brokers: 1 })
    http = brokers.broker(1).http
    expect((await fetch(`${http}/topics`)).ok).toBe(true)
  }
  await expect(fetch(`${http}/topics`)).rejects.toThrow()
})
