import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { Compression } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { batchOf, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterEach(() => fixture.gateway.close())

const accept = { accept: 'application/x-ndjson' }
const path = '/topics/flights/partitions/0/records'

async function read(query: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${fixture.url}${path}?${query}`, { headers: { ...accept, ...headers } })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text }
}

function recordsIn(text: string): { offset: number; value: string }[] {
  expect(text).toMatch(/^$|\n$/)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

it('gives a whole partition, a record a line, however many reads that takes', async () => {
  for (let i = 0; i < 30; i++) await fixture.broker.publish('flights', 0, batchOf([`${i}`.padEnd(50_000), `${i} b`]))
  const { status, headers, text } = await read('offset=earliest')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect([headers.get('tailrace-topic-id'), headers.get('tailrace-end-offset')]).toEqual(['id-flights', '60'])
  const records = recordsIn(text)
  expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 60 }, (_, i) => i))
  expect(records[3]).toEqual({ offset: 3, timestamp: 1_000, key: null, value: '1 b', headers: {} })
  expect(fixture.broker.fetches).toBeGreaterThan(5)
})

it('ends where the partition ended when it was asked for, or where the request says', async () => {
  await fixture.broker.publish('flights', 0, batchOf(['a', 'b', 'c', 'd']))
  expect(recordsIn((await read('offset=1&to=3')).text).map(({ value }) => value)).toEqual(['b', 'c'])
  expect(recordsIn((await read('offset=2')).text).map(({ value }) => value)).toEqual(['c', 'd'])
  expect((await read('offset=4')).text).toBe('')
  expect((await read('offset=3&to=2')).text).toBe('')
})

it('of a closed range may be kept, under a tag of its own', async () => {
  await fixture.broker.publish('flights', 0, batchOf(['a', 'b', 'c', 'd']))
  const query = 'offset=1&to=3&topicId=id-flights'
  const { headers } = await read(query)
  expect(headers.get('etag')).toBe('"n1-id-flights-0-1-3"')
  expect(headers.get('cache-control')).toContain('immutable')
  expect((await read(query, { 'if-none-match': headers.get('etag')! })).status).toBe(304)
  expect((await read('offset=1&to=5&topicId=id-flights')).headers.get('etag')).toBeNull()
  const head = await fetch(`${fixture.url}${path}?${query}`, { method: 'HEAD', headers: accept })
  expect([head.status, head.headers.get('etag')]).toEqual([200, headers.get('etag')])
})

it('is refused with a status before the first line, and cut off behind it: the next request says why', async () => {
  await fixture.broker.publish('flights', 0, batchOf(['x'.repeat(300_000)]))
  await fixture.broker.publish(
    'flights',
    0,
    batchOf(['x'], Compression.snappy, (bytes) => bytes),
  )
  await expect(read('offset=0')).rejects.toThrow()
  const refused = await read('offset=1')
  expect(refused.status).toBe(400)
  expect(JSON.parse(refused.text)).toMatchObject({ code: 'UNSUPPORTED_COMPRESSION', nextOffset: 2 })
  expect((await read('offset=9')).status).toBe(416)
})

it('reads no faster than its client, and nothing more when that has left', async () => {
  for (let i = 0; i < 200; i++) await fixture.broker.publish('flights', 0, batchOf(['x'.repeat(200_000)]))
  const asked = get(`${fixture.url}${path}?offset=0`, { headers: accept, agent: false })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  for (let quiet = 0, before = -1; quiet < 10; quiet = fixture.broker.fetches === before ? quiet + 1 : 0) {
    before = fixture.broker.fetches
    await pause(20)
  }
  expect(fixture.broker.fetches).toBeLessThan(150)
  const { fetches } = fixture.broker
  answer.destroy()
  await pause(200)
  expect(fixture.broker.fetches).toBeLessThan(fetches + 3)
  const held = async () => /held_bytes\{what="answers"\} (\d+)/.exec(await fixture.gateway.registry.metrics())![1]
  await expect.poll(held).toBe('0')
})

it('ends when the right to read is taken away', async () => {
  await fixture.gateway.close()
  const tables = new MemoryTables()
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, { mode: 'required', tables: () => tables })
  tables.rule('User:svc', 'read', { type: 'topic', name: 'flights' })
  const authorization = `Bearer ${tables.token('User:svc')}`
  for (let i = 0; i < 200; i++) await fixture.broker.publish('flights', 0, batchOf(['x'.repeat(200_000)]))
  const asked = get(`${fixture.url}${path}?offset=0`, { headers: { ...accept, authorization }, agent: false })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  tables.forgetRules()
  answer.resume()
  await expect(once(answer, 'end')).rejects.toThrow('aborted')
  expect((await read('offset=0', { authorization })).status).toBe(403)
})
