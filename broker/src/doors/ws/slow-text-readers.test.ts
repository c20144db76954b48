import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

/** Subscriptions in JSON that name no credit: the socket alone slows the broker down. */
const batches = 400
const value = 'x'.repeat(100_000)
let fixture: Fixture

beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { keepAliveMs: 300 })
  for (let n = 0; n < batches; n++) await fixture.broker.publish('flights', 0, batchOf([value]))
})
afterEach(() => fixture.gateway.close())

async function subscribed(): Promise<Client> {
  const client = await new Client(fixture.address).open()
  client.json({ op: 'subscribe', id: 's', topic: 'flights', partitions: [0], from: 'earliest' })
  return client
}

/** Resolves when nothing more is fetched. */
async function standstill(): Promise<number> {
  for (let quiet = 0, before = -1; quiet < 5; quiet = fixture.broker.fetches === before ? quiet + 1 : 0) {
    before = fixture.broker.fetches
    await pause(20)
  }
  return fixture.broker.fetches
}

it('a client that reads gets everything, far beyond a MiB', async () => {
  const client = await subscribed()
  const offsets: number[] = []
  while (offsets.length < batches) {
    const { op, records } = await client.nextJson()
    expect(op).toBe('records')
    offsets.push(...records.map(({ offset }: { offset: number }) => offset))
  }
  expect(offsets).toEqual(Array.from({ length: batches }, (_, offset) => offset))
  client.socket.terminate()
})

it('for one that does not read the broker stops, goes on when it reads, and drops it when it never does', async () => {
  const client = await subscribed()
  // The kernels of both sides take some MB before the broker holds any.
  client.socket.pause()
  const fetches = await standstill()
  expect(fetches).toBeLessThan(batches / 2)
  client.socket.resume()
  expect((await client.nextJson()).records[0].offset).toBe(0)
  await expect.poll(() => fixture.broker.fetches, { timeout: 5_000 }).toBeGreaterThan(batches / 2)
  client.socket.terminate()
  const silent = await subscribed()
  silent.socket.pause()
  await standstill()
  await expect.poll(() => fixture.gateway.webSockets(), { timeout: 5_000 }).toBe(0)
})
