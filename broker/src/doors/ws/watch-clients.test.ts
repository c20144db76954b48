import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLUSTER_NAME, type Resource } from '../../api/security-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'
import type { TestAccess } from '../testing/test-services.ts'

/** Ten times as fast as the real clock: a state comes every 100 ms. */
const speed = 10
const fastClock: Clock = {
  now: () => nodeClock.now(),
  monotonic: () => nodeClock.monotonic() * speed,
  after: (ms, call) => nodeClock.after(ms / speed, call),
  every: (ms, call) => nodeClock.every(ms / speed, call),
  soon: (call) => nodeClock.soon(call),
}
const flights: Resource = { type: 'topic', name: 'flights' }
const orders: Resource = { type: 'topic', name: 'orders' }
const cluster: Resource = { type: 'cluster', name: CLUSTER_NAME }

let fixture: Fixture
const clients: Client[] = []
async function start(access: TestAccess = {}, limits: Partial<GatewayLimits> = {}, clock = fastClock): Promise<void> {
  fixture = await startGateway(clock, nodeRandom, limits, undefined, access)
  await fixture.broker.createTopic({ name: 'orders', partitions: 1, replicas: 1 })
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
const names = ({ topics, described }: Record<string, { name: string }[]>) =>
  [topics, described].map((list) => list!.map(({ name }) => name))
/** A round trip, and a second of the broker on top of it: what it had to say has come. */
async function quiet(client: Client): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2_500 / speed))
  expect(client.waiting).toBe(0)
}

/** What GET says of the topic, without its settings. */
const describedBy = async (name: string) => {
  const { settings, ...topic } = (await get(`/topics/${name}`)) as { settings: unknown }
  expect(settings).toEqual(expect.any(Array))
  return topic
}

