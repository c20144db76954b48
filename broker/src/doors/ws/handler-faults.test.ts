import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterEach(() => fixture.gateway.close())

const position = { kind: 'EARLIEST', value: 0 } as const
const subscribe = { subscription: 1, topic: 'flights', position, partitions: [], credit: 1000 }

/** The broker's own parts answer wrongly: a mistake of ours, not of a client. */
const mistakes: [string, () => void][] = [
  ['a position', () => void (fixture.broker.findOffset = async () => ({ offset: 'x' }) as never)],
  ['records', () => void (fixture.broker.fetch = async () => null as never)],
]

test.each(mistakes)('a mistake with %s costs the connection only', async (_, mistake) => {
  const bystander = await new Client(fixture.address).open()
  const client = await new Client(fixture.address).open()
  mistake()
  client.frame('Subscribe', subscribe)
  expect((await client.closed).code).toBe(1006)
  expect(fixture.logged.map(({ message }) => message)).toEqual([
    'handling a message of a client failed; its connection is closed',
  ])
  bystander.frame('Metadata', { correlation: 1, topics: ['flights'] })
  expect((await bystander.nextFrame()).name).toBe('MetadataReply')
  const metrics = await (await fetch(`${fixture.url}/metrics`)).text()
  expect(metrics).toMatch(/^tailrace_websocket_handler_faults_total 1$/m)
})
