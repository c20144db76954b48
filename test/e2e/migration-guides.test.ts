import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Consumer, Producer } from '@tailrace/sdk'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { codeOf } from './guide-code.ts'

/** The code of docs/guides/from-kafkajs.md and docs/guides/from-nats.md, as it stands there. */

const root = resolve(import.meta.dirname, '../..')
let folder: string
let cluster: TestCluster
let producer: Producer

beforeAll(async () => {
  await mkdir(join(root, '.tmp'), { recursive: true })
  folder = await mkdtemp(join(root, '.tmp', 'migration-guides-'))
  cluster = await startCluster()
  producer = new Producer({ servers: cluster.servers })
})
afterAll(async () => {
  await producer?.close()
  await cluster?.close()
  await rm(folder, { recursive: true, force: true })
})

interface FromKafkaJs {
  takeOrder(producer: Producer, order: { id: string; cents: number }): Promise<void>
  billOrders(
    servers: string[],
    charge: (order: { id: string; cents: number }) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}

describe('coming from kafkajs', () => {
  it('bills each order, and an order that cannot be billed is a dead letter', async () => {
    const { takeOrder, billOrders } = (await import(await codeOf('from-kafkajs.md', folder))) as FromKafkaJs
    for (const name of ['orders', 'orders.dlq']) await cluster.createTopic(name, { partitions: 2 })
    for (let n = 0; n < 20; n++) await takeOrder(producer, { id: `order-${n}`, cents: n })
    const [billed, attempts] = [new Set<string>(), [] as string[]]
    const ending = new AbortController()
    const billing = billOrders(
      [...cluster.servers],
      async ({ id }) => {
        if (id === 'order-7') {
          attempts.push(id)
          throw new Error('The card was declined.')
        }
        billed.add(id)
      },
      ending.signal,
    )
    const consumer = new Consumer({ servers: cluster.servers })
    for await (const letter of consumer.subscribe('orders.dlq', { from: 'earliest' })) {
      expect(letter).toMatchObject({ key: 'order-7', headers: { source: 'shop' } })
      break
    }
    await consumer.close()
    await vi.waitFor(() => expect(billed.size).toBe(19), 10_000)
    expect(attempts).toHaveLength(3)
    ending.abort()
    await billing
  })
})

interface FromNats {
  report(producer: Producer, device: string, celsius: number): Promise<number>
  watch(servers: string[], onChange: (device: string, celsius: number) => void, signal: AbortSignal): Promise<void>
  work(
    servers: string[],
    handle: (device: string, celsius: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}

describe('coming from NATS', () => {
  it('reports, watches, and works on a failure again a minute and a half later', async () => {
    const { report, watch, work } = (await import(await codeOf('from-nats.md', folder))) as FromNats
    await cluster.createTopic('temperatures')
    expect([await report(producer, 'a', 20), await report(producer, 'b', 30)]).toEqual([0, 1])
    const last = new Map<string, number>()
    const handled: string[] = []
    const ending = new AbortController()
    const servers = [...cluster.servers]
    const both = [
      watch(servers, (device, celsius) => void last.set(device, celsius), ending.signal),
      work(
        servers,
        async (device) => {
          handled.push(device)
          if (device === 'b' && handled.filter((one) => one === 'b').length === 1) throw new Error('Not yet.')
        },
        ending.signal,
      ),
    ]
    await report(producer, 'a', 21)
    await vi.waitFor(() => expect([last.get('a'), last.get('b'), handled]).toEqual([21, 30, ['a', 'b', 'a']]), 10_000)
    // Sessions end, too, for the clocks of clients do not skip: what was not committed is handled once more.
    await cluster.advance(91_000)
    await vi.waitFor(() => expect(handled.filter((device) => device === 'b').length).toBeGreaterThan(1), 20_000)
    ending.abort()
    await Promise.all(both)
  })
})
