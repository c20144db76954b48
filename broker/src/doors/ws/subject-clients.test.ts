import { afterEach, describe, expect, it, vi } from 'vitest'
import { CLUSTER_NAME, type Resource } from '../../api/security-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'
import type { TestAccess } from '../testing/test-services.ts'

const flights: Resource = { type: 'topic', name: 'flights' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }
const partition = { op: 'watch', id: 'p', of: 'partition', topic: 'flights', partition: 2 }
const cascade = { op: 'watch', id: 'c', of: 'cascade' }
const moves = { op: 'watch', id: 'm', of: 'moves' }
const audit = { op: 'watch', id: 'a', of: 'audit' }
const stages = { op: 'watch', id: 's', of: 'stages' }

let fixture: Fixture
const clients: Client[] = []
async function start(access: TestAccess = {}): Promise<void> {
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access)
}
async function dial(headers: Record<string, string> = {}): Promise<Client> {
  const client = await new Client(fixture.address, headers).open()
  clients.push(client)
  return client
}
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate()
  await fixture.gateway.close()
})
const get = async (path: string) => (await fetch(fixture.url + path)).json()

describe('a watch of one thing', () => {
  it.each([
    [partition, 'group', '/topics/flights/partitions/2/describe'],
    [cascade, 'cascade', '/cascade'],
    [moves, 'moves', '/cluster/moves'],
    [audit, 'audit', '/cluster/audit'],
  ])('%j is answered with what GET says', async (watch, field, path) => {
    await start()
    const client = await dial()
    client.json(watch)
    const { id } = watch
    expect(await client.nextJson()).toEqual({
      op: 'state',
      id,
      at: expect.any(Number),
      [field]: await get(path),
      error: null,
    })
    client.json({ op: 'unwatch', id })
    expect(await client.nextJson()).toEqual({ op: 'unwatched', id })
  })

  it('is one of the four of a connection, and is replaced by one with its id, of whatever kind', async () => {
    await start()
    const client = await dial()
    for (const watch of [partition, cascade, moves, { op: 'watch', id: 'all' }]) {
      client.json(watch)
      expect((await client.nextJson()).op).toBe('state')
    }
    client.json({ ...moves, id: 'fifth' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'fifth', code: 'INVALID_REQUEST' })
    client.json({ ...moves, id: 'all' })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 'all', moves: { more: 4 } })
    client.json({ op: 'watch', id: 'all' })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 'all', ready: { ready: true } })
  })

  it('names what it is of', async () => {
    await start()
    const client = await dial()
    for (const [wrong, named] of [
      [{ of: 'weather' }, /^.*of must be one of broker, partition, cascade, moves, audit, stages/],
      [{ of: 7 }, /of must/],
      [{ of: 'partition', partition: 0 }, /topic/],
      [{ of: 'partition', topic: 'flights' }, /partition/i],
      [{ of: 'partition', topic: 'flights', partition: 0, topicId: 7 }, /topicId/],
    ] as const) {
      client.json({ op: 'watch', id: 1, ...wrong })
      const answer = await client.nextJson()
      expect(answer).toMatchObject({ op: 'error', id: 1 })
      expect(answer.message).toMatch(named)
    }
    client.json({ ...partition, topicId: 'of another' })
    expect(await client.nextJson()).toMatchObject({ op: 'state', group: null, error: { code: 'TOPIC_ID_MISMATCH' } })
  })

  it('costs nothing once the connection is closed', async () => {
    await start()
    const client = await dial()
    client.json(partition)
    await client.nextJson()
    client.socket.terminate()
    await client.closed
    const before = fixture.admin.asked.length
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(fixture.admin.asked).toHaveLength(before)
  })
})

describe('rights', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  it('are those of the request over HTTP, at first and from then on', async () => {
    const tables = new MemoryTables()
    await start({ mode: 'required', tables: () => tables, clock: nodeClock })
    const nobody = await dial()
    nobody.json(partition)
    expect(await nobody.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'AUTHENTICATION_REQUIRED' })
    const client = await dial(bearer(tables.token('User:one')))
    const asked = vi.spyOn(fixture.admin, 'describeGroup')
    for (const watch of [partition, cascade, moves, audit, stages]) {
      client.json(watch)
      expect(await client.nextJson()).toMatchObject({ op: 'error', id: watch.id, code: 'AUTHORIZATION_FAILED' })
    }
    expect(asked).not.toHaveBeenCalled()
    tables.rule('User:one', 'describe', flights)
    client.json(partition)
    expect(await client.nextJson()).toMatchObject({ op: 'state', group: { term: 7 } })
    client.json(moves)
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'm', code: 'AUTHORIZATION_FAILED' })
    client.json({ ...moves, id: 'p' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'AUTHORIZATION_FAILED' })
    client.json({ op: 'unwatch', id: 'p' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'UNKNOWN_SUBSCRIPTION' })
    client.json(partition)
    expect(await client.nextJson()).toMatchObject({ op: 'state', group: { term: 7 } })
    tables.forgetRules()
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'AUTHORIZATION_FAILED' })
    tables.rule('User:one', 'describe', cluster)
    for (const watch of [cascade, moves, audit]) {
      client.json(watch)
      expect(await client.nextJson()).toMatchObject({ op: 'state', id: watch.id, error: null })
    }
  })

  it('each refusal gives back its place among the watches that a quota allows', async () => {
    const tables = new MemoryTables()
    await start({ mode: 'required', tables: () => tables, clock: nodeClock })
    tables.quota({ principal: 'User:one' }, { subscriptions: 1 })
    const client = await dial(bearer(tables.token('User:one')))
    for (let n = 0; n < 3; n++) {
      client.json(partition)
      expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'AUTHORIZATION_FAILED' })
    }
    tables.rule('User:one', 'describe', flights)
    client.json(partition)
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 'p' })
    tables.forgetRules()
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'p', code: 'AUTHORIZATION_FAILED' })
    tables.rule('User:one', 'describe', flights)
    client.json({ ...partition, id: 'again' })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 'again' })
  })
})
