import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { Beginnings } from '../subscriptions/beginnings.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'
import { OwnLatest } from './own-latest.ts'

let fixture: Fixture
let client: Client
/** Lets the broker tell where positions are. */
let elect: () => void

beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  client = await new Client(fixture.address).open()
  const { promise, resolve } = Promise.withResolvers<void>()
  fixture.broker.findGate = promise
  elect = resolve
})
afterEach(async () => {
  client.socket.terminate()
  await fixture.gateway.close()
})
const latest = { kind: 'LATEST', value: 0 } as const
const earliest = { kind: 'EARLIEST', value: 0 } as const

describe('a publish behind a subscribe from "latest" on the same connection', () => {
  it('JSON: waits until that has begun, is delivered by it, and the answer says where it began', async () => {
    await fixture.broker.publish('flights', 0, batchOf(['before']))
    client.json({ op: 'subscribe', id: 's', topic: 'flights', from: 'latest' })
    for (const value of ['1', '2']) {
      client.json({ op: 'publish', id: value, topic: 'flights', records: [{ value, partition: 0 }] })
    }
    await pause(50)
    expect(fixture.broker.publishes).toBe(1)
    elect()
    const places = [0, 1, 2].map((partition) => {
      const end = partition === 0 ? 1 : 0
      return { partition, offset: end, highWatermark: end }
    })
    const subscribed = { op: 'subscribed', id: 's', topic: 'flights', topicId: 'id-flights', partitions: places }
    expect(JSON.parse((await client.next()) as string)).toEqual(subscribed)
    const values: string[] = []
    while (values.length < 2) {
      const message = await client.nextJson()
      if (message.op === 'records') for (const { value } of message.records) values.push(value)
    }
    expect(values).toEqual(['1', '2'])
  })

  it('binary: the same, in order, and publishes to other topics and partitions do not wait', async () => {
    await fixture.broker.createTopic({ name: 'other', partitions: 1, replicas: 1 })
    const partitions = [{ partition: 1, position: latest }]
    client.frame('Subscribe', { subscription: 9, topic: 'flights', position: earliest, partitions, credit: 1 << 20 })
    const publish = (correlation: number, topic: string, partition: number) =>
      client.frame('Publish', { correlation, topic, partition, timeoutMs: 0 }, [batchOf([`${correlation}`])])
    publish(1, 'flights', 1)
    publish(2, 'flights', 1)
    publish(3, 'flights', 0)
    publish(4, 'other', 0)
    const answers = [await client.nextFrame(), await client.nextFrame()]
    expect(answers.map(({ fields }) => (fields as { correlation: number }).correlation)).toEqual([3, 4])
    expect(fixture.broker.publishes).toBe(2)
    elect()
    expect((await client.nextFrame()).name).toBe('Subscribed')
    const bases = new Map<number, number>()
    let records = 0
    while (bases.size < 2 || records < 2) {
      const frame = await client.nextFrame()
      if (frame.name === 'PublishReply') bases.set(frame.fields.correlation, frame.fields.baseOffset)
      if (frame.name === 'Records') records = frame.fields.nextOffset
    }
    expect([bases.get(1), bases.get(2)]).toEqual([0, 1])
  })

  it('goes on when the subscription ends, or begins elsewhere than at the end', async () => {
    client.json({ op: 'subscribe', id: 'a', topic: 'flights', from: 'earliest' })
    client.json({ op: 'publish', id: '1', topic: 'flights', records: [{ value: 'x' }] })
    expect(await client.nextJson()).toMatchObject({ op: 'ack', id: '1' })
    client.json({ op: 'subscribe', id: 'b', topic: 'flights' })
    client.json({ op: 'publish', id: '2', topic: 'flights', records: [{ value: 'x' }] })
    await pause(50)
    expect(fixture.broker.publishes).toBe(1)
    client.json({ op: 'unsubscribe', id: 'b' })
    expect(await client.nextJson()).toMatchObject({ op: 'unsubscribed' })
    expect(await client.nextJson()).toMatchObject({ op: 'ack', id: '2' })
  })
})

it('a publish that has waited for as long as it may is refused, and not written later', async () => {
  const clock = new ManualClock()
  const beginnings = new Beginnings([0])
  const subscriptions = { untilBegun: (_: string, partition: number | null) => beginnings.until(partition) }
  const ownLatest = new OwnLatest(subscriptions as never, clock)
  const published: string[] = []
  const publish = (name: string, waitMs: number) =>
    ownLatest.behind('t', 0, waitMs, async () => published.push(name)).catch(({ code }) => code)
  const first = publish('first', 100)
  const second = publish('second', 1_000)
  await clock.advance(100, async () => {})
  expect(await first).toBe('LEADER_UNAVAILABLE')
  beginnings.known(0)
  // A publish that comes while others are about to start must not overtake them.
  const third = publish('third', 1_000)
  await Promise.all([second, third])
  expect(published).toEqual(['second', 'third'])
})
