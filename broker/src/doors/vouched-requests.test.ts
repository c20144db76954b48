import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import type { Asker } from '../api/broker-api.ts'
import { CLUSTER_NAME, type Resource } from '../api/security-api.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { askerFields } from '../security/identity/asker-fields.ts'
import { askerHeader } from '../security/identity/asker-header.ts'
import { MemoryTables } from '../security/testing/memory-tables.ts'
import { memorySecurity } from './testing/memory-security.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }
const ann: Asker = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'scram', via: [] }
const place = { topic: 'flights', partition: 0 }
const noted: { principal: string; host: string; action: string; target: string; outcome: string; code: string }[] = []

let tables: MemoryTables
let fixture: Fixture

beforeEach(async () => {
  tables = new MemoryTables()
  noted.length = 0
  const audit = { note: (event: (typeof noted)[number]) => void noted.push(event) }
  const access = { mode: 'required', tables: () => tables, clock: nodeClock, audit } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access, memorySecurity(nodeClock, nodeRandom))
})
afterEach(() => fixture.gateway.close())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
async function connected(principal: string): Promise<Client> {
  return new Client(fixture.address, bearer(tables.token(principal))).open()
}

/** The requests that a cascade broker passes on, each with the right that its client needs. */
const requests = {
  Publish: [{ ...place, timeoutMs: 1000 }, 'write'],
  PublishIf: [{ ...place, timeoutMs: 1000, expectedOffset: -1, fence: 1 }, 'write'],
  Fetch: [{ ...place, offset: 0, maxBytes: 1 << 20, waitMs: 0 }, 'read'],
  FindOffset: [{ ...place, position: { kind: 'LATEST', value: 0 } }, 'describe'],
  InitProducer: [{}, 'write'],
} as const

describe.each(Object.entries(requests))('%s of a cascade broker for a client', (name, [fields, operation]) => {
  const send = async (client: Client, asker: Asker | null) => {
    const frame = { correlation: 1, ...fields, asker: asker && askerFields(asker) }
    client.frame(name as never, frame as never, name.startsWith('Publish') ? [batchOf(['x'])] : [])
    const answer = await client.nextFrame()
    return answer.name === 'Failure' ? answer.fields.error.code : answer.name
  }

  it('needs the rights of both', async () => {
    const client = await connected('Cascade:101')
    expect(await send(client, ann)).toBe('AUTHORIZATION_FAILED')
    tables.rule('Cascade:101', operation, flights)
    expect(await send(client, null)).toBe(`${name}Reply`)
    expect(await send(client, ann)).toBe('AUTHORIZATION_FAILED')
    tables.rule('User:ann', operation, flights)
    expect(await send(client, ann)).toBe(`${name}Reply`)
    tables.rule('Cascade:101', operation, flights, 'deny')
    expect(await send(client, ann)).toBe('AUTHORIZATION_FAILED')
    client.socket.terminate()
  })

  it('is refused where the client is nobody that it could ask for', async () => {
    const client = await connected('Cascade:101')
    tables.rule('Cascade:101', 'all', flights)
    tables.rule('User:*', 'all', flights)
    expect(await send(client, { ...ann, kind: 'admin-token' })).toBe('AUTHORIZATION_FAILED')
    expect(await send(client, { ...ann, principal: 'Broker:1' })).toBe('AUTHORIZATION_FAILED')
    expect(await send(client, { ...ann, principal: 'ann' })).toBe('INVALID_REQUEST')
    client.socket.terminate()
  })

  it('is a client’s own where it is no cascade broker', async () => {
    const client = await connected('User:eve')
    tables.rule('User:ann', operation, flights)
    expect(await send(client, ann)).toBe('AUTHORIZATION_FAILED')
    client.socket.terminate()
  })
})

test('what a cascade broker passes on is the client’s, by way of it', async () => {
  const calls = ['publish', 'fetch', 'findOffset', 'initProducer'] as const
  const spies = calls.map((name) => vi.spyOn(fixture.broker, name))
  for (const principal of ['User:ann', 'Cascade:101', 'Cascade:201']) tables.rule(principal, 'all', flights)
  const client = await connected('Cascade:101')
  const asker = askerFields({ ...ann, via: [{ principal: 'Cascade:201', host: '10.0.0.2' }] })
  for (const [name, [fields]] of Object.entries(requests)) {
    client.frame(
      name as never,
      { correlation: 1, ...fields, asker } as never,
      name.startsWith('Publish') ? [batchOf(['x'])] : [],
    )
    await client.nextFrame()
  }
  const host = expect.stringContaining('127.0.0.1')
  const via = [
    { principal: 'Cascade:201', host: '10.0.0.2' },
    { principal: 'Cascade:101', host },
  ]
  const named = { principal: 'User:ann', host: '10.0.0.1', kind: 'scram', via }
  const [publish, fetch, findOffset, initProducer] = spies.map((spy) => spy.mock.calls[0] as unknown[])
  expect(publish![3]).toMatchObject({ asker: named })
  expect(spies[0]!.mock.calls[1]![3]).toMatchObject({ asker: named, condition: { fence: 1 } })
  expect(fetch![2]).toMatchObject({ asker: named })
  expect(findOffset![3]).toMatchObject({ asker: named })
  expect(initProducer![0]).toMatchObject(named)
  client.socket.terminate()
})

describe('a request of a cascade broker over HTTP', () => {
  const ask = async (principal: string, asker: Asker | string, path = '/topics/flights', method = 'GET') => {
    const header = typeof asker === 'string' ? { 'tailrace-asker': asker } : askerHeader(asker)
    const headers = { ...bearer(tables.token(principal)), ...header }
    const answer = await fetch(`${fixture.url}${path}`, { method, headers })
    return answer.ok ? 'done' : ((await answer.json()) as { code: string }).code
  }

  it('needs the rights of both', async () => {
    tables.rule('User:ann', 'describe', flights)
    expect(await ask('Cascade:101', ann)).toBe('AUTHORIZATION_FAILED')
    tables.rule('Cascade:101', 'describe', flights)
    expect(await ask('Cascade:101', ann)).toBe('done')
    expect(await ask('Cascade:101', { ...ann, principal: 'User:bob' })).toBe('AUTHORIZATION_FAILED')
    const nobody = { ...ann, principal: 'User:ANONYMOUS', kind: 'none' }
    expect(await ask('Cascade:101', nobody)).toBe('AUTHENTICATION_REQUIRED')
  })

  it('counts as the sender’s own of any other client', async () => {
    tables.rule('User:ann', 'describe', flights)
    expect(await ask('User:eve', ann)).toBe('AUTHORIZATION_FAILED')
    tables.rule('User:eve', 'describe', flights)
    expect(await ask('User:eve', { ...ann, principal: 'User:bob' })).toBe('done')
  })

  it('that names no client is refused', async () => {
    tables.rule('Cascade:101', 'describe', flights)
    expect(await ask('Cascade:101', 'nobody')).toBe('INVALID_REQUEST')
  })

  it('is in the audit with the client and the way', async () => {
    for (const principal of ['User:ann', 'Cascade:101']) tables.rule(principal, 'alter', cluster)
    expect(await ask('Cascade:101', ann, '/security/users/bob', 'DELETE')).toBe('UNKNOWN_USER')
    expect(noted.at(-1)).toMatchObject({
      principal: 'User:ann',
      host: '10.0.0.1 by way of Cascade:101',
      action: 'delete-user',
      outcome: 'failed',
    })
  })
})
