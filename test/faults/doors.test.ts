import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesToJson, type JsonBytes } from '../../broker/src/doors/json/value.ts'
import { Client, type Fixture, startGateway } from '../../broker/src/doors/testing/running-gateway.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'

type Bytes = Uint8Array | null
interface AnyRecord {
  readonly timestamp: number
  readonly key: Bytes
  readonly value: Bytes
  readonly headers: Readonly<Record<string, Bytes | readonly Bytes[]>>
}

let fixture: Fixture
let client: Client
let producer: Producer
let consumer: Consumer
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  client = await new Client(fixture.address).open()
  producer = new Producer({ servers: [fixture.address] })
  consumer = new Consumer({ servers: [fixture.address] })
})
afterAll(async () => {
  await producer.close()
  await consumer.close()
  client.socket.terminate()
  await fixture.gateway.close()
})

/** Bytes that are text, bytes that look like text, and any others. */
const bytes = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc
    .constantFrom('\u{feff}x', '\ufffd', '\0', '{"base64":"AA=="}', '👩‍🚀', '')
    .map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 20 }),
)
const field = fc.option(bytes)
const record: fc.Arbitrary<AnyRecord> = fc.record({
  timestamp: fc.nat(8.64e14),
  key: field,
  value: field,
  headers: fc.dictionary(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.oneof(field, fc.array(field, { minLength: 2, maxLength: 3 })),
    { maxKeys: 3, noNullPrototype: true },
  ),
})

/** Fields by the same rule in every door, so that the results can be compared. */
function shown({ timestamp, key, value, headers }: AnyRecord): object {
  const one = (data: Bytes): JsonBytes => bytesToJson(data)
  const named = Object.entries(headers).map(([name, data]) => [
    name,
    Array.isArray(data) ? data.map(one) : one(data as Bytes),
  ])
  return {
    timestamp,
    key: one(key),
    value: one(value),
    headers: named.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  }
}
function asJson(given: AnyRecord): object {
  const { headers, ...rest } = shown(given) as { headers: [string, unknown][] }
  return { ...rest, headers: Object.fromEntries(headers), partition: 0 }
}
function fromJson({ timestamp, key, value, headers }: ReturnType<typeof JSON.parse>): object {
  return { timestamp, key, value, headers: Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)) }
}

const doorsIn: Record<string, (records: AnyRecord[]) => Promise<number>> = {
  async HTTP(records) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const answer = await fetch(`${fixture.url}/topics/flights/records`, {
      ...init,
      body: JSON.stringify({ records: records.map(asJson) }),
    })
    const body = (await answer.json()) as { offsets: { offset: number }[] }
    expect(answer.status, JSON.stringify(body)).toBe(200)
    return body.offsets[0]!.offset
  },
  async 'JSON over WebSocket'(records) {
    client.json({ op: 'publish', id: 'p', topic: 'flights', records: records.map(asJson) })
    return (await client.nextJson()).offsets[0].offset
  },
  async SDK(records) {
    const sent = await producer.sendBatch(
      'flights',
      records.map((one) => ({ ...one, partition: 0 })),
    )
    return sent[0]!.offset
  },
}
const doorsOut: Record<string, (offset: number, count: number) => Promise<object[]>> = {
  async HTTP(offset, count) {
    const answer = await fetch(`${fixture.url}/topics/flights/partitions/0/records?offset=${offset}`)
    return ((await answer.json()) as { records: object[] }).records.slice(0, count).map(fromJson)
  },
  async 'JSON over WebSocket'(offset, count) {
    client.json({ op: 'subscribe', id: 's', topic: 'flights', from: offset, partitions: [0] })
    const records: object[] = []
    while (records.length < count) records.push(...(await client.nextJson()).records)
    client.json({ op: 'unsubscribe', id: 's' })
    while ((await client.nextJson()).op !== 'unsubscribed');
    return records.slice(0, count).map(fromJson)
  },
  async SDK(offset, count) {
    const { records } = await consumer.read('flights', { partition: 0, offset }, { bytes: true })
    return records.slice(0, count).map((one) => shown(one as AnyRecord))
  },
}

describe('any record is read as it was sent', () => {
  for (const [doorIn, publish] of Object.entries(doorsIn)) {
    for (const [doorOut, read] of Object.entries(doorsOut)) {
      it(`in by ${doorIn}, out by ${doorOut}`, async () => {
        const property = fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 5 }), async (records) => {
          const offset = await publish(records)
          expect(await read(offset, records.length)).toEqual(records.map(shown))
        })
        await fc.assert(property, { numRuns: 25, seed: 20_260 })
      })
    }
  }
})

describe('text without a UTF-8 form is refused by name', () => {
  const half = ['a\ud800b', '\udc00', '\ud83d', `${'x'.repeat(300)}\ud800`]
  it.each(half)('SDK: %j as key, value, header and header name', async (text) => {
    const records = [
      { key: text, value: 'x' },
      { value: text },
      { value: 'x', headers: { h: text } },
      { value: 'x', headers: { [text]: 'v' } },
    ]
    for (const one of records)
      await expect(producer.send('flights', one)).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    expect((await producer.send('flights', { value: 'good' })).offset).toBeGreaterThanOrEqual(0)
  })

  it.each([
    ['application/json', 'latin1'],
    ['application/json; charset=iso-8859-1', 'latin1'],
    ['application/json; charset=iso-8859-1', 'utf8'],
    ['application/json; charset="utf-16"', 'utf16le'],
  ] as const)('HTTP: %s with a body in %s', async (type, encoding) => {
    const body = Buffer.from('{"records":[{"value":"café"}]}', encoding)
    const answer = await fetch(`${fixture.url}/topics/flights/records`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringMatching(/UTF-8/) })
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'HTTP: %s is taken',
    async (type) => {
      const body = '{"records":[{"value":"café"}]}'
      const answer = await fetch(`${fixture.url}/topics/flights/records`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })
      expect(answer.status).toBe(200)
    },
  )
})
