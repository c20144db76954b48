import { Consumer } from '@tailrace/consumer'
import { Producer, type ProducerOptions } from '@tailrace/producer'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { type Fixture, startGateway } from '../../broker/src/doors/testing/running-gateway.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'
import { MemoryTables } from '../../broker/src/security/testing/memory-tables.ts'

const flights = { type: 'topic', name: 'flights' } as const
let tables: MemoryTables
let fixture: Fixture
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  tables = new MemoryTables()
  await tables.user('alice', 'pencil')
  const access = { mode: 'required', tables: () => tables, clock: nodeClock } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access)
})
afterEach(async () => {
  for (const client of open.splice(0)) await client.close()
  await fixture.gateway.close()
})

function producer(credentials?: ProducerOptions['credentials']): Producer {
  const made = new Producer({
    servers: [fixture.address],
    ...(credentials && { credentials }),
    deliveryTimeoutMs: 8_000,
  })
  open.push(made)
  return made
}
function consumer(credentials: ProducerOptions['credentials']): Consumer {
  const made = new Consumer({ servers: [fixture.address], ...(credentials && { credentials }) })
  open.push(made)
  return made
}
const codeOf = (work: Promise<unknown>) => work.then(() => 'done').catch((error) => error.code)

describe('a producer and a consumer', () => {
  it.each([
    ['a password', { username: 'alice', password: 'pencil' }],
    ['a password by SHA-512', { username: 'alice', password: 'pencil', mechanism: 'SCRAM-SHA-512' }],
    ['a token', null],
  ] as const)('with %s do what the rules allow', async (_name, given) => {
    const credentials = given ?? { token: tables.token('User:alice') }
    tables.rule('User:alice', 'write', flights)
    const sent = await producer(credentials).send('flights', { value: 'x', partition: 0 })
    expect(sent.offset).toBe(0)
    const reader = consumer(credentials)
    expect(await codeOf(reader.read('flights', { partition: 0, offset: 0 }))).toBe('AUTHORIZATION_FAILED')
    tables.rule('User:alice', 'read', flights)
    expect((await reader.read('flights', { partition: 0, offset: 0 })).records).toHaveLength(1)
    for await (const record of reader.subscribe('flights', { from: 'earliest' })) {
      expect(record.value).toBe('x')
      break
    }
  })

  it.each([
    ['no credential', undefined, 'AUTHENTICATION_REQUIRED'],
    ['a wrong password', { username: 'alice', password: 'chalk' }, 'AUTHENTICATION_FAILED'],
    ['an unknown user', { username: 'bob', password: 'pencil' }, 'AUTHENTICATION_FAILED'],
    ['a wrong token', { token: 'tr_t1_wrongwrongwrongwrong' }, 'AUTHENTICATION_FAILED'],
    ['no rule', { username: 'alice', password: 'pencil' }, 'AUTHORIZATION_FAILED'],
  ] as const)('with %s fail at once, with a code that says so', async (_name, credentials, code) => {
    const started = performance.now()
    expect(await codeOf(producer(credentials).send('flights', { value: 'x' }))).toBe(code)
    expect(await codeOf(consumer(credentials).read('flights', { partition: 0, offset: 0 }))).toBe(code)
    expect(performance.now() - started).toBeLessThan(6_000)
  })
})

test('a token from a function is shown anew before it ends, without a break', async () => {
  tables.rule('User:svc', 'write', flights)
  let made = 0
  const token = async () => {
    made++
    return tables.token('User:svc', { expiresAt: Date.now() + 2_000 })
  }
  const sender = producer({ token })
  const began = performance.now()
  while (performance.now() - began < 5_000) {
    await sender.send('flights', { value: 'x', partition: 0 })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(made).toBeGreaterThanOrEqual(3)
  expect(fixture.logged).toEqual([])
}, 15_000)

test('a token that ends is told, and another client goes on', async () => {
  tables.rule('User:svc', 'write', flights)
  const sender = producer({ token: tables.token('User:svc') })
  await sender.send('flights', { value: 'x' })
  tables.tokens.clear()
  tables.version++
  const until = performance.now() + 5_000
  let code = 'done'
  while (code === 'done' && performance.now() < until) {
    code = await codeOf(sender.send('flights', { value: 'x' }))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(['AUTHENTICATION_FAILED', 'AUTHENTICATION_REQUIRED']).toContain(code)
})

test.each([
  {},
  { username: 'a' },
  { username: 'a', password: '' },
  { username: 'a', password: 'b', token: 'c' },
  { token: 7 },
  { username: 'a', password: 'b', mechanism: 'PLAIN' },
  { token: 'c', mechanism: 'SCRAM-SHA-256' },
  { username: 'a', password: 'secret', host: 'c' },
])('credentials %j are refused when the client is made, without a word of the password', (credentials) => {
  let message = ''
  try {
    producer(credentials as never)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/credentials: give/)
  expect(message).not.toMatch(/secret/)
})

test('a reader whose token is revoked ends with the code, also from an address that is slowed down', async () => {
  tables.rule('User:svc', 'read', flights)
  const records = consumer({ token: tables.token('User:svc') }).subscribe('flights', { from: 'latest' })
  const ended = codeOf(records[Symbol.asyncIterator]().next())
  await records.ready()
  // Others of this address have shown so many wrong ones that the next answer takes five seconds.
  const bad = { authorization: 'Bearer wrong' }
  for (let n = 0; n < 12; n++) void fetch(`${fixture.url}/topics`, { headers: bad }).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  tables.tokens.clear()
  tables.version++
  expect(await ended).toBe('AUTHENTICATION_FAILED')
}, 20_000)
