import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { Client, type Fixture, startGateway } from './testing/running-gateway.ts'

/** A broker that is cut off gets no producer ids: publishes in JSON end at their own time limit. */
let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { requestTimeoutMs: 200 })
  fixture.broker.initProducer = () => new Promise(() => {})
})
afterEach(() => fixture.gateway.close())

const refused = { code: 'LEADER_UNAVAILABLE', retriable: true }
const records = [{ value: 'x' }]

it.each(['/topics/flights/records', '/topics/flights/partitions/0/records?expectedOffset=0'])(
  'over HTTP: %s',
  async (path) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(fixture.url + path, { method: 'POST', headers, body: JSON.stringify({ records }) })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject(refused)
  },
  3_000,
)

it('over WebSocket', async () => {
  const client = await new Client(fixture.address).open()
  client.json({ op: 'publish', id: 1, topic: 'flights', records })
  expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, ...refused })
  client.json({ op: 'publish-if', id: 2, topic: 'flights', partition: 0, expectedOffset: 0, records })
  expect(await client.nextJson()).toMatchObject({ op: 'error', id: 2, ...refused })
  client.socket.terminate()
}, 3_000)
