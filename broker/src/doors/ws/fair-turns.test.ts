import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { noLongerWanted } from '../limits/no-longer-wanted.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'
import { mostInATurn } from '../testing/turn-measure.ts'

let fixture: Fixture
let client: Client
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  client = await new Client(fixture.address).open()
})
afterEach(async () => {
  client.socket.terminate()
  await fixture.gateway.close()
})

test('a flood of small messages is handled a read at a time, between which others are served', async () => {
  let handled = 0
  const routing = fixture.broker.routing.bind(fixture.broker)
  fixture.broker.routing = (topics) => {
    handled++
    return routing(topics)
  }
  const message = JSON.stringify({ op: 'subscribe', id: 1, topic: 'none' })
  const messages = 8_000
  client.socket.on('message', () => {})
  for (let sent = 0; sent < messages; sent++) client.socket.send(message)
  // A read brings 64 KiB at most, and the next is there already when the pause begins.
  const aRead = (64 * 1024) / (message.length + 6)
  expect(await mostInATurn(() => handled, messages)).toBeLessThan(2.5 * aRead)
})

test('reads that are given up for clients that leave make no exception for each', async () => {
  const reasons: unknown[] = []
  let waiting = 0
  const read = fixture.broker.fetch.bind(fixture.broker)
  fixture.broker.fetch = (topic, partition, request) => {
    if (request.waitMs === 0) return read(topic, partition, request)
    waiting++
    request.signal?.addEventListener('abort', ({ target }) => void reasons.push((target as AbortSignal).reason))
    return read(topic, partition, request)
  }
  client.json({ op: 'subscribe', id: 1, topic: 'flights' })
  const gone = new AbortController()
  // A linearizable read does not wait with the subscription.
  const path = '/topics/flights/partitions/0/records?offset=latest&waitMs=9000&linearizable=true'
  const left = fetch(fixture.url + path, gone)
  await vi.waitFor(() => expect(waiting).toBe(4), 10_000)
  client.json({ op: 'unsubscribe', id: 1 })
  gone.abort()
  await expect(left).rejects.toThrow()
  await vi.waitFor(() => expect(reasons).toHaveLength(4), 10_000)
  expect(new Set(reasons)).toEqual(new Set([noLongerWanted]))
  expect(reasons[0]).toBe(noLongerWanted)
})
