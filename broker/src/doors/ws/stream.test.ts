import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Compression, decodeBatch, encodeFrame, type FrameOf, forEachBatch, MessageNumber } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../platform/clock.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

const open: { fixture?: Fixture; clients: Client[] } = { clients: [] }
afterEach(async () => {
  for (const client of open.clients.splice(0)) client.socket.terminate()
  await open.fixture?.gateway.close()
  delete open.fixture
})

async function start(limits: Partial<GatewayLimits> = {}, clock: Clock = nodeClock): Promise<Fixture> {
  return (open.fixture = await startGateway(clock, nodeRandom, limits))
}
async function dial(headers: Record<string, string> = {}): Promise<Client> {
  const client = new Client(open.fixture!.address, headers)
  open.clients.push(client)
  return client.open()
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
async function fetchOk(path: string): Promise<void> {
  expect((await fetch(open.fixture!.url + path)).status).toBe(200)
}
const latest = { kind: 'LATEST', value: 0 } as const
const earliest = { kind: 'EARLIEST', value: 0 } as const
const flights = { topic: 'flights', partition: 0 }

function valuesOf(body: Uint8Array): string[] {
  const values: string[] = []
  forEachBatch(body, (at) => {
    for (const record of decodeBatch(body, at, {})) values.push(Buffer.from(record.value!).toString())
  })
  return values
}

describe('text', () => {
  it('subscribes, gets present and later records, exactly in the documented shape', async () => {
    const { broker } = await start()
    const client = await dial()
    client.json({
      op: 'publish',
      id: 'p1',
      topic: 'flights',
      records: [{ key: '21', value: '{"delay":3}', partition: 1 }],
    })
    const tokens = [{ partition: 1, token: '1-1-00112233aabbccdd', holders: [1] }]
    expect(await client.nextJson()).toEqual({ op: 'ack', id: 'p1', offsets: [{ partition: 1, offset: 0 }], tokens })
    client.json({ op: 'subscribe', id: 's1', topic: 'flights', from: 'earliest' })
    const record = { offset: 0, timestamp: expect.any(Number), key: '21', value: '{"delay":3}', headers: {} }
    const first = await client.nextJson()
    expect(first).toEqual({
      op: 'records',
      id: 's1',
      topic: 'flights',
      partition: 1,
      records: [record],
      nextOffset: 1,
      highWatermark: 1,
    })
    await broker.publish('flights', 2, batchOf(['zip'], Compression.gzip, gzipSync))
    expect(await client.nextJson()).toMatchObject({
      op: 'records',
      partition: 2,
      records: [{ offset: 0, value: 'zip' }],
    })
    client.json({ op: 'unsubscribe', id: 's1' })
    expect(await client.nextJson()).toEqual({ op: 'unsubscribed', id: 's1' })
    await broker.publish('flights', 2, batchOf(['unseen']))
    client.json({ op: 'credit', id: 's1', bytes: 1 })
    expect(await client.nextJson()).toMatchObject({
      op: 'error',
      id: 's1',
      code: 'UNKNOWN_SUBSCRIPTION',
      retriable: false,
    })
  })

  it('starts at an offset, at the end, at a time, in some partitions', async () => {
    const { broker } = await start()
    await broker.publish('flights', 0, batchOf(['a', 'b', 'c']))
    await broker.publish('flights', 1, batchOf(['d']))
    const client = await dial()
    client.json({ op: 'subscribe', id: 1, topic: 'flights', from: 1, partitions: [0] })
    expect((await client.nextJson()).records.map((record: { value: string }) => record.value)).toEqual(['b', 'c'])
    client.json({
      op: 'subscribe',
      id: 2,
      topic: 'flights',
      partitions: [
        { partition: 0, from: 'latest' },
        { partition: 1, from: '0' },
      ],
    })
    expect(await client.nextJson()).toMatchObject({ id: 2, partition: 1, records: [{ value: 'd' }] })
    client.json({ op: 'subscribe', id: 3, topic: 'flights', from: '1970-01-01T00:00:00Z', partitions: [1] })
    expect(await client.nextJson()).toMatchObject({ id: 3, partition: 1 })
    expect(client.waiting).toBe(0)
  })

  it('sends no more than credit allows, but for the batch that crosses it', async () => {
    const { broker } = await start()
    for (let i = 0; i < 20; i++) await broker.publish('flights', 0, batchOf([`${i}-`.padEnd(1000, 'x')]))
    const client = await dial()
    client.json({ op: 'subscribe', id: 's', topic: 'flights', from: 'earliest', partitions: [0], credit: 2500 })
    const seen: number[] = []
    const take = async (messages: number) => {
      for (let i = 0; i < messages; i++)
        seen.push(...(await client.nextJson()).records.map((record: { offset: number }) => record.offset))
    }
    await take(2)
    const { fetches } = broker
    // A round trip: had there been credit, more would have come before this answer.
    client.json({ op: 'nonsense', id: 'x' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'x' })
    expect(seen.length).toBeLessThan(6)
    expect(broker.fetches).toBe(fetches)
    client.json({ op: 'credit', id: 's', bytes: 1_000_000 })
    while (seen.length < 20) await take(1)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, offset) => offset))
  })

  it('answers errors with the id, in the usual shape, and keeps the connection', async () => {
    await start()
    const client = await dial()
    const cases: [unknown, string, unknown][] = [
      ['{', 'INVALID_REQUEST', undefined],
      ['[]', 'INVALID_REQUEST', undefined],
      [{ op: 'dance', id: 'a' }, 'INVALID_REQUEST', 'a'],
      [{ op: 'subscribe', topic: 'flights' }, 'INVALID_REQUEST', undefined],
      [{ op: 'subscribe', id: 'a', topic: 'nowhere' }, 'UNKNOWN_TOPIC', 'a'],
      [{ op: 'subscribe', id: 'a', topic: 'flights', partitions: [7] }, 'UNKNOWN_PARTITION', 'a'],
      [{ op: 'subscribe', id: 'a', topic: 'flights', from: 'yesterday' }, 'INVALID_REQUEST', 'a'],
      [{ op: 'subscribe', id: 'a', topic: 'flights', from: 99 }, 'OFFSET_OUT_OF_RANGE', 'a'],
      [{ op: 'publish', id: 'p', topic: 'flights', records: [{ value: {} }] }, 'INVALID_RECORD', 'p'],
      [{ op: 'publish', id: 'p', topic: 'nowhere', records: [{ value: 'x' }] }, 'UNKNOWN_TOPIC', 'p'],
      [{ op: 'credit', id: 'none', bytes: 5 }, 'UNKNOWN_SUBSCRIPTION', 'none'],
      [{ op: 'unsubscribe', id: 'none' }, 'UNKNOWN_SUBSCRIPTION', 'none'],
    ]
    for (const [message, code, id] of cases) {
      client.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
      const answer = await client.nextJson()
      expect(answer).toMatchObject({
        op: 'error',
        code,
        message: expect.any(String),
        retriable: false,
        hint: expect.any(String),
      })
      expect(answer.id).toBe(id)
      while (client.waiting > 0) await client.next()
    }
  })

  it('keeps the order of publishes', async () => {
    const { broker } = await start()
    const client = await dial()
    broker.publishFailures.push('NOT_LEADER')
    for (let i = 0; i < 5; i++)
      client.json({ op: 'publish', id: i, topic: 'flights', records: [{ value: `${i}`, partition: 0 }] })
    for (let i = 0; i < 5; i++)
      expect(await client.nextJson()).toMatchObject({ op: 'ack', id: i, offsets: [{ partition: 0, offset: i }] })
  })
})

