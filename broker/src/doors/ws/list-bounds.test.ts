import { afterEach, expect, test, vi } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
afterEach(() => {
  vi.restoreAllMocks()
  return fixture.gateway.close()
})

async function dial(limits: Partial<GatewayLimits> = {}): Promise<Client> {
  fixture = await startGateway(nodeClock, nodeRandom, limits)
  return new Client(fixture.address).open()
}

test('a Metadata request with too many names ends its connection and costs no answer', async () => {
  const client = await dial()
  client.frame('Metadata', { correlation: 1, topics: new Array(300_000).fill('flights') })
  expect((await client.nextFrame()).fields).toMatchObject({
    error: { code: 'MALFORMED_FRAME', message: expect.stringContaining('10000 are allowed') },
  })
  expect(await client.closed).toMatchObject({ code: 1002 })
})

test('answers to Metadata count against a connection that does not read', async () => {
  const client = await dial({ maxBufferedBytes: 64 * 1024 })
  await fixture.broker.createTopic({ name: 'wide', partitions: 5_000, replicas: 1 })
  // All in one write, so that the broker gets them in one turn: nothing can be sent in between.
  client.socket.pause()
  for (let correlation = 1; correlation <= 20; correlation++)
    client.frame('Metadata', { correlation, topics: ['wide'] })
  client.socket.resume()
  const names = []
  for (let answer = 1; answer <= 20; answer++) names.push((await client.nextFrame()).name)
  expect(names[0]).toBe('MetadataReply')
  expect(names).toContain('Failure')
})

test('a subscription in JSON names as many partitions as one in a frame', async () => {
  const client = await dial()
  client.json({ op: 'subscribe', id: 1, topic: 'flights', partitions: new Array(10_001).fill(0) })
  expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'INVALID_REQUEST' })
  client.json({ op: 'subscribe', id: 2, topic: 'flights', partitions: new Array(10_000).fill(0) })
  client.json({ op: 'unsubscribe', id: 2 })
  expect(await client.nextJson()).toEqual({ op: 'unsubscribed', id: 2 })
  client.frame('Subscribe', {
    subscription: 1,
    topic: 'flights',
    position: { kind: 'LATEST', value: 0 },
    partitions: new Array(10_001).fill({ partition: 0, position: { kind: 'LATEST', value: 0 } }),
    credit: 1,
  })
  expect(await client.closed).toMatchObject({ code: 1002 })
})

test('a text of millions of values is refused before any of them is made, over WebSocket and HTTP', async () => {
  const client = await dial()
  const parse = vi.spyOn(JSON, 'parse')
  const parsedLarge = () => parse.mock.calls.some(([text]) => text.length > 1_000_000)
  for (const item of ['0', '{}', '[[]]']) {
    const list = Array(1_000_000).fill(item).join(',')
    client.socket.send(`{"op":"subscribe","id":1,"topic":"flights","partitions":[${list}]}`)
    const refusal = { code: 'INVALID_REQUEST', message: expect.stringContaining('more than 800000 values') }
    expect(await client.nextJson()).toMatchObject({ op: 'error', ...refusal })
    const answer = await fetch(`${fixture.url}/topics/flights/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"records":[${list}]}`,
    })
    expect([answer.status, await answer.json()]).toMatchObject([400, refusal])
  }
  expect(parsedLarge()).toBe(false)
})
