import { decodeBatch, type FrameOf, forEachBatch } from '@tailrace/schemas'
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

const flights = { topic: 'flights', partition: 0 }
const earliest = { kind: 'EARLIEST', value: 0 } as const

function valuesOf(body: Uint8Array): string[] {
  const values: string[] = []
  forEachBatch(body, (at) => {
    for (const record of decodeBatch(body, at, {})) values.push(Buffer.from(record.value!).toString())
  })
  return values
}

it('lets a client read by the token of an acknowledgement, from this very replica if it wants', async () => {
  const { broker } = fixture
  client.frame('Publish', { correlation: 1, ...flights, timeoutMs: 1000 }, [batchOf(['x'])])
  const { term, index, seal } = ((await client.nextFrame()) as FrameOf<'PublishReply'>).fields
  const read = { ...flights, offset: 0, maxBytes: 1 << 20, waitMs: 0 }
  client.frame('Fetch', { correlation: 2, ...read, tokenTerm: term, tokenIndex: index, tokenSeal: seal, replica: true })
  expect((await client.nextFrame()).name).toBe('FetchReply')
  expect(broker.lastFetch).toMatchObject({ token: { term, index, seal }, replica: true })
  client.frame('Fetch', { correlation: 3, ...read, tokenTerm: term! + 1, tokenIndex: index, tokenSeal: seal })
  expect((await client.nextFrame()).fields).toMatchObject({ correlation: 3, error: { code: 'NOT_CAUGHT_UP' } })
  client.frame('Fetch', { correlation: 4, ...read, tokenTerm: 1, tokenIndex: -1 })
  expect((await client.nextFrame()).fields).toMatchObject({ correlation: 4, error: { code: 'INVALID_REQUEST' } })
  client.frame('Fetch', { correlation: 6, ...read, tokenTerm: term, tokenIndex: index })
  expect((await client.nextFrame()).fields).toMatchObject({ correlation: 6, error: { code: 'INVALID_REQUEST' } })
  client.frame('Fetch', { correlation: 5, ...read })
  await client.nextFrame()
  expect([broker.lastFetch?.replica, broker.lastFetch?.token]).toEqual([false, undefined])
})

it('reads from this very replica if the subscriber asks for that, and from the leader if the replica cannot', async () => {
  const { broker } = fixture
  await broker.publish('flights', 0, batchOf(['x']))
  const partitions = [{ partition: 0, position: earliest }]
  const records = async () => {
    for (;;) {
      const frame = await client.nextFrame()
      if (frame.name === 'Records' && frame.body.length > 0) return valuesOf(frame.body)
    }
  }
  const subscribe = { topic: 'flights', position: earliest, partitions, credit: 1e6 }
  client.frame('Subscribe', { subscription: 1, ...subscribe, replica: true })
  expect(await records()).toEqual(['x'])
  expect(broker.lastFetch?.replica).toBe(true)
  broker.replicaFailure = 'OFFSET_OUT_OF_RANGE'
  client.frame('Unsubscribe', { subscription: 1 })
  client.frame('Subscribe', { subscription: 2, ...subscribe, replica: true })
  expect(await records()).toEqual(['x'])
  await broker.publish('flights', 0, batchOf(['y']))
  expect(await records()).toEqual(['y'])
  client.frame('Unsubscribe', { subscription: 2 })
  client.frame('Subscribe', { subscription: 3, ...subscribe })
  await records()
  expect(broker.lastFetch?.replica).toBe(false)
})