describe('binary', () => {
  it('publishes in call order and passes batches through as they are', async () => {
    await start()
    const client = await dial()
    const batches = Array.from({ length: 10 }, (_, i) => batchOf([`v${i}`, i === 5 ? 'x'.repeat(20_000) : 'y']))
    for (const [correlation, batch] of batches.entries()) {
      client.frame('Publish', { correlation, ...flights, timeoutMs: 1000 }, [batch])
    }
    for (let correlation = 0; correlation < 10; correlation++) {
      const { name, fields } = await client.nextFrame()
      expect([name, fields]).toEqual([
        'PublishReply',
        {
          correlation,
          baseOffset: 2 * correlation,
          lastOffset: 2 * correlation + 1,
          duplicate: false,
          term: 1,
          index: correlation + 1,
          seal: '00112233aabbccdd',
          holders: [1],
        },
      ])
    }
    client.frame('Fetch', { correlation: 99, ...flights, offset: 3, maxBytes: 1 << 20, waitMs: 0 })
    const reply = (await client.nextFrame()) as FrameOf<'FetchReply'>
    expect(reply.fields).toMatchObject({ correlation: 99, nextOffset: 20, highWatermark: 20, logStart: 0 })
    expect(valuesOf(reply.body).filter((value) => value.startsWith('v'))).toEqual([
      'v1',
      'v2',
      'v3',
      'v4',
      'v5',
      'v6',
      'v7',
      'v8',
      'v9',
    ])
    // Byte for byte, but for baseOffset and term, which the broker writes.
    expect(Buffer.from(reply.body.subarray(16, batches[1]!.length)).equals(batches[1]!.subarray(16))).toBe(true)
  })

  it('answers metadata, offsets and producer ids, and failures by correlation', async () => {
    const { broker } = await start()
    const client = await dial()
    client.frame('Metadata', { correlation: 1, topics: ['flights', 'nowhere'] })
    const metadata = (await client.nextFrame()) as FrameOf<'MetadataReply'>
    expect(metadata.fields).toMatchObject({
      correlation: 1,
      clusterId: 'test-cluster',
      brokers: [{ id: 1 }],
      topics: [{ name: 'flights' }],
    })
    client.frame('InitProducer', { correlation: 2 })
    expect((await client.nextFrame()).fields).toEqual({ correlation: 2, producerId: 100, epoch: 0 })
    client.frame('FindOffset', { correlation: 3, ...flights, position: latest })
    const place = { correlation: 3, offset: 0, highWatermark: 0, logStart: 0, fence: -1 }
    expect((await client.nextFrame()).fields).toEqual(place)
    broker.publishFailures.push('NOT_LEADER')
    client.frame('Publish', { correlation: 4, ...flights, timeoutMs: 1000 }, [batchOf(['x'])])
    expect(await client.nextFrame()).toMatchObject({
      name: 'Failure',
      fields: { correlation: 4, error: { code: 'NOT_LEADER', retriable: true } },
    })
    const { publishes } = broker
    client.frame('Publish', { correlation: 5, ...flights, timeoutMs: 1000 })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 5, error: { code: 'INVALID_BATCH' } })
    expect(broker.publishes).toBe(publishes)
    // The broker judges the content of a body, however short it is.
    client.frame('Publish', { correlation: 5, ...flights, timeoutMs: 1000 }, [new Uint8Array(1)])
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 5 })
    expect(broker.publishes).toBe(publishes + 1)
    client.frame('Fetch', { correlation: 6, ...flights, offset: -1, maxBytes: 1, waitMs: 0 })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 6, error: { code: 'OFFSET_OUT_OF_RANGE' } })
    client.frame('DriveChange', { correlation: 7, group: 1, change: 1 })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 7, error: { code: 'UNSUPPORTED_MESSAGE' } })
  })

  it('pushes within credit, takes turns, and goes on where it was', async () => {
    const { broker } = await start()
    for (let i = 0; i < 30; i++)
      for (const partition of [0, 1, 2]) await broker.publish('flights', partition, batchOf([`${i}`.padEnd(900, '.')]))
    const client = await dial()
    client.frame('Subscribe', { subscription: 5, topic: 'flights', position: earliest, partitions: [], credit: 3000 })
    const subscribed = (await client.nextFrame()) as FrameOf<'Subscribed'>
    expect(subscribed.name).toBe('Subscribed')
    expect(subscribed.fields.partitions.map(({ offset, highWatermark }) => [offset, highWatermark])).toEqual([
      [0, 30],
      [0, 30],
      [0, 30],
    ])
    const got = new Map<number, string[]>()
    let bytes = 0
    const take = async () => {
      const { name, fields, body } = (await client.nextFrame()) as FrameOf<'Records'>
      expect(name).toBe('Records')
      bytes += body.length
      const values = got.get(fields.partition) ?? []
      got.set(fields.partition, [...values, ...valuesOf(body).map((value) => value.replaceAll('.', ''))])
      expect(fields.nextOffset).toBe(got.get(fields.partition)!.length)
    }
    await take()
    client.frame('Metadata', { correlation: 1, topics: [] })
    // The credit was 3,000 bytes; at most one batch crosses it.
    for (let frame = client.next(); ; frame = client.next()) {
      const message = Buffer.from((await frame) as Uint8Array)
      if (message.readUInt16BE(6) === MessageNumber.MetadataReply) break
      bytes += message.length
    }
    expect(bytes).toBeLessThan(5000)
    client.frame('Unsubscribe', { subscription: 5 })
    got.clear()
    const positions = [0, 1, 2].map((partition) => ({ partition, position: { kind: 'OFFSET', value: 0 } as const }))
    client.frame('Subscribe', {
      subscription: 6,
      topic: 'flights',
      position: earliest,
      partitions: positions,
      credit: 10_000,
    })
    await client.nextFrame()
    while ([...got.values()].flat().length < 90) {
      await take()
      client.frame('Credit', { subscription: 6, bytes: 4000 })
    }
    const all = Array.from({ length: 30 }, (_, i) => `${i}`)
    expect([got.get(0), got.get(1), got.get(2)]).toEqual([all, all, all])
  })

  it('sends a batch larger than the credit, so that nothing stalls', async () => {
    const { broker } = await start()
    await broker.publish('flights', 0, batchOf(['x'.repeat(50_000)]))
    const client = await dial()
    client.frame('Subscribe', { subscription: 1, topic: 'flights', position: earliest, partitions: [], credit: 1 })
    await client.nextFrame()
    expect((await client.nextFrame()).body.length).toBeGreaterThan(50_000)
  })

  it('finds the leader by itself, and ends with the topic', async () => {
    const { broker } = await start()
    broker.findFailures.push('LEADER_UNAVAILABLE')
    broker.fetchFailures.push('NOT_LEADER', 'CONNECTION_LOST', 'LEADER_UNAVAILABLE')
    await broker.publish('flights', 0, batchOf(['found']))
    const client = await dial()
    client.frame('Subscribe', {
      subscription: 1,
      topic: 'flights',
      position: earliest,
      partitions: [{ partition: 0, position: earliest }],
      credit: 1000,
    })
    expect((await client.nextFrame()).name).toBe('Subscribed')
    expect(valuesOf((await client.nextFrame()).body)).toEqual(['found'])
    await until(() => broker.topics.get('flights')!.partitions[0]!.waiting.size === 1)
    const end = client.nextFrame()
    broker.fetchFailures.push('UNKNOWN_TOPIC')
    await broker.deleteTopic('flights')
    expect(await end).toMatchObject({
      name: 'SubscriptionEnd',
      fields: { subscription: 1, partition: -1, error: { code: 'UNKNOWN_TOPIC' } },
    })
    expect(broker.leadership.size).toBe(0)
  })

  it('retries at once when leadership moves', async () => {
    // A clock whose pauses never end: only a change of leader can wake the subscription.
    const stuck: Clock = { ...nodeClock, after: (ms, call) => nodeClock.after(ms < 3_000 ? 1e9 : ms, call) }
    const { broker } = await start({}, stuck)
    await broker.publish('flights', 0, batchOf(['x']))
    broker.findFailures.push('LEADER_UNAVAILABLE')
    const client = await dial()
    client.frame('Subscribe', {
      subscription: 1,
      topic: 'flights',
      position: earliest,
      partitions: [{ partition: 0, position: earliest }],
      credit: 1000,
    })
    await until(() => broker.leadership.size === 1 && broker.findFailures.length === 0)
    await new Promise((resolve) => setImmediate(resolve))
    for (const listener of broker.leadership) listener('flights', 0)
    expect((await client.nextFrame()).name).toBe('Subscribed')
  })
})

