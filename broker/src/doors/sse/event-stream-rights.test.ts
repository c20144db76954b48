import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Resource } from '../../api/security-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { AuditEvent } from '../../security/audit/audit-event.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { EventReader } from '../testing/event-reader.ts'
import { batchOf, type Fixture, startGateway } from '../testing/running-gateway.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
let fixture: Fixture
let tables: MemoryTables
let headers: Record<string, string>
const noted: AuditEvent[] = []
const readers: EventReader[] = []

beforeEach(async () => {
  tables = new MemoryTables()
  noted.length = 0
  const audit = { note: (event: AuditEvent) => void noted.push(event) }
  const access = { mode: 'required', tables: () => tables, clock: nodeClock, audit } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access)
  tables.rule('User:svc', 'read', flights)
  headers = { authorization: `Bearer ${tables.token('User:svc')}` }
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await fixture.gateway.close()
})

async function open(query = ''): Promise<EventReader> {
  const reader = await EventReader.open(`${fixture.url}/topics/flights/stream${query}`, headers)
  readers.push(reader)
  return reader
}

const publish = (value: string) => fixture.broker.publish('flights', 0, batchOf([value]))

it('ends before the next record when the right to read is taken away, and the audit knows', async () => {
  const reader = await open()
  await reader.next()
  await publish('a')
  expect(await reader.values(1)).toEqual(['a'])
  tables.forgetRules()
  await publish('b')
  expect(await reader.next()).toMatchObject({ event: 'error', data: { code: 'AUTHORIZATION_FAILED' } })
  expect(await reader.next()).toBeNull()
  expect(noted.map(({ action, code }) => [action, code])).toContainEqual([
    'GET /topics/:topic/stream',
    'AUTHORIZATION_FAILED',
  ])
  expect((await open()).answer.statusCode).toBe(403)
})

it('ends when its token is revoked', async () => {
  const reader = await open()
  await reader.next()
  tables.tokens.clear()
  await publish('b')
  expect(await reader.next()).toMatchObject({ event: 'error', data: { code: 'AUTHENTICATION_REQUIRED' } })
  expect(await reader.next()).toBeNull()
})

it('counts as a subscription of its client, named in the address, until it closes', async () => {
  tables.quota({ clientId: '*' }, { subscriptions: 1 })
  const first = await open('?clientId=a')
  await first.next()
  const second = await open('?clientId=a')
  expect([second.answer.statusCode, second.answer.headers['retry-after']]).toEqual([429, '1'])
  expect((await open('?clientId=b')).answer.statusCode).toBe(200)
  first.close()
  await expect.poll(async () => (await open('?clientId=a')).answer.statusCode, { interval: 200 }).toBe(200)
})

it('gets its records later where its client has read too much', async () => {
  tables.quota({ clientId: '*' }, { fetchBytesPerSecond: 4_000 })
  const reader = await open('?clientId=a&partition=0')
  await reader.next()
  const started = performance.now()
  for (let i = 0; i < 3; i++) {
    await publish(`${i}`.padEnd(8_000))
    expect((await reader.values(1)).map(Number)).toEqual([i])
  }
  expect(performance.now() - started).toBeGreaterThan(800)
})
