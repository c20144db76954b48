import { setTimeout as pause } from 'node:timers/promises'
import { BatchWriter, Compression } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { EventReader } from '../testing/event-reader.ts'
import { batchOf, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
const readers: EventReader[] = []
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await fixture.gateway.close()
})

async function open(query = '', lastEventId?: string): Promise<EventReader> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const reader = await EventReader.open(`${fixture.url}/topics/flights/stream${query}`, headers)
  readers.push(reader)
  return reader
}

const publish = (partition: number, ...values: string[]) =>
  fixture.broker.publish('flights', partition, batchOf(values))

function keyed(pairs: readonly (readonly [string | null, string])[]): Uint8Array {
  const writer = new BatchWriter()
  for (const [key, value] of pairs) writer.append({ timestamp: 1_000, key, value, headers: [] })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

describe('a stream of events', () => {
  it('begins with the places and then has each record, with the position behind it as id', async () => {
    await publish(0, 'a', 'b')
    const reader = await open('?from=earliest')
    const { headers } = reader.answer
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    const begun = (await reader.next())!
    expect(begun.event).toBe('subscribed')
    expect(begun.id).toBe('id-flights:0,0,0')
    expect(begun.data).toMatchObject({ topic: 'flights', topicId: 'id-flights' })
    expect(begun.data.partitions).toContainEqual({ partition: 0, offset: 0, highWatermark: 2 })
    expect(reader.retry).toBe(2_000)
    const first = (await reader.next())!
    const record = { partition: 0, offset: 0, timestamp: 1_000, key: null, value: 'a', headers: {} }
    expect(first).toEqual({ event: 'record', id: 'id-flights:1,0,0', data: record })
    expect((await reader.next())!.id).toBe('id-flights:2,0,0')
    await publish(2, 'c')
    expect(await reader.next()).toMatchObject({ id: 'id-flights:2,0,1', data: { partition: 2, value: 'c' } })
  })

  it('begins at the end where nothing is said, and at an offset or in partitions that are named', async () => {
    await publish(1, 'a', 'b', 'c')
    const [latest, chosen] = [await open(), await open('?partition=1&partition=2&from=0')]
    expect((await latest.next())!.id).toBe('id-flights:0,3,0')
    expect((await chosen.next())!.id).toBe('id-flights:1=0,2=0')
    expect(await chosen.values(3)).toEqual(['a', 'b', 'c'])
    await publish(0, 'not chosen')
    await publish(1, 'd')
    expect(await chosen.values(1)).toEqual(['d'])
    expect(await latest.values(2)).toEqual(['not chosen', 'd'])
  })

  it('goes on behind the last event wherever it was cut off, without losing or doubling a record', async () => {
    for (let i = 0; i < 30; i++) await publish(i % 3, `${i} a`, `${i} b`)
    const expected = Array.from({ length: 30 }, (_, i) => [`${i} a`, `${i} b`]).flat()
    for (let cut = 1; cut < 60; cut += 7) {
      const before = await open('?from=earliest')
      const read: string[] = []
      let id = ''
      while (read.length < cut) {
        const event = (await before.next())!
        if (event.event === 'record') read.push(event.data.value)
        id = event.id
      }
      before.close()
      // The address still says where the first request began.
      const after = await open('?from=earliest', id)
      read.push(...(await after.values(60 - cut)))
      after.close()
      expect(read.sort()).toEqual([...expected].sort())
    }
  })

  it('goes on where it stood before the first record, and takes an id in the address', async () => {
    const reader = await open()
    const { id } = (await reader.next())!
    reader.close()
    await publish(0, 'while nobody read')
    expect(await (await open('', id)).values(1)).toEqual(['while nobody read'])
    expect(await (await open(`?from=${encodeURIComponent(id)}`)).values(1)).toEqual(['while nobody read'])
  })

  it('has the records with the keys that are asked for, and moves on behind the others', async () => {
    const reader = await open('?partition=0&key=SFO&key=JFK')
    await reader.next()
    await fixture.broker.publish(
      'flights',
      0,
      keyed([
        ['LAX', '1'],
        ['SFO', '2'],
        [null, '3'],
        ['JFK', '4'],
        ['LAX', '5'],
      ]),
    )
    expect((await reader.next())!.data).toMatchObject({ key: 'SFO', value: '2' })
    expect(await reader.next()).toMatchObject({ id: 'id-flights:0=4', data: { key: 'JFK' } })
    await fixture.broker.publish('flights', 0, keyed([['LAX', '6']]))
    await expect.poll(() => fixture.broker.lastFetch?.offset).toBe(6)
    await fixture.broker.publish('flights', 0, keyed([['SFO', '7']]))
    expect(await reader.values(1)).toEqual(['7'])
  })

  it('follows partitions that the topic gets, also behind a reconnection', async () => {
    const reader = await open()
    const { id } = (await reader.next())!
    fixture.broker.addPartitions('flights', 4)
    await publish(3, 'in the new one')
    expect(await reader.values(1)).toEqual(['in the new one'])
    expect(reader.lastId).toBe('id-flights:0,0,0,1')
    expect(await (await open('', id)).values(1)).toEqual(['in the new one'])
    expect(await (await open('', reader.lastId)).next()).toMatchObject({ id: 'id-flights:0,0,0,1' })
  })
})

describe('a stream that cannot go on', () => {
  it.each([
    ['/topics/nowhere/stream', 404, 'UNKNOWN_TOPIC'],
    ['/topics/flights/stream?partition=7', 404, 'UNKNOWN_PARTITION'],
    ['/topics/flights/stream?from=later', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?from=id-flights:0=1', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?partition=1&from=id-flights:0=1', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?topicId=other&from=id-flights:0,0,0', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?from=id-former:0,0,0', 404, 'TOPIC_ID_MISMATCH'],
    ['/topics/flights/stream?topicId=id-former', 404, 'TOPIC_ID_MISMATCH'],
    ['/topics/flights/stream?partition=x', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?partition=0&partition=0', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?credit=1', 400, 'INVALID_REQUEST'],
    ['/topics/flights/stream?from=9', 416, 'OFFSET_OUT_OF_RANGE'],
  ])('%s is answered with %i %s', async (path, status, code) => {
    const answer = await fetch(fixture.url + path)
    expect([answer.status, (await answer.json()).code]).toEqual([status, code])
    // It holds nothing any more.
    expect((await metrics()).streams).toBe(0)
  })

  it('follows at most 256 partitions', async () => {
    await fixture.broker.createTopic({ name: 'wide', partitions: 257, replicas: 1 })
    const answer = await fetch(`${fixture.url}/topics/wide/stream`)
    expect([answer.status, (await answer.json()).code]).toEqual([429, 'TOO_MANY_SUBSCRIPTIONS'])
  })

  it('tells that retention has overtaken it, and goes on at the first record that is left', async () => {
    await publish(0, '0')
    await publish(0, '1')
    await publish(0, '2')
    fixture.broker.topics.get('flights')!.partitions[0]!.logStart = 2
    const reader = await open('', 'id-flights:1,0,0')
    const told = (await reader.next())!
    expect(told).toMatchObject({ event: 'overtaken', id: 'id-flights:2,0,0' })
    expect(told.data).toMatchObject({ partition: 0, code: 'OFFSET_OUT_OF_RANGE', offset: 1, logStart: 2, missing: 1 })
    expect(await reader.next()).toBeNull()
    expect(await (await open('', told.id)).values(1)).toEqual(['2'])
  })

  it('tells of a batch that JSON cannot show, and goes on behind it', async () => {
    const reader = await open('?partition=0')
    await reader.next()
    await publish(0, 'a')
    await fixture.broker.publish(
      'flights',
      0,
      batchOf(['x'], Compression.snappy, (bytes) => bytes),
    )
    await publish(0, 'b')
    expect(await reader.values(1)).toEqual(['a'])
    const told = (await reader.next())!
    expect(told).toMatchObject({
      event: 'error',
      id: 'id-flights:0=2',
      data: { code: 'UNSUPPORTED_COMPRESSION', offset: 1 },
    })
    expect(await reader.next()).toBeNull()
    expect(await (await open('?partition=0', told.id)).values(1)).toEqual(['b'])
  })

  it('ends when its topic is deleted, and does not go on in another one of the name', async () => {
    const reader = await open()
    const { id } = (await reader.next())!
    await fixture.broker.deleteTopic('flights')
    expect(await reader.next()).toMatchObject({ event: 'error', data: { code: 'UNKNOWN_TOPIC' } })
    expect(await reader.next()).toBeNull()
    await fixture.broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
    expect((await open('', id)).answer.statusCode).toBe(404)
  })

  it('ends with a hint to come back when the broker stops', async () => {
    const reader = await open()
    const { id } = (await reader.next())!
    await fixture.gateway.close()
    expect(await reader.next()).toMatchObject({ event: 'error', id, data: { code: 'SHUTTING_DOWN', retriable: true } })
    expect(await reader.next()).toBeNull()
    expect(reader.retry).toBeGreaterThanOrEqual(1_000)
    expect(reader.retry).toBeLessThan(3_000)
  })
})

async function metrics(): Promise<{ streams: number; slow: number; sent: number }> {
  const text = await (await fetch(`${fixture.url}/metrics`)).text()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    streams: figure('tailrace_event_streams'),
    slow: figure('tailrace_websocket_slow_readers_total'),
    sent: figure('tailrace_fetch_records_total\\{transport="http_events"\\}'),
  }
}