describe('a watch', () => {
  beforeEach(() => start())

  it('answers with what GET says, at once, and again when something has changed', async () => {
    const client = await dial()
    client.json({ op: 'watch', id: 'w1', topics: ['flights', 'nowhere', 'flights'] })
    const first = await client.nextJson()
    expect(first).toEqual({
      op: 'state',
      id: 'w1',
      at: expect.any(Number),
      ready: { ready: true, reason: 'ready' },
      cluster: await get('/cluster'),
      conditions: [],
      topics: ((await get('/topics')) as { topics: object[] }).topics,
      described: [await describedBy('flights')],
    })
    expect(Object.keys(first)).toEqual(['op', 'id', 'at', 'ready', 'cluster', 'conditions', 'topics', 'described'])
    expect(Math.abs(Date.now() - first.at)).toBeLessThan(10_000)
    await quiet(client)
    await fixture.broker.publish('flights', 1, batchOf(['a', 'b']))
    const second = await client.nextJson()
    expect(second).toEqual({ ...first, at: second.at, described: [await describedBy('flights')] })
    expect(second.described[0].partitions[1].highWatermark).toBe(2)
    fixture.broker.ready = { ready: false, reason: 'the disk is full' }
    expect((await client.nextJson()).ready).toEqual({ ready: false, reason: 'the disk is full' })
    await quiet(client)
  })

  it('shows topics that are created and no longer those that are deleted', async () => {
    const client = await dial()
    client.json({ op: 'watch', id: 1, topics: ['flights', 'new'] })
    expect(names(await client.nextJson())).toEqual([['flights', 'orders'], ['flights']])
    await fixture.broker.createTopic({ name: 'new', partitions: 1, replicas: 1 })
    expect(names(await client.nextJson())).toEqual([
      ['flights', 'orders', 'new'],
      ['flights', 'new'],
    ])
    await fixture.broker.deleteTopic('flights')
    expect(names(await client.nextJson())).toEqual([['orders', 'new'], ['new']])
    await fixture.broker.createTopic({ name: 'flights', partitions: 1, replicas: 1 })
    const { described } = await client.nextJson()
    expect(described.map(({ id }: { id: string }) => id)).toEqual(['id-flights-2', 'id-new'])
  })

  it('without topics describes none; one with the same id replaces it; unwatch ends it', async () => {
    const client = await dial()
    client.json({ op: 'watch', id: 'w' })
    expect(await client.nextJson()).toMatchObject({ id: 'w', described: [] })
    client.json({ op: 'watch', id: 'w', topics: ['orders'] })
    expect(names(await client.nextJson())[1]).toEqual(['orders'])
    await fixture.broker.publish('orders', 0, batchOf(['x']))
    expect(await client.nextJson()).toMatchObject({ op: 'state', described: [{ name: 'orders' }] })
    await quiet(client)
    client.json({ op: 'unwatch', id: 'w' })
    expect(await client.nextJson()).toEqual({ op: 'unwatched', id: 'w' })
    await fixture.broker.publish('orders', 0, batchOf(['y']))
    await quiet(client)
    client.json({ op: 'unwatch', id: 'w' })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 'w', code: 'UNKNOWN_SUBSCRIPTION' })
  })

  it('sends at most one state a second', async () => {
    const client = await dial()
    client.json({ op: 'watch', id: 1, topics: ['flights'] })
    await client.nextJson()
    const from = fastClock.monotonic()
    const publishing = nodeClock.every(2, () => void fixture.broker.publish('flights', 0, batchOf(['x'])))
    const states = 5
    for (let n = 0; n < states; n++) await client.nextJson()
    publishing.cancel()
    // The first may have arrived late.
    expect(fastClock.monotonic() - from).toBeGreaterThan((states - 1) * 1_000)
  })

  it('has bounds: 4 watches a connection, 100 names each', async () => {
    const client = await dial()
    const hundred = Array.from({ length: 100 }, (_, at) => `t${at}`.padEnd(249, 'x'))
    for (const [topics, code] of [
      [[...hundred, 'one more'], 'INVALID_REQUEST'],
      ['flights', 'INVALID_REQUEST'],
      [[''], 'INVALID_REQUEST'],
      [[1], 'INVALID_REQUEST'],
      [['x'.repeat(250)], 'INVALID_REQUEST'],
    ]) {
      client.json({ op: 'watch', id: 1, topics })
      expect(await client.nextJson()).toMatchObject({
        op: 'error',
        id: 1,
        code,
        message: expect.stringMatching(/topic/),
      })
    }
    for (let id = 1; id <= 4; id++) {
      client.json({ op: 'watch', id, topics: hundred })
      expect(await client.nextJson()).toMatchObject({ op: 'state', id })
    }
    client.json({ op: 'watch', id: 5 })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 5, code: 'INVALID_REQUEST' })
    client.json({ op: 'watch', id: 4 })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 4 })
    client.json({ op: 'unwatch', id: 1 })
    expect((await client.nextJson()).op).toBe('unwatched')
    client.json({ op: 'watch', id: 5 })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 5 })
  })

  it('ends when its topics have more partitions than one state may tell of', async () => {
    const client = await dial()
    client.json({ op: 'watch', id: 1, topics: ['flights', 'wide'] })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 1 })
    await fixture.broker.createTopic({ name: 'wide', partitions: 99_998, replicas: 1 })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'INVALID_REQUEST' })
    client.json({ op: 'unwatch', id: 1 })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'UNKNOWN_SUBSCRIPTION' })
  })

  it('ten connections with a hundred topics each ask for a topic once a second', async () => {
    const topics = Array.from({ length: 100 }, (_, at) => `t${at}`)
    for (const name of topics) await fixture.broker.createTopic({ name, partitions: 1, replicas: 1 })
    const asked = vi.spyOn(fixture.broker, 'describeTopic')
    const watchers = await Promise.all(Array.from({ length: 10 }, () => dial()))
    const from = fastClock.monotonic()
    for (const client of watchers) client.json({ op: 'watch', id: 1, topics })
    for (const client of watchers) expect((await client.nextJson()).described).toHaveLength(100)
    for (let round = 1; round <= 3; round++) {
      await fixture.broker.publish('t7', 0, batchOf(['x']))
      for (const client of watchers)
        expect((await client.nextJson()).described[7].partitions[0].highWatermark).toBe(round)
    }
    const seconds = (fastClock.monotonic() - from) / 1_000
    expect(asked.mock.calls.length).toBeGreaterThanOrEqual(400)
    expect(asked.mock.calls.length).toBeLessThanOrEqual(100 * (seconds + 1))
    for (const { socket } of watchers) socket.terminate()
    await Promise.all(watchers.map(({ closed }) => closed))
    await new Promise((resolve) => setTimeout(resolve, 2_000 / speed))
    asked.mockClear()
    await new Promise((resolve) => setTimeout(resolve, 2_000 / speed))
    expect(asked).not.toHaveBeenCalled()
  })

  it('a mistake of the broker costs the connections that watch, and no other', async () => {
    const [watcher, bystander] = [await dial(), await dial()]
    fixture.broker.readiness = () => null as never
    watcher.json({ op: 'watch', id: 1 })
    expect((await watcher.closed).code).toBe(1006)
    expect(fixture.logged.map(({ message }) => message)).toEqual([
      'handling a message of a client failed; its connection is closed',
    ])
    bystander.json({ op: 'unwatch', id: 1 })
    expect(await bystander.nextJson()).toMatchObject({ code: 'UNKNOWN_SUBSCRIPTION' })
  })
})

it('a client that does not read is sent no states, and then the newest, whole', async () => {
  await start({}, { maxBufferedBytes: 1 }, nodeClock)
  const client = await dial()
  // More than the sockets hold: the first state alone makes the connection overfull.
  for (let at = 0; at < 10; at++) {
    const name = `wide-${at}`
    await fixture.broker.createTopic({ name, partitions: 9_000, replicas: 1 })
  }
  const topics = Array.from({ length: 10 }, (_, at) => `wide-${at}`)
  client.socket.pause()
  client.json({ op: 'watch', id: 1, topics })
  const asked = vi.spyOn(fixture.broker, 'describeTopic')
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(10), 10_000)
  asked.mockClear()
  // The next round, a second after the first state.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(asked).not.toHaveBeenCalled()
  for (const value of ['a', 'b', 'c']) await fixture.broker.publish('wide-3', 0, batchOf([value]))
  client.socket.resume()
  const ends = []
  while (ends.at(-1) !== 3) ends.push((await client.nextJson()).described[3].partitions[0].highWatermark)
  expect(ends).toEqual([0, 3])
}, 20_000)

