import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterAll(() => fixture.gateway.close())

test('the choice of a source is answered when it is made, and its failure is reported', async () => {
  const response = await fetch(`${fixture.url}/cascade/brokers/5/source`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: 1 }),
  })
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'UNKNOWN_BROKER'])
})

test('a cascade broker that sends its beats here is told to be updated', async () => {
  const response = await fetch(`${fixture.url}/cascade/beat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clusterId: '', broker: 101, reports: [], topics: '' }),
  })
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({
    code: 'INCOMPATIBLE_PEER',
    message: expect.stringMatching(/on the WebSocket.* Update the cascade broker; its data folder stays as it is/),
    retriable: false,
    hint: expect.stringContaining('Update the older'),
  })
})
