import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { brokerMessages, clientMessages, encodeFrame, type MessageName } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { SourceLink } from '../../broker/src/cascade/upstream/source-link.ts'
import { beatReplyFrom, topicPageFrom } from '../../broker/src/cascade/wire/cascade-fields.ts'
import type { CascadeApi } from '../../broker/src/cascade/wire/cascade-messages.ts'
import { batchOf, type Fixture, startGateway } from '../../broker/src/doors/testing/running-gateway.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { createMessageSockets } from '../../broker/src/platform/node/message-sockets.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'
import { MemoryTables } from '../../broker/src/security/testing/memory-tables.ts'
import { Connection } from '../../client/src/connection.ts'
import { sampleMessages } from '../../schemas/src/testing/sample-messages.ts'
import { NewerStream } from './newer-stream.ts'

/** Clients and brokers of two versions on one WebSocket: each side understands every message of the other. */

const tables = new MemoryTables()
const token = tables.token('Cascade:101')
let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, {}, cascade, { tables: () => tables })
})
afterAll(() => fixture.gateway.close())

const cascade: CascadeApi = {
  beat: async () => beatReplyFrom(sampleMessages.CascadeBeatReply),
  topicPage: () => topicPageFrom(sampleMessages.CascadeTopicsReply),
  securityPage: () => ({ digest: '', total: 0, users: [], tokens: [], acls: [], quotas: [], quotaTotal: 0 }),
  status: async () => ({ brokers: [] }),
  assign: async () => {},
}
const settings = { connectTimeoutMs: 2_000, silenceMs: 5_000, maxFrameBytes: 1 << 26 }
const from = { kind: 'EARLIEST', value: 0 } as const
const place = { topic: 'flights', partition: 0 }
/** Of all messages; those that only some of the tests send are left to them. */
const others: readonly MessageName[] = ['Metadata', 'Brokers', 'Authenticate', 'ConsumerGroup']
const isAsked = (name: MessageName): boolean =>
  !name.startsWith('Cascade') && !others.some((other) => name === other || name === `${other}Reply`)
const said: Record<'client' | 'broker', readonly MessageName[]> = {
  client: clientMessages.filter(isAsked),
  broker: brokerMessages.filter(isAsked),
}

/** The common interface of an SDK's connection and a cascade's link. */
interface Asking {
  request(
    name: 'Publish' | 'PublishIf' | 'Fetch' | 'FindOffset' | 'InitProducer',
    fields: object,
    body?: Uint8Array[],
  ): Promise<{ fields: object; body: Uint8Array }>
  subscribe(fields: object, heard: (what: string) => void): number
  credit(subscription: number, bytes: number): void
  unsubscribe(subscription: number): void
  close(): void
}

async function connectionTo(address: string): Promise<Asking> {
  const connection = await Connection.open(`ws://${address}`, settings)
  return {
    request: (name, fields, body = []) => connection.request(name, fields as never, { timeoutMs: 2_000, body }),
    subscribe: (fields, heard) =>
      connection.subscribe(fields as never, { frame: ({ name }) => heard(name), lost: () => heard('lost') }),
    credit: (subscription, bytes) => connection.credit(subscription, bytes),
    unsubscribe: (subscription) => connection.unsubscribe(subscription),
    close: () => connection.close(),
  }
}

async function linkTo(address: string): Promise<Asking> {
  const link = await SourceLink.open(address, createMessageSockets({ clock: nodeClock, dial: null }), nodeClock)
  return {
    request: (name, fields, body) => link.request(name, fields as never, 2_000, body),
    subscribe: (fields, heard) =>
      link.subscribe(fields as never, {
        subscribed: () => heard('Subscribed'),
        records: () => heard('Records'),
        ended: () => heard('SubscriptionEnd'),
      }),
    credit: (subscription, bytes) => link.credit(subscription, bytes),
    unsubscribe: (subscription) => link.unsubscribe(subscription),
    close: () => link.close(),
  }
}