it('a gateway that is closed leaves no timer of its watchers', async () => {
  const live = new Set<object>()
  const counting: Clock = {
    ...fastClock,
    after(ms, call) {
      const mark = {}
      if (ms === 1_000) live.add(mark)
      const timer = fastClock.after(ms, () => {
        live.delete(mark)
        call()
      })
      const cancel = () => {
        live.delete(mark)
        timer.cancel()
      }
      return { cancel }
    },
  }
  await start({}, {}, counting)
  const client = await dial()
  client.json({ op: 'watch', id: 1 })
  expect((await client.nextJson()).op).toBe('state')
  expect(live.size).toBe(1)
  await fixture.gateway.close()
  expect(live.size).toBe(0)
})

describe('rights', () => {
  let tables: MemoryTables
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  beforeEach(async () => {
    tables = new MemoryTables()
    await start({ mode: 'required', tables: () => tables, clock: nodeClock })
  })

  it('each sees what it may describe, from the next state on what its rules say then', async () => {
    const [one, two] = [tables.token('User:one'), tables.token('User:two')]
    tables.rule('User:one', 'describe', flights)
    tables.rule('User:two', 'describe', orders)
    tables.rule('User:two', 'describe', cluster)
    const asked = vi.spyOn(fixture.broker, 'describeTopic')
    const first = await dial(bearer(one))
    first.json({ op: 'watch', id: 1, topics: ['orders', 'flights'] })
    const state = await first.nextJson()
    expect([state.cluster, ...names(state)]).toEqual([null, ['flights'], ['flights']])
    // What nobody may see is asked of no leader.
    expect(asked.mock.calls).toEqual([['flights']])
    const second = await dial(bearer(two))
    second.json({ op: 'watch', id: 1, topics: ['orders', 'flights'] })
    const other = await second.nextJson()
    expect([other.cluster.clusterId, ...names(other)]).toEqual(['test-cluster', ['orders'], ['orders']])
    tables.rule('User:one', 'describe', orders)
    tables.rule('User:one', 'describe', cluster)
    const more = await first.nextJson()
    expect([more.cluster.clusterId, ...names(more)]).toEqual([
      'test-cluster',
      ['flights', 'orders'],
      ['orders', 'flights'],
    ])
    tables.forgetRules()
    for (const client of [first, second]) {
      const { cluster: none, ready, topics, described } = await client.nextJson()
      expect([none, ready.ready, topics, described]).toEqual([null, true, [], []])
    }
  })

  it('nobody in particular watches nothing, until a credential is shown', async () => {
    tables.rule('User:one', 'describe', flights)
    const client = await dial()
    client.json({ op: 'watch', id: 1, topics: ['flights'] })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 1, code: 'AUTHENTICATION_REQUIRED' })
    client.json({ op: 'authenticate', id: 2, token: tables.token('User:one') })
    expect((await client.nextJson()).op).toBe('authenticated')
    client.json({ op: 'watch', id: 1, topics: ['flights'] })
    expect(names(await client.nextJson())).toEqual([['flights'], ['flights']])
  })

  it('a session that is over is shown nothing more', async () => {
    tables.rule('User:one', 'describe', flights)
    const client = await dial(bearer(tables.token('User:one')))
    client.json({ op: 'watch', id: 1, topics: ['flights'] })
    expect((await client.nextJson()).op).toBe('state')
    tables.tokens.clear()
    tables.version++
    await fixture.broker.publish('flights', 0, batchOf(['unseen']))
    expect(await client.nextJson()).toMatchObject({ op: 'error', code: 'AUTHENTICATION_REQUIRED' })
    expect((await client.closed).code).toBe(1008)
    expect(client.waiting).toBe(0)
  })

  it('quotas count a watch as a request and as a subscription, which it is until it ends', async () => {
    tables.rule('User:one', 'read', flights)
    tables.quota({ principal: 'User:one' }, { subscriptions: 1 })
    const client = await dial(bearer(tables.token('User:one')))
    for (const id of [1, 1, 2]) client.json({ op: 'watch', id })
    expect(await client.nextJson()).toMatchObject({ op: 'error', id: 2, code: 'THROTTLED' })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 1 })
    client.json({ op: 'unwatch', id: 1 })
    expect((await client.nextJson()).op).toBe('unwatched')
    client.json({ op: 'watch', id: 2 })
    expect(await client.nextJson()).toMatchObject({ op: 'state', id: 2 })
    tables.quota({ principal: 'User:one' }, { requestsPerSecond: 0.001 })
    for (const id of [2, 2]) client.json({ op: 'watch', id })
    const answers = [await client.nextJson(), await client.nextJson()]
    expect(answers).toContainEqual(expect.objectContaining({ op: 'error', id: 2, code: 'THROTTLED' }))
    // To end a watch costs nothing.
    client.json({ op: 'unwatch', id: 2 })
    expect(await client.nextJson()).toEqual({ op: 'unwatched', id: 2 })
  })
})