describe('bounds', () => {
  it('says FRAME_TOO_LARGE before it closes with 1009', async () => {
    await start({ maxFrameBytes: 10_000 })
    const text = await dial()
    text.socket.send('x'.repeat(10_001))
    expect(await text.nextJson()).toMatchObject({ op: 'error', code: 'FRAME_TOO_LARGE' })
    expect(await text.closed).toEqual({ code: 1009, reason: 'FRAME_TOO_LARGE' })
    const binary = await dial()
    binary.frame('Metadata', { correlation: 1, topics: [] })
    await binary.nextFrame()
    binary.frame('Publish', { correlation: 2, ...flights, timeoutMs: 1 }, [new Uint8Array(10_001)])
    expect((await binary.nextFrame()).fields).toMatchObject({ correlation: -1, error: { code: 'FRAME_TOO_LARGE' } })
    expect((await binary.closed).code).toBe(1009)
  })

  it('refuses subscriptions and connections beyond the limit', async () => {
    await start({ maxSubscriptions: 2, maxWebSockets: 2 })
    const client = await dial()
    for (const id of ['a', 'b', 'c']) client.json({ op: 'subscribe', id, topic: 'flights' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'c', code: 'TOO_MANY_SUBSCRIPTIONS' })
    await dial()
    await expect(dial()).rejects.toThrow('429')
  })

  it('stops reading from a client with too much unacknowledged, and resumes', async () => {
    const { broker } = await start({ maxUnackedBytes: 200_000 })
    let acknowledge = () => {}
    broker.gate = new Promise((resolve) => (acknowledge = resolve))
    const client = await dial()
    const batch = batchOf(['x'.repeat(50_000)])
    for (let correlation = 0; correlation < 100; correlation++)
      client.frame('Publish', { correlation, ...flights, timeoutMs: 1000 }, [batch])
    await until(() => broker.publishes >= 4)
    await new Promise((resolve) => setTimeout(resolve, 50))
    // Four fill the limit; what one read from the socket brings beyond it is all that may follow.
    expect(broker.publishes).toBeLessThan(10)
    acknowledge()
    for (let correlation = 0; correlation < 100; correlation++)
      expect((await client.nextFrame()).fields).toMatchObject({ correlation })
  })

  it('reads half a frame at once at most, since it may have to come from another broker in one', async () => {
    const { broker } = await start({ maxFrameBytes: 1 << 20 })
    const asked: number[] = []
    const fetch = broker.fetch.bind(broker)
    broker.fetch = (topic, partition, request) => {
      asked.push(request.maxBytes)
      return fetch(topic, partition, request)
    }
    const client = await dial()
    client.frame('Fetch', { correlation: 1, ...flights, offset: 0, maxBytes: 16 << 20, waitMs: 20 })
    expect(await client.nextFrame()).toMatchObject({ name: 'FetchReply' })
    await fetchOk(`/topics/flights/partitions/0/records?maxBytes=16777216`)
    expect(Math.max(...asked)).toBe(1 << 19)
  })

  it('never has more read for a client than its limit, however much it asks for at once', async () => {
    const [limit, shared] = [4 << 20, 6 << 20]
    const { broker } = await start({ maxConnectionReadBytes: limit, maxReadBytes: shared })
    for (let i = 0; i < 40; i++) await broker.publish('flights', 0, batchOf(['z'.repeat(200_000)]))
    let asked = 0
    let most = 0
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const fetch = broker.fetch.bind(broker)
    broker.fetch = async (topic, partition, request) => {
      most = Math.max(most, (asked += request.maxBytes))
      await gate
      asked -= request.maxBytes
      return fetch(topic, partition, request)
    }
    const [one, two] = [await dial(), await dial()]
    const fetches = 50
    for (const client of [one, two]) {
      for (let correlation = 0; correlation < fetches; correlation++) {
        client.frame('Fetch', { correlation, ...flights, offset: 0, maxBytes: 16 << 20, waitMs: 0 })
      }
      client.frame('Subscribe', { subscription: 1, topic: 'flights', position: earliest, partitions: [], credit: 1e9 })
    }
    await until(() => broker.fetches === 0 && asked > 2 * fetches * 64 * 1024)
    open()
    for (const client of [one, two]) {
      for (let answers = 0; answers < fetches; ) if ((await client.nextFrame()).name !== 'Records') answers++
    }
    expect(most).toBeLessThan(shared + 2 * (fetches + 8) * 64 * 1024)
    expect(asked).toBe(0)
  })

  it('holds little for a client that never reads, and drops it', async () => {
    const slow: (() => void)[] = []
    const slowReaderMs = 12_345
    const clock: Clock = {
      ...nodeClock,
      after: (ms, call) => {
        if (ms !== slowReaderMs) return nodeClock.after(ms, call)
        slow.push(call)
        return { cancel: () => void slow.pop() }
      },
    }
    const { broker, gateway } = await start({ maxBufferedBytes: 2 << 20, slowReaderMs }, clock)
    for (let i = 0; i < 20; i++) await broker.publish('flights', 0, batchOf(['z'.repeat(500_000)]))
    const client = await dial()
    client.socket.pause()
    client.frame('Subscribe', { subscription: 1, topic: 'flights', position: earliest, partitions: [], credit: 1e9 })
    let asked = 0
    // Until the kernel's buffers are full as well: then the connection stays full, and nothing is read or fetched for
    // this client.
    for (
      let quiet = 0, before = -1;
      quiet < 10;
      quiet = broker.fetches === before && slow.length === 1 ? quiet + 1 : 0
    ) {
      before = broker.fetches
      client.frame('Fetch', { correlation: asked++, ...flights, offset: 0, maxBytes: 1 << 20, waitMs: 0 })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(broker.fetches).toBeLessThan(asked + 30)
    slow[0]!()
    await until(() => broker.leadership.size === 0)
    expect(await gateway.registry.metrics()).toContain('tailrace_websocket_slow_readers_total 1')
    client.socket.resume()
    expect((await client.closed).code).not.toBe(1000)
  })

  it('drops a client that does not answer pings', async () => {
    const ticks: (() => void)[] = []
    const clock: Clock = {
      ...nodeClock,
      every: (_ms, call) => {
        ticks.push(call)
        return { cancel: () => {} }
      },
    }
    await start({}, clock)
    const client = await dial()
    const pings: unknown[] = []
    client.socket.on('ping', () => pings.push(0))
    ticks[0]!()
    await until(() => pings.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    ticks[0]!()
    await until(() => pings.length === 2)
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.socket.pause()
    ticks[0]!()
    ticks[0]!()
    client.socket.resume()
    expect((await client.closed).code).toBe(1006)
  })

  it('lets pages of other origins in if configured, to read and not to publish', async () => {
    await start({ readOrigins: ['https://elsewhere.example'] })
    await expect(dial({ origin: 'https://evil.example' })).rejects.toThrow('403')
    const client = await dial({ origin: 'https://elsewhere.example' })
    client.json({ op: 'publish', id: 1, topic: 'flights', records: [{ value: 'x' }] })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'ORIGIN_REFUSED' })
    client.frame('Publish', { correlation: 1, ...flights, timeoutMs: 1 }, [batchOf(['x'])])
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 1, error: { code: 'ORIGIN_REFUSED' } })
    client.json({ op: 'subscribe', id: 's', topic: 'flights', from: 'earliest' })
    await open.fixture!.broker.publish('flights', 0, batchOf(['seen']))
    expect(await client.nextJson()).toMatchObject({ op: 'records' })
  })

  it('acknowledges requests under way before it closes', async () => {
    const { broker, gateway } = await start()
    let acknowledge = () => {}
    broker.gate = new Promise((resolve) => (acknowledge = resolve))
    const client = await dial()
    client.frame('Publish', { correlation: 1, ...flights, timeoutMs: 1000 }, [batchOf(['x'])])
    await until(() => broker.publishes === 1)
    const closing = gateway.close()
    acknowledge()
    expect((await client.nextFrame()).name).toBe('PublishReply')
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: -1, error: { code: 'SHUTTING_DOWN' } })
    expect((await client.closed).code).toBe(1001)
    await closing
  })
})