async function askEverything(asking: Asking): Promise<void> {
  const batch = batchOf(['a', 'b'])
  const published = await asking.request('Publish', { ...place, timeoutMs: 1_000, topicId: '' }, [batch])
  expect(published.fields).toMatchObject({ duplicate: false })
  const { baseOffset } = published.fields as { baseOffset: number }
  const condition = { expectedOffset: -1, fence: 0 }
  const conditional = await asking.request('PublishIf', { ...place, timeoutMs: 1_000, ...condition, topicId: '' })
  expect(conditional.fields).toMatchObject({ baseOffset: baseOffset + 2, lastOffset: baseOffset + 1 })
  const wrong = { ...place, timeoutMs: 1_000, expectedOffset: 0, fence: -1, topicId: '' }
  const refused = { code: 'WRONG_EXPECTED_OFFSET', endOffset: baseOffset + 2 }
  await expect(asking.request('PublishIf', wrong, [batchOf(['x'])])).rejects.toMatchObject(refused)
  const fetched = await asking.request('Fetch', { ...place, offset: baseOffset, maxBytes: 10_000, waitMs: 0 })
  expect(fetched.fields).toMatchObject({ nextOffset: baseOffset + 2, highWatermark: baseOffset + 2 })
  expect(fetched.body.length).toBe(batch.length)
  const latest = { kind: 'LATEST', value: 0 }
  expect((await asking.request('FindOffset', { ...place, position: latest })).fields).toMatchObject({
    offset: baseOffset + 2,
  })
  expect((await asking.request('InitProducer', {})).fields).toMatchObject({ epoch: 0 })
  const nowhere = { topic: 'nowhere', partition: 0, offset: 0, maxBytes: 10_000, waitMs: 0 }
  await expect(asking.request('Fetch', nowhere)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  const heard: string[] = []
  const subscription = asking.subscribe(
    { topic: 'flights', position: from, partitions: [{ partition: 0, position: from }], credit: 1 },
    (what) => heard.push(what),
  )
  await expect.poll(() => heard).toEqual(['Subscribed', 'Records'])
  asking.credit(subscription, 100_000)
  asking.unsubscribe(subscription)
  asking.subscribe({ topic: 'nowhere', position: from, partitions: [], credit: 1 }, (what) => heard.push(what))
  await expect.poll(() => heard).toContain('SubscriptionEnd')
  expect(heard).not.toContain('lost')
}

describe.each(['broker', 'client'] as const)('the %s is newer', (newer) => {
  let stream: NewerStream
  let address: string
  beforeAll(async () => {
    stream = new NewerStream(newer, fixture.address)
    address = await stream.listen()
  })
  afterAll(() => stream.close())

  const ever = new Set<MessageName>()
  afterEach(() => {
    for (const name of stream.said) ever.add(name)
    stream.said.clear()
  })

  test.each([
    ['a connection of the SDKs', connectionTo],
    ['the link of a cascade broker', linkTo],
  ])('%s sends and receives every kind of message', async (_, open) => {
    const asking = await open(address)
    try {
      await askEverything(asking)
      await expect.poll(() => said[newer].filter((name) => !stream.said.has(name))).toEqual([])
    } finally {
      asking.close()
    }
  })

  test('a cascade broker beats, and gets the list of topics and the tables of security', async () => {
    const link = await SourceLink.open(
      address,
      createMessageSockets({ clock: nodeClock, dial: null }),
      nodeClock,
      token,
    )
    try {
      const { correlation: _, ...beat } = sampleMessages.CascadeBeat
      const heard = await link.request('CascadeBeat', { ...beat, after: 0 }, 2_000)
      const first = { correlation: 0, taken: 1, list: 1, listAfter: 0, gone: [] }
      expect({ ...heard.fields, correlation: 0 }).toEqual({ ...sampleMessages.CascadeBeatReply, ...first })
      const told = await link.request('CascadeTopics', { from: 0 }, 2_000)
      expect({ ...told.fields, correlation: 0 }).toEqual({ ...sampleMessages.CascadeTopicsReply, correlation: 0 })
      const secured = await link.request('CascadeSecurity', { from: 0 }, 2_000)
      expect(secured.fields).toMatchObject({ total: 0, users: [], tokens: [], acls: [] })
      const asked = ['Authenticate', 'CascadeBeat', 'CascadeTopics', 'CascadeSecurity']
      expect([...stream.said]).toEqual(newer === 'client' ? asked : asked.map((name) => `${name}Reply`))
    } finally {
      link.close()
    }
  })

  test('records go from producer to consumer', async () => {
    const producer = new Producer({ servers: [address] })
    const consumer = new Consumer({ servers: [address] })
    try {
      const { partition, offset } = await producer.send('flights', { value: `by a newer ${newer}` })
      const { records } = await consumer.read('flights', { partition, offset })
      expect(records[0]).toMatchObject({ offset, value: `by a newer ${newer}` })
      expect(stream.said).toContain(newer === 'client' ? 'Metadata' : 'MetadataReply')
    } finally {
      await producer.close()
      await consumer.close()
    }
  })

  test('a client shows a token, learns of brokers, and a member of a consumer group beats', async () => {
    const connection = await Connection.open(`ws://${address}`, { ...settings, credentials: { token } })
    try {
      expect((await connection.request('Brokers', {}, { timeoutMs: 2_000 })).fields).toMatchObject({
        brokers: [{ id: 1 }],
      })
      const { ConsumerGroup: asked } = sampleMessages
      const { fields } = await connection.request('ConsumerGroup', asked, { timeoutMs: 2_000 })
      expect(Object.keys(fields.result)).toEqual(['tailrace.groups.Beaten'])
    } finally {
      connection.close()
    }
  })

  test('that is every message', () => {
    expect((newer === 'client' ? clientMessages : brokerMessages).filter((name) => !ever.has(name))).toEqual([])
  })
})

/** A broker that sends only these first frames. */
async function brokerThatSays(frames: readonly Uint8Array[][]): Promise<{ address: string; close: () => void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/stream' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) => {
    for (const frame of frames) socket.send(Buffer.concat(frame))
  })
  const close = (): void => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, close }
}

const other = JSON.parse(protocolJson)
other.messages.find((message: { number: number }) => message.number === 42).schema.fields[1].type = 'boolean'
const records = { subscription: 1, partition: 0, nextOffset: 0, highWatermark: 0 }
test.each<[string, Uint8Array[][], string, RegExp]>([
  [
    'cannot be resolved',
    [encodeFrame('Schemas', { fingerprint: 'x', protocolJson: JSON.stringify(other) })],
    'INCOMPATIBLE_PEER',
    /Records/,
  ],
  ['are not its first frame', [encodeFrame('Records', records)], 'MALFORMED_FRAME', /Records, not Schemas/],
  ['do not come', [], 'CONNECTION_LOST', /which schemas/],
])('a broker whose schemas %s is refused by name', async (_, frames, code, reason) => {
  const { address, close } = await brokerThatSays(frames)
  try {
    const opening = Connection.open(`ws://${address}`, { ...settings, connectTimeoutMs: 300 })
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(reason) })
    if (frames.length === 0) return
    const linking = SourceLink.open(address, createMessageSockets({ clock: nodeClock, dial: null }), nodeClock)
    await expect(linking).rejects.toMatchObject({ code, message: expect.stringMatching(reason) })
  } finally {
    close()
  }
})
