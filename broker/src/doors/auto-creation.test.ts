import { afterEach, describe, expect, it } from 'vitest'
import { CLUSTER_NAME } from '../api/security-api.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { MemoryTables } from '../security/testing/memory-tables.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

let fixture: Fixture
let client: Client | null = null
afterEach(async () => {
  client?.socket.terminate()
  client = null
  await fixture.gateway.close()
})
const on = { autoCreateTopics: true, autoCreatePartitions: 3, autoCreateReplicas: 0 }
const start = async (limits: object = on, ...more: unknown[]) => {
  fixture = await startGateway(nodeClock, nodeRandom, limits, ...(more as []))
}
const connect = async () => (client = await new Client(fixture.address).open())
const created = () => [...fixture.broker.topics].filter(([name]) => name !== 'flights')

async function post(topic: string, query = '', headers = {}) {
  const response = await fetch(`${fixture.url}/topics/${topic}/records${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"records":[{"value":"x"}]}',
  })
  return { status: response.status, body: (await response.json()) as { code?: string } }
}

describe('a topic that is missing', () => {
  it('is not created unless the broker is told to', async () => {
    await start({})
    expect((await post('new')).body.code).toBe('UNKNOWN_TOPIC')
    await connect()
    client!.frame('Metadata', { correlation: 1, topics: ['new'], create: ['new'] })
    expect(await client!.nextFrame()).toMatchObject({ name: 'MetadataReply', fields: { topics: [], denied: [] } })
    expect(created()).toEqual([])
  })

  it('is created by a publish over HTTP, with the partitions of the settings and a replica on each broker', async () => {
    await start()
    expect((await post('new')).status).toBe(200)
    expect(created()).toMatchObject([['new', { replicas: 1, config: {} }]])
    expect(fixture.broker.topics.get('new')!.partitions).toHaveLength(3)
    expect((await post('new')).status).toBe(200)
  })

  it('is created by a publish in JSON, and in frames, which keep their order', async () => {
    await start({ ...on, autoCreatePartitions: 1 })
    await connect()
    client!.json({ op: 'publish', id: 1, topic: 'text', records: [{ value: 'a' }] })
    expect(await client!.nextJson()).toMatchObject({ op: 'ack', id: 1 })
    for (const correlation of [1, 2, 3, 4]) {
      const fields = { correlation, topic: 'frames', partition: 0, timeoutMs: 5_000 }
      client!.frame('Publish', fields, [batchOf([`${correlation}`])])
    }
    const places: Record<number, number> = {}
    for (let at = 0; at < 4; at++) {
      const { fields } = (await client!.nextFrame()) as { fields: { correlation: number; baseOffset: number } }
      places[fields.correlation] = fields.baseOffset
    }
    expect(places).toEqual({ 1: 0, 2: 1, 3: 2, 4: 3 })
  })

  it('is created for a client that is about to publish to it, once, however many ask', async () => {
    await start()
    await connect()
    for (const correlation of [1, 2]) client!.frame('Metadata', { correlation, topics: ['a', 'b'], create: ['a', 'b'] })
    for (let at = 0; at < 2; at++) {
      const reply = (await client!.nextFrame()) as unknown as { fields: { topics: { name: string }[] } }
      expect(reply.fields.topics.map(({ name }) => name)).toEqual(['a', 'b'])
    }
    expect(created().map(([name]) => name)).toEqual(['a', 'b'])
    client!.frame('Metadata', { correlation: 3, topics: ['c'] })
    expect(await client!.nextFrame()).toMatchObject({ fields: { topics: [] } })
  })

  it('is not created in the place of a certain topic, under a name of the brokers, or one that is not valid', async () => {
    await start()
    const codes = []
    for (const [topic, query] of [
      ['new', '?topicId=gone'],
      ['__mine', ''],
      ['a%20b', ''],
    ] as const) {
      codes.push((await post(topic, query)).body.code)
    }
    expect(codes).toEqual(['UNKNOWN_TOPIC', 'UNKNOWN_TOPIC', 'INVALID_TOPIC_NAME'])
    expect(created()).toEqual([])
  })

  it('is created for who may create it, from its quota', async () => {
    const tables = new MemoryTables()
    await start(on, undefined, { mode: 'required', tables: () => tables, clock: nodeClock })
    const headers = { authorization: `Bearer ${tables.token('User:svc')}` }
    const code = async (topic: string) => (await post(topic, '', headers)).body.code ?? 'done'
    expect(await code('new')).toBe('AUTHORIZATION_FAILED')
    tables.rule('User:svc', 'write', { type: 'topic', name: 'new' })
    tables.rule('User:svc', 'write', { type: 'topic', name: 'other' })
    expect(await code('new')).toBe('AUTHORIZATION_FAILED')
    expect(created()).toEqual([])
    tables.rule('User:svc', 'create', { type: 'cluster', name: CLUSTER_NAME })
    tables.quota({ principal: 'User:svc' }, { topicsPerHour: 1 })
    expect([await code('new'), await code('new')]).toEqual(['done', 'done'])
    expect(await code('other')).toBe('THROTTLED')
    expect(created().map(([name]) => name)).toEqual(['new'])
  })
})
