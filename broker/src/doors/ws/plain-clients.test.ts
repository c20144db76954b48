import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
afterEach(() => fixture.gateway.close())

test('a client that reads and never sends credit gets all records, and one that does not read is not', async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { pauseBufferedBytes: 100_000 })
  for (let i = 0; i < 200; i++) await fixture.broker.publish('flights', 0, batchOf(['x'.repeat(100_000)]))
  const client = await new Client(fixture.address).open()
  client.socket.pause()
  client.json({ op: 'subscribe', id: 's', topic: 'flights', from: 'earliest', partitions: [0] })
  // Until the kernel's buffers are full: then no more batches are fetched.
  for (let quiet = 0, before = -1; quiet < 10; quiet = fixture.broker.fetches === before ? quiet + 1 : 0) {
    before = fixture.broker.fetches
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(fixture.broker.fetches).toBeLessThan(150)
  client.socket.resume()
  for (let next = 0; next < 200; ) {
    const message = await client.nextJson()
    if (message.op === 'records') next = message.nextOffset
  }
  client.socket.terminate()
})

test('no subprotocol of others is agreed to', async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  const socket = new WebSocket(`ws://${fixture.address}/stream`, ['mqtt', 'tailrace.v9'])
  const [error] = await once(socket, 'error')
  expect(error.message).toBe('Server sent no subprotocol')
})