describe('garbage', () => {
  it('answers malformed frames with MALFORMED_FRAME and closes with 1002', async () => {
    await start()
    for (const bytes of [
      Buffer.from('nonsense'),
      Buffer.alloc(0),
      Buffer.alloc(100, 0xff),
      Buffer.concat(encodeFrame('Heartbeats', { beats: [] })),
    ]) {
      const client = await dial()
      client.socket.send(bytes)
      expect(await client.nextFrame()).toMatchObject({ name: 'Failure', fields: { correlation: -1 } })
      expect((await client.closed).code).toSatisfy((code: number) => code === 1002 || code === 1009)
    }
  })

  it('survives frames with any byte changed, and WebSocket frames that break the protocol', async () => {
    const { logged, url } = await start()
    const frames = [
      encodeFrame('Publish', { correlation: 1, ...flights, timeoutMs: 1 }, [batchOf(['x'])]),
      encodeFrame('Subscribe', {
        subscription: 1,
        topic: 'flights',
        position: earliest,
        partitions: [{ partition: 0, position: latest }],
        credit: 10,
      }),
      encodeFrame('Fetch', { correlation: 1, ...flights, offset: 0, maxBytes: 10, waitMs: 0 }),
    ].map((pieces) => Buffer.concat(pieces))
    let client = await dial()
    for (const frame of frames) {
      for (let at = 0; at < Math.min(frame.length, 60); at++) {
        const broken = Buffer.from(frame)
        broken[at] = broken[at]! ^ (1 + nodeRandom.below(255))
        if (client.socket.readyState !== client.socket.OPEN) client = await dial()
        client.socket.send(broken)
        await Promise.race([client.next(), client.closed])
      }
    }
    for (const bytes of [
      [0xff, 0xff],
      [0x81, 0x05],
      [0x8f, 0x80, 0, 0, 0, 0],
      [0x81, 0x81, 0, 0, 0, 0, 0xff],
    ]) {
      await rawAfterUpgrade(Buffer.from(bytes))
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(logged).toEqual([])
  })
})

async function rawAfterUpgrade(bytes: Buffer): Promise<void> {
  const [host, port] = open.fixture!.address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  const key = Buffer.alloc(16).toString('base64')
  socket.write(
    `GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
  )
  await new Promise((resolve) => socket.once('data', resolve))
  socket.end(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
}