describe('a stream that cannot begin yet', () => {
  const accept = { accept: 'text/event-stream' }

  it('is an event with a pause for a client that takes events alone, which comes back', async () => {
    fixture.broker.topics.delete('flights')
    fixture.broker.ready = { ready: false, reason: 'It has just started.' }
    const reader = await EventReader.open(`${fixture.url}/topics/flights/stream`, { ...accept, 'last-event-id': 'x:1' })
    expect(reader.answer.statusCode).toBe(200)
    expect(await reader.next()).toMatchObject({ event: 'error', id: '', data: { code: 'NOT_READY', retriable: true } })
    expect(await reader.next()).toBeNull()
    expect(reader.retry).toBeGreaterThanOrEqual(2_000)
    const answer = await fetch(`${fixture.url}/topics/flights/stream`)
    expect([answer.status, (await answer.json()).code]).toEqual([503, 'NOT_READY'])
  })

  it('has a status for every client where asking again does not help', async () => {
    const reader = await EventReader.open(`${fixture.url}/topics/nowhere/stream`, accept)
    expect(reader.answer.statusCode).toBe(404)
    reader.close()
  })
})

describe('what a stream holds', () => {
  it('is bounded for a client that does not read, which is dropped', async () => {
    await fixture.gateway.close()
    fixture = await startGateway(nodeClock, nodeRandom, { pauseBufferedBytes: 100_000, slowReaderMs: 500 })
    for (let i = 0; i < 200; i++) await publish(0, 'x'.repeat(100_000))
    const reader = await open('?partition=0&from=earliest')
    reader.answer.pause()
    await expect.poll(async () => (await metrics()).slow, { timeout: 10_000 }).toBe(1)
    expect(fixture.broker.fetches).toBeLessThan(150)
    await expect.poll(async () => (await metrics()).streams).toBe(0)
  })

  it('goes on when a client that has rested reads again', async () => {
    await fixture.gateway.close()
    fixture = await startGateway(nodeClock, nodeRandom, { pauseBufferedBytes: 100_000 })
    for (let i = 0; i < 200; i++) await publish(0, `${i}`.padEnd(100_000))
    const reader = await open('?partition=0&from=earliest')
    reader.answer.pause()
    for (let quiet = 0, before = -1; quiet < 10; quiet = fixture.broker.fetches === before ? quiet + 1 : 0) {
      before = fixture.broker.fetches
      await pause(20)
    }
    expect(fixture.broker.fetches).toBeLessThan(150)
    reader.answer.resume()
    const values = await reader.values(200)
    expect(values.map((value) => Number(value))).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  it('is a place among those of WebSockets, and given back', async () => {
    await fixture.gateway.close()
    fixture = await startGateway(nodeClock, nodeRandom, { maxWebSockets: 1 })
    const reader = await open()
    await reader.next()
    expect(await metrics()).toMatchObject({ streams: 1 })
    const refused = await fetch(`${fixture.url}/topics/flights/stream`)
    expect([refused.status, (await refused.json()).code]).toEqual([429, 'OVERLOADED'])
    reader.close()
    await expect.poll(async () => (await metrics()).streams).toBe(0)
    expect((await open()).answer.statusCode).toBe(200)
  })

  it('counts what it sends', async () => {
    await publish(0, 'a', 'b')
    await (await open('?from=earliest')).values(2)
    expect(await metrics()).toMatchObject({ sent: 2 })
  })
})
