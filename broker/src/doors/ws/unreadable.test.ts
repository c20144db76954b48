import { Compression } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

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

it('shows the records before a batch that it cannot show, then an error that says where to go on', async () => {
  const { broker } = fixture
  await broker.publish('flights', 0, batchOf(['before']))
  await broker.publish(
    'flights',
    0,
    batchOf(['x', 'y'], Compression.lz4, (bytes) => bytes),
  )
  await broker.publish('flights', 0, batchOf(['behind']))
  client.json({ op: 'subscribe', id: 1, topic: 'flights', from: 'earliest', partitions: [0] })
  expect(await client.nextJson()).toMatchObject({ op: 'records', records: [{ value: 'before' }], nextOffset: 1 })
  const error = await client.nextJson()
  expect(error).toMatchObject({ op: 'error', id: 1, partition: 0, code: 'UNSUPPORTED_COMPRESSION' })
  expect(error).toMatchObject({ offset: 1, nextOffset: 3 })
  client.json({ op: 'subscribe', id: 2, topic: 'flights', from: error.nextOffset, partitions: [0] })
  expect(await client.nextJson()).toMatchObject({ op: 'records', id: 2, records: [{ offset: 3, value: 'behind' }] })
})
