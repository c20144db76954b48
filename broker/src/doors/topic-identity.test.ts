import type { Frame } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

const topic = { name: 'flights', partitions: 1, replicas: 1 }
let fixture: Fixture
let client: Client
let former: string
let present: string

beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  former = fixture.broker.topics.get('flights')!.id
  client = await new Client(fixture.address).open()
})
afterEach(async () => {
  client.socket.terminate()
  await fixture.gateway.close()
})

async function createAnew(): Promise<void> {
  await fixture.broker.deleteTopic('flights')
  present = (await fixture.broker.createTopic(topic)).id
}

/** Readers are woken when the new topic exists already: no answer of UNKNOWN_TOPIC comes between. */
async function replaced(): Promise<void> {
  const hidden = fixture.broker.topics.get('flights')!
  fixture.broker.topics.delete('flights')
  await fixture.broker.createTopic(topic)
  for (const { waiting } of hidden.partitions) for (const wake of [...waiting]) wake()
}

async function http(path: string, body?: object, method = body === undefined ? 'GET' : 'POST'): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
  const answer = await fetch(`${fixture.url}/topics/flights${path}`, init)
  return answer.ok ? 'done' : ((await answer.json()) as { code: string }).code
}
async function json(message: { topicId: string; op: string; from?: string; records?: object[] }): Promise<string> {
  client.json({ id: 'x', topic: 'flights', ...message })
  const answer = await client.nextJson()
  if (answer.op === 'records') expect(client.subscribed.at(-1)).toMatchObject({ topicId: message.topicId })
  return answer.op === 'error' ? answer.code : 'done'
}
function codeOf({ fields }: Frame): string {
  return 'error' in fields ? (fields.error as { code: string } | null)!.code : 'done'
}

/** Every request about a topic, at every door. */
const doors: Record<string, (topicId: string) => Promise<string>> = {
  'HTTP publish': (topicId) => http(`/records?topicId=${topicId}`, { records: [{ value: 'x' }] }),
  'HTTP read': (topicId) => http(`/partitions/0/records?offset=0&topicId=${topicId}`),
  'HTTP read from the end': (topicId) => http(`/partitions/0/records?offset=latest&topicId=${topicId}`),
  'JSON publish': (topicId) => json({ op: 'publish', records: [{ value: 'x' }], topicId }),
  'JSON subscribe': (topicId) => json({ op: 'subscribe', from: 'earliest', topicId }),
  async 'binary Publish'(topicId) {
    client.frame('Publish', { correlation: 1, topic: 'flights', partition: 0, timeoutMs: 0, topicId }, [batchOf(['x'])])
    return codeOf(await client.nextFrame())
  },
  async 'binary Fetch'(topicId) {
    const place = { topic: 'flights', partition: 0, offset: 0, maxBytes: 0, waitMs: 0 }
    client.frame('Fetch', { correlation: 1, ...place, topicId })
    return codeOf(await client.nextFrame())
  },
  async 'binary FindOffset'(topicId) {
    const position = { kind: 'OFFSET', value: 0 } as const
    client.frame('FindOffset', { correlation: 1, topic: 'flights', partition: 0, position, topicId })
    return codeOf(await client.nextFrame())
  },
  async 'binary Subscribe'(topicId) {
    const position = { kind: 'LATEST', value: 0 } as const
    client.frame('Subscribe', { subscription: 9, topic: 'flights', position, partitions: [], credit: 1, topicId })
    const frame = await client.nextFrame()
    if (frame.name === 'Subscribed') expect(frame.fields.topicId).toBe(topicId)
    return codeOf(frame)
  },
  'HTTP describe': (topicId) => http(`?topicId=${topicId}`),
  'HTTP settings': (topicId) => http(`/config?topicId=${topicId}`, { readOnly: true }, 'PATCH'),
  'HTTP add partitions': (topicId) => http(`?topicId=${topicId}`, { partitions: 2 }, 'PATCH'),
  'HTTP delete': (topicId) => http(`?topicId=${topicId}`, undefined, 'DELETE'),
  ...Object.fromEntries(
    (
      [
        ['GET', 'members'],
        ['GET', 'describe'],
        ['PUT', 'members', { replicas: [1] }],
        ['DELETE', 'members/change'],
        ['POST', 'leader', {}],
        ['POST', 'force-members', { members: [1], acceptDataLoss: true }],
        ['POST', 'snapshot', { broker: 1 }],
        ['POST', 'delete-records', { before: 0 }],
        ['PUT', 'priority', { broker: 1, factor: 2 }],
      ] as const
    ).map(([method, operation, body]) => [
      `HTTP ${method} ${operation}`,
      (topicId: string) => http(`/partitions/0/${operation}?topicId=${topicId}`, body, method),
    ]),
  ),
}

describe('a topic was deleted and created again under its name', () => {
  for (const [door, ask] of Object.entries(doors)) {
    it(`${door} is refused for the former one and served for the present one`, async () => {
      await createAnew()
      await fixture.broker.publish('flights', 0, batchOf(['there']))
      expect(await ask(former)).toBe('TOPIC_ID_MISMATCH')
      expect(await ask(present)).toBe('done')
      expect(fixture.logged).toEqual([])
    })
  }

  it('a subscription ends instead of going on at its offset in the new topic: binary', async () => {
    const position = { kind: 'EARLIEST', value: 0 } as const
    client.frame('Subscribe', { subscription: 9, topic: 'flights', position, partitions: [], credit: 1 << 20 })
    expect((await client.nextFrame()).name).toBe('Subscribed')
    await replaced()
    const end = await client.nextFrame()
    expect(end).toMatchObject({
      name: 'SubscriptionEnd',
      fields: { partition: -1, error: { code: 'TOPIC_ID_MISMATCH' } },
    })
  })

  it('a subscription ends instead of going on at its offset in the new topic: JSON, of all partitions and of some', async () => {
    const all = { op: 'subscribe', topic: 'flights', from: 'latest' }
    client.json({ ...all, id: 'all' })
    client.json({ ...all, id: 'one', partitions: [{ partition: 0, from: 'latest' }] })
    const ends = [client.nextJson(), client.nextJson()]
    while (client.subscribed.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    await replaced()
    const told = await Promise.all(ends)
    expect(told.map(({ op, id, code }) => `${op} ${id} ${code}`).sort()).toEqual([
      'error all TOPIC_ID_MISMATCH',
      'error one TOPIC_ID_MISMATCH',
    ])
  })

  it('a read over HTTP that waits ends, whether or not it names the topic; each answer says which one it is', async () => {
    await fixture.broker.publish('flights', 0, batchOf(['there']))
    const path = '/topics/flights/partitions/0/records'
    const first = (await (await fetch(`${fixture.url}${path}?offset=0`)).json()) as object
    expect(first).toMatchObject({ nextOffset: 1, topicId: former })
    const { waiting } = fixture.broker.topics.get('flights')!.partitions[0]!
    const polls = ['', `&topicId=${former}`].map((id) => http(`/partitions/0/records?offset=1&waitMs=20000${id}`))
    while (waiting.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await replaced()
    expect(await Promise.all(polls)).toEqual(['TOPIC_ID_MISMATCH', 'TOPIC_ID_MISMATCH'])
  })
})
