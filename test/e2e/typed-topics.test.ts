import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Consumer, Producer } from '@tailrace/sdk'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf } from './guide-code.ts'

/** The code of docs/guides/typed-topics.md, as it stands there, against real brokers. */

interface Order {
  readonly id: string
  readonly price: number
}
interface Guide {
  sendOrders(servers: string[]): Promise<void>
  totalOf(servers: string[], count: number): Promise<number>
  charge(servers: string[], onOrder: (order: Order) => Promise<void>): Promise<Consumer>
  sendReading(servers: string[], reading: object): Promise<object>
}

const temporary = resolve(import.meta.dirname, '../../.tmp')
let folder: string
let cluster: TestCluster
let guide: Guide

beforeAll(async () => {
  await mkdir(temporary, { recursive: true })
  folder = await mkdtemp(join(temporary, 'typed-topics-'))
  cluster = await startCluster({ brokers: 3 })
  await cluster.createTopic('orders', { partitions: 2 })
  await cluster.createTopic('readings')
  guide = (await import(await codeOf('typed-topics.md', folder))) as Guide
})
afterAll(async () => {
  await cluster?.close()
  await rm(folder, { recursive: true, force: true })
})

it('orders are sent and read with their types; what another program wrote is left out, or a dead letter', async () => {
  const { servers } = cluster
  const anybody = new Producer({ servers, lingerMs: 0 })
  const strange = await anybody.send('orders', { key: 'eve', value: '{"id":1}' })
  await guide.sendOrders(servers)
  expect(await guide.totalOf(servers, 3)).toBe(60)
  const charged: string[] = []
  const billing = await guide.charge(servers, async ({ id }) => void charged.push(id))
  await expect.poll(() => charged.toSorted()).toEqual(['o-1', 'o-2', 'o-3'])
  const consumer = new Consumer({ servers })
  for await (const { key, value, headers } of consumer.subscribe('orders.dlq', { from: 'earliest' })) {
    expect([key, value, headers['tailrace.dlq.offset']]).toEqual(['eve', '{"id":1}', String(strange.offset)])
    expect(headers['tailrace.dlq.reason']).toContain('an order has an id, and a price from 0 on')
    break
  }
  await Promise.all([billing, consumer, anybody].map((client) => client.close()))
})

it('Avro goes and comes by a type of avsc', async () => {
  const reading = { sensor: 'roof', celsius: 21.5 }
  expect({ ...(await guide.sendReading(cluster.servers, reading)) }).toEqual(reading)
})
