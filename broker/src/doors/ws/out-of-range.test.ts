import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
let client: Client
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  client = await new Client(fixture.address).open()
  for (let offset = 0; offset < 9; offset++) await fixture.broker.publish('flights', 0, batchOf([`${offset}`]))
  fixture.broker.topics.get('flights')!.partitions[0]!.logStart = 5
})
afterEach(async () => {
  client.socket.terminate()
  await fixture.gateway.close()
})

const at = (value: number) => ({ kind: 'OFFSET', value }) as const

describe('a subscriber at an offset that does not exist is told which do', () => {
  it('as a frame', async () => {
    const end = async (subscription: number, value: number) => {
      const partitions = [{ partition: 0, position: at(value) }]
      client.frame('Subscribe', { subscription, topic: 'flights', position: at(value), partitions, credit: 1e6 })
      for (;;) {
        const frame = await client.nextFrame()
        if (frame.name === 'SubscriptionEnd') return frame.fields
      }
    }
    const error = { code: 'OFFSET_OUT_OF_RANGE' }
    expect(await end(1, 2)).toMatchObject({ partition: 0, error, logStart: 5, highWatermark: 9 })
    expect(await end(2, 10)).toMatchObject({ partition: 0, error, logStart: 5, highWatermark: 9 })
    // No broker can tell, and the end is reported in any case.
    fixture.broker.findFailures.push('OFFSET_OUT_OF_RANGE', 'LEADER_UNAVAILABLE')
    expect(await end(3, 2)).toMatchObject({ partition: 0, error, logStart: -1, highWatermark: -1 })
  })

  it('as JSON, with the count of records that it misses', async () => {
    client.json({ op: 'subscribe', id: 'a', topic: 'flights', partitions: [{ partition: 0, from: 2 }], credit: 1e6 })
    const told = { id: 'a', partition: 0, code: 'OFFSET_OUT_OF_RANGE' }
    for (;;) {
      const message = await client.nextJson()
      if (message.op !== 'error') continue
      expect(message).toMatchObject({ ...told, offset: 2, logStart: 5, highWatermark: 9, missing: 3 })
      break
    }
  })

  it('when retention overtakes it', async () => {
    client.json({ op: 'subscribe', id: 'a', topic: 'flights', partitions: [{ partition: 0, from: 5 }], credit: 1 })
    for (;;) {
      const message = await client.nextJson()
      if (message.op === 'records') break
    }
    fixture.broker.topics.get('flights')!.partitions[0]!.logStart = 9
    client.json({ op: 'credit', id: 'a', bytes: 1e6 })
    for (;;) {
      const message = await client.nextJson()
      if (message.op !== 'error') continue
      const missing = 9 - (message.offset as number)
      expect(message).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', logStart: 9, highWatermark: 9, missing })
      break
    }
  })
})
