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
const groups = { op: 'watch', id: 'g', of: 'consumer-groups' }
const billing = { op: 'watch', id: 'b', of: 'consumer-group', group: 'billing' }

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
/** Sets a position of a consumer group, which comes to be by it. */
const setPosition = (group: string, offset: number) => {
  const at = { topic: 'flights', topicId: '', partition: 0, token: 0, offset, term: 0, metadata: '', done: false }
  return fixture.consumerGroups.own.ask({ kind: 'alter', group, remove: false, positions: [at] })
}
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

  it('of consumer groups, or of one, is answered with what GET says, and follows it', async () => {
    await start()
    await setPosition('billing', 3)
    const client = await dial()
    client.json(groups)
    const list = await get('/consumer-groups')
    expect(await client.nextJson()).toMatchObject({ consumerGroups: { ...list, more: 0 }, error: null })
    client.json(billing)
    const one = await client.nextJson()
    expect(one).toMatchObject({ id: 'b', consumerGroup: await get('/consumer-groups/billing'), error: null })
    client.json({ op: 'unwatch', id: 'g' })
    expect(await client.nextJson()).toEqual({ op: 'unwatched', id: 'g' })
    await setPosition('billing', 4)
    expect(await client.nextJson()).toMatchObject({ consumerGroup: { partitions: [{ offset: 4 }] } })
    await fixture.consumerGroups.own.ask({ kind: 'alter', group: 'billing', remove: true, positions: [] })
    const gone = { id: 'b', consumerGroup: null, error: { code: 'UNKNOWN_CONSUMER_GROUP' } }
    expect(await client.nextJson()).toMatchObject(gone)
  })

  it('of consumer groups lists the first thousand, and says how many more there are', async () => {
    await start()
    for (let n = 0; n < 1002; n++) await setPosition(`group-${String(n).padStart(4, '0')}`, 3)
    const client = await dial()
    client.json(groups)
    const { consumerGroups } = await client.nextJson()
    expect([consumerGroups.groups.length, consumerGroups.more]).toEqual([1000, 2])
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
      [{ of: 'weather' }, /^.*of must be one of broker, partition, cascade, moves, audit, stages, consumer-groups/],
      [{ of: 7 }, /of must/],
      [{ of: 'partition', partition: 0 }, /topic/],
      [{ of: 'partition', topic: 'flights' }, /partition/i],
      [{ of: 'partition', topic: 'flights', partition: 0, topicId: 7 }, /topicId/],
      [{ of: 'consumer-group' }, /group must/],
      [{ of: 'consumer-group', group: 'x'.repeat(256) }, /group must/],
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

  it('of consumer groups show each session those that it may describe, as rules change', async () => {
    const tables = new MemoryTables()
    await start({ mode: 'required', tables: () => tables, clock: nodeClock })
    await setPosition('billing', 3)
    await setPosition('reports', 3)
    const nobody = await dial()
    nobody.json(groups)
    expect(await nobody.nextJson()).toMatchObject({ op: 'error', id: 'g', code: 'AUTHENTICATION_REQUIRED' })
    const client = await dial(bearer(tables.token('User:one')))
    const listed = async () => {
      const { consumerGroups } = await client.nextJson()
      return [consumerGroups.groups.map(({ group }: { group: string }) => group), consumerGroups.more]
    }
    client.json(billing)
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'b', code: 'AUTHORIZATION_FAILED' })
    client.json(groups)
    expect(await listed()).toEqual([[], 0])
    // The answer stays the same, and the rules do not.
    tables.rule('User:one', 'describe', { type: 'group', name: 'reports' })
    expect(await listed()).toEqual([['reports'], 0])
    client.json({ op: 'unwatch', id: 'g' })
    await client.nextJson()
    client.json({ ...billing, group: 'reports' })
    expect(await client.nextJson()).toMatchObject({ consumerGroup: { group: 'reports' } })
    tables.forgetRules()
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'b', code: 'AUTHORIZATION_FAILED' })
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
