import { once } from 'node:events'
import { errorTable } from '@tailrace/schemas'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureLevels } from '../../broker/src/cluster/metadata/feature-levels.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { parsePrometheusText } from './prometheus-text.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

/**
 * The requests of a program with the means of every language: fetch and WebSocket. Once through each broker; two of
 * them do not lead the requested partition.
 */
const REQUEST_TIMEOUT_MS = 3000
let cluster: ClusterProcesses
let api: OpenApi
const ajv = new Ajv2020({ strict: false, validateFormats: false })

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, each compared as a whole
  readonly body: any
}

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: ['--request-timeout-ms', String(REQUEST_TIMEOUT_MS)] })
  const response = await fetch(`http://${cluster.http(1)}/openapi.json`)
  api = (await response.json()) as OpenApi
  ajv.addSchema(api, 'api')
})

afterAll(() => cluster.destroy())

/** Sends a request, and compares the answer with /openapi.json for this route and status. */
async function ask(broker: number, method: string, path: string, body?: unknown): Promise<Answer> {
  const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const url = `http://${cluster.http(broker)}${path}`
  const response = await fetch(url, { method, ...(body === undefined ? {} : json) })
  const text = await response.text()
  const answer = {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
  if (answer.body !== undefined) {
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expectDescribed(method, path, answer)
  }
  return answer
}

function expectDescribed(method: string, path: string, { status, body }: Answer): void {
  const route = Object.keys(api.paths).find((pattern) => matches(pattern, path.split('?')[0]!))
  if (route === undefined) return void expect(status).toBe(404)
  const { responses } = api.paths[route]![method.toLowerCase()]!
  const described = String(status) in responses ? String(status) : `${Math.floor(status / 100)}XX`
  const place = ['paths', route, method.toLowerCase(), 'responses', described, 'content', 'application/json', 'schema']
  const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  const validate = ajv.compile({ $ref: `api#/${pointer}` })
  expect(validate(body) ? [] : [`${method} ${path}`, validate.errors, body]).toEqual([])
}

function matches(pattern: string, path: string): boolean {
  const parts = path.split('/')
  return (
    pattern.split('/').length === parts.length &&
    pattern.split('/').every((part, at) => part.startsWith('{') || part === parts[at])
  )
}

function error(code: keyof typeof errorTable, message: unknown = expect.any(String)): object {
  return { code, message, retriable: errorTable[code].retriable, hint: errorTable[code].hint }
}

describe.each([1, 2, 3])('through broker %i', (broker) => {
  const topic = `walk-${broker}`
  const places: { partition: number; offset: number }[] = []

  it('creates a topic, lists and describes it', async () => {
    const created = await ask(broker, 'POST', '/topics', { name: topic, partitions: 3, replicas: 3 })
    const summary = { name: topic, id: expect.any(String), partitions: 3, replicas: 3, config: {} }
    expect([created.status, created.body]).toEqual([201, summary])
    expect(created.headers.get('location')).toBe(`/topics/${topic}`)
    expect((await ask(broker, 'GET', '/topics')).body.topics).toContainEqual(created.body)
    // On a slow machine a topic is there some moments before all its leaders are.
    await topicBecomes(cluster, broker, topic, ({ partitions }) => partitions.every(({ leader }) => leader > 0))
    const { status, body } = await ask(broker, 'GET', `/topics/${topic}`)
    expect([status, body]).toEqual([
      200,
      {
        name: topic,
        id: created.body.id,
        config: {},
        settings: expect.any(Array),
        partitions: [0, 1, 2].map((partition) => ({
          partition,
          leader: expect.any(Number),
          term: expect.any(Number),
          replicas: expect.any(Array),
          inSync: expect.any(Array),
          logStart: 0,
          highWatermark: 0,
        })),
      },
    ])
    for (const each of body.partitions) {
      expect(cluster.ids).toContain(each.leader)
      expect([...each.replicas].sort()).toEqual([1, 2, 3])
    }
  })

  it('publishes: strings, base64, headers, keys, chosen partitions', async () => {
    const records = [
      { key: 'SFO', value: '{"delay":3}', headers: { source: 'faa', raw: { base64: '/wCA' }, many: ['a', 'b'] } },
      { key: 'SFO', value: { base64: '/wCAgQ==' } },
      { key: 'SFO', value: 'über ✈', timestamp: 1_767_225_600_000 },
      { value: 'nobody’s', partition: 0 },
      { value: 'nobody’s', partition: 1 },
      { key: null, value: null, partition: 2 },
    ]
    const { status, body } = await ask(broker, 'POST', `/topics/${topic}/records`, { records })
    expect([status, body]).toEqual([
      200,
      {
        offsets: records.map(() => ({ partition: expect.any(Number), offset: expect.any(Number) })),
        tokens: expect.any(Array),
      },
    ])
    places.push(...body.offsets)
    const published = new Set(body.offsets.map((place: { partition: number }) => place.partition))
    expect(new Set(body.tokens.map((told: { partition: number }) => told.partition))).toEqual(published)
    for (const { token, holders } of body.tokens) {
      expect(token).toMatch(/^\d+-\d+-[0-9a-f]{16}$/)
      expect(holders.length).toBeGreaterThanOrEqual(cluster.ids.length === 1 ? 1 : 2)
    }
    expect(places.slice(3).map(({ partition }) => partition)).toEqual([0, 1, 2])
    expect(new Set(places.slice(0, 3).map(({ partition }) => partition)).size).toBe(1)
    const [first] = places
    expect(places.slice(0, 3)).toEqual([0, 1, 2].map((at) => ({ ...first!, offset: first!.offset + at })))
  })

  it('reads the same through every broker', async () => {
    const { partition, offset } = places[0]!
    for (const other of cluster.ids) {
      const path = `/topics/${topic}/partitions/${partition}/records?offset=${offset}`
      const { status, body } = await ask(other, 'GET', path)
      const timestamp = expect.any(Number)
      expect([status, { ...body, records: body.records.slice(0, 3) }]).toEqual([
        200,
        {
          records: [
            {
              offset,
              timestamp,
              key: 'SFO',
              value: '{"delay":3}',
              headers: { source: 'faa', raw: { base64: '/wCA' }, many: ['a', 'b'] },
            },
            { offset: offset + 1, timestamp, key: 'SFO', value: { base64: '/wCAgQ==' }, headers: {} },
            { offset: offset + 2, timestamp: 1_767_225_600_000, key: 'SFO', value: 'über ✈', headers: {} },
          ],
          nextOffset: body.highWatermark,
          highWatermark: offset + body.records.length,
          topicId: expect.any(String),
        },
      ])
    }
    const { body } = await ask(broker, 'GET', `/topics/${topic}/partitions/2/records?offset=${places[5]!.offset}`)
    expect(body.records.at(-1)).toMatchObject({ key: null, value: null, headers: {} })
  })

  it('waits for a record that does not exist yet, and no longer than asked', async () => {
    const path = `/topics/${topic}/partitions/1/records?offset=latest`
    const started = performance.now()
    const empty = await ask(broker, 'GET', `${path}&waitMs=300`)
    expect(performance.now() - started).toBeGreaterThan(290)
    const { highWatermark } = empty.body
    const topicId = expect.any(String)
    expect(empty.body).toEqual({ records: [], nextOffset: highWatermark, highWatermark, topicId })
    const waiting = ask(broker, 'GET', `/topics/${topic}/partitions/1/records?offset=${highWatermark}&waitMs=20000`)
    const asked = performance.now()
    const value = `after ${highWatermark}`
    await ask((broker % 3) + 1, 'POST', `/topics/${topic}/records`, { records: [{ value, partition: 1 }] })
    const { body } = await waiting
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(body).toMatchObject({ records: [{ offset: highWatermark, value }], nextOffset: highWatermark + 1 })
  })

  it('answers errors in one shape, with the status of the table', async () => {
    const records = [{ value: 'x' }]
    const cases: [string, string, unknown, keyof typeof errorTable][] = [
      ['GET', '/topics/nowhere', undefined, 'UNKNOWN_TOPIC'],
      ['POST', '/topics/nowhere/records', { records }, 'UNKNOWN_TOPIC'],
      ['GET', '/topics/nowhere/partitions/0/records', undefined, 'UNKNOWN_TOPIC'],
      ['DELETE', '/topics/nowhere', undefined, 'UNKNOWN_TOPIC'],
      ['GET', `/topics/${topic}/partitions/3/records`, undefined, 'UNKNOWN_PARTITION'],
      ['POST', `/topics/${topic}/records`, { records: [{ value: 'x', partition: 3 }] }, 'UNKNOWN_PARTITION'],
      ['GET', `/topics/${topic}/partitions/0/records?offset=999999`, undefined, 'OFFSET_OUT_OF_RANGE'],
      ['GET', `/topics/${topic}/partitions/0/records?offset=-1`, undefined, 'INVALID_REQUEST'],
      ['POST', '/topics', { name: topic, partitions: 1, replicas: 1 }, 'TOPIC_EXISTS'],
      ['POST', '/topics', { name: 'a/b', partitions: 1, replicas: 1 }, 'INVALID_TOPIC_NAME'],
      ['POST', '/topics', { name: 'four', partitions: 1, replicas: 4 }, 'INVALID_REPLICATION'],
      ['POST', '/topics', { name: 'odd', partitions: 1, replicas: 1, config: { colour: 1 } }, 'INVALID_SETTING'],
      ['POST', `/topics/${topic}/records`, { records: [{ value: { n: 1 } }] }, 'INVALID_RECORD'],
      ['GET', '/nothing', undefined, 'NOT_FOUND'],
    ]
    for (const [method, path, body, code] of cases) {
      const answer = await ask(broker, method, path, body)
      expect([path, answer.status, answer.body]).toEqual([path, errorTable[code].status, error(code)])
    }
  })

  it('takes and sends JSON over WebSocket', async () => {
    const { term: _, ...before } = (await viewTopic(cluster, broker, topic)).partitions[0]!
    const stream = await connect(broker)
    stream.send({ op: 'subscribe', id: 's1', topic, from: before.highWatermark, partitions: [0] })
    stream.send({ op: 'publish', id: 'p1', topic, records: [{ key: 'SFO', value: 'hello', partition: 0 }] })
    const offset = before.highWatermark
    const [ack, records] = [await stream.next('ack'), await stream.next('records')]
    const tokens = [
      { partition: 0, token: expect.stringMatching(/^\d+-\d+-[0-9a-f]{16}$/), holders: expect.any(Array) },
    ]
    expect(ack).toEqual({ op: 'ack', id: 'p1', offsets: [{ partition: 0, offset }], tokens })
    expect(records).toEqual({
      op: 'records',
      id: 's1',
      topic,
      partition: 0,
      records: [{ offset, timestamp: expect.any(Number), key: 'SFO', value: 'hello', headers: {} }],
      nextOffset: offset + 1,
      highWatermark: offset + 1,
    })
    stream.send({ op: 'credit', id: 's1', bytes: 1_048_576 })
    stream.send({ op: 'publish', id: 'p2', topic, records: [{ value: { base64: '/w==' }, partition: 0 }] })
    expect((await stream.next('records')).records).toMatchObject([{ offset: offset + 1, value: { base64: '/w==' } }])
    stream.send({ op: 'subscribe', id: 's2', topic: 'nowhere' })
    expect(await stream.next('error')).toEqual({ op: 'error', id: 's2', ...error('UNKNOWN_TOPIC') })
    stream.send({ op: 'unsubscribe', id: 's1' })
    expect(await stream.next('unsubscribed')).toEqual({ op: 'unsubscribed', id: 's1' })
    stream.close()
  })

  it('tells of its state over WebSocket, as it does over HTTP, and again after a change', async () => {
    const answers = async () => {
      const told = await Promise.all(
        ['/readyz', '/cluster', '/topics', `/topics/${topic}`].map((path) => ask(broker, 'GET', path)),
      )
      const [ready, shown, { topics }, described] = told.map(({ body }) => body)
      // Only an answer says whence the value of each setting comes.
      const { settings: _, ...topicState } = described
      return { ready: expect.objectContaining(ready), cluster: shown, topics, described: [topicState] }
    }
    const stream = await connect(broker)
    stream.send({ op: 'watch', id: 'w1', topics: [topic, 'nowhere'] })
    // The disk is this machine's.
    const state = { op: 'state', id: 'w1', at: expect.any(Number), conditions: expect.any(Array) }
    const first = await stream.next('state')
    expect({ ...first, ready: { ready: first.ready.ready, reason: first.ready.reason } }).toEqual({
      ...state,
      ...(await answers()),
    })
    const ends = ({ described }: { described: { partitions: { highWatermark: number }[] }[] }) =>
      described[0]!.partitions.map(({ highWatermark }) => highWatermark)
    stream.send({ op: 'publish', id: 'p1', topic, records: [{ value: 'hello', partition: 1 }] })
    await stream.next('ack')
    const [zero, one, ...rest] = ends(first) as [number, number]
    let last = first
    while (ends(last)[1] === one) last = await stream.next('state')
    expect(ends(last)).toEqual([zero, one + 1, ...rest])
    stream.send({ op: 'unwatch', id: 'w1' })
    expect(await stream.next('unwatched')).toEqual({ op: 'unwatched', id: 'w1' })
    stream.close()
  })

  it('subscribes from the earliest record with the line of the documentation', async () => {
    const stream = await connect(broker)
    stream.send({ op: 'subscribe', id: 's1', topic, from: 'earliest' })
    const total = (await viewTopic(cluster, broker, topic)).partitions.reduce(
      (sum, each) => sum + each.highWatermark,
      0,
    )
    const seen: string[] = []
    while (seen.length < total) {
      const { partition, records } = await stream.next('records')
      for (const { offset } of records) seen.push(`${partition}/${offset}`)
    }
    expect(new Set(seen).size).toBe(total)
    stream.close()
  })

  it('shows its state: cluster, health, readiness, metrics', async () => {
    const { body } = await ask(broker, 'GET', '/cluster')
    expect(body).toEqual({
      clusterId: expect.any(String),
      metadataLeader: expect.any(Number),
      brokers: cluster.ids.map((id) => ({
        id,
        http: cluster.http(id),
        peer: cluster.peer(id),
        level: 0,
        alive: true,
        pid: cluster.pid(id),
        featureLevels: { lowest: 1, highest: featureLevels.highest },
      })),
      featureLevel: featureLevels.highest,
    })
    expect(cluster.ids).toContain(body.metadataLeader)
    expect(await ask(broker, 'GET', '/healthz')).toMatchObject({
      status: 200,
      body: { status: 'ok', brokerId: broker },
    })
    const ready = await ask(broker, 'GET', '/readyz')
    expect([ready.status, ready.body]).toEqual([200, { ready: true, reason: expect.any(String) }])
    await expectMetrics(broker)
  })

  it('deletes the topic', async () => {
    const { status, body } = await ask(broker, 'DELETE', `/topics/${topic}`)
    expect([status, body]).toEqual([204, undefined])
    for (const other of cluster.ids) {
      await expect.poll(async () => (await ask(other, 'GET', `/topics/${topic}`)).status).toBe(404)
    }
  })
})

it('describes all of these routes in /openapi.json', () => {
  expect(api.openapi).toMatch(/^3\.1\./)
  const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(routes).toEqual(
    expect.arrayContaining([
      'POST /topics/{topic}/records',
      'GET /topics/{topic}/partitions/{partition}/records',
      'GET /topics',
      'POST /topics',
      'GET /topics/{topic}',
      'DELETE /topics/{topic}',
      'GET /cluster',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
    ]),
  )
})

it('says so, in time, while a majority is missing', async () => {
  await cluster.request(1, 'POST', '/topics', { name: 'alone', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'alone', allInSync)
  await Promise.all([cluster.kill(2), cluster.kill(3)])
  const records = [{ value: 'x' }]
  const began = performance.now()
  const answer = await ask(1, 'POST', '/topics/alone/records', { records })
  expect(['OUTCOME_UNKNOWN', 'LEADER_UNAVAILABLE']).toContain(answer.body.code)
  expect([answer.status, answer.body]).toEqual([
    errorTable[answer.body.code as keyof typeof errorTable].status,
    error(answer.body.code),
  ])
  expect(performance.now() - began).toBeLessThan(REQUEST_TIMEOUT_MS + 1000)
  expect((await ask(1, 'GET', '/healthz')).status).toBe(200)
  for (const id of [2, 3]) await cluster.launch(id)
  await cluster.ready()
  expect((await ask(1, 'POST', '/topics/alone/records', { records })).status).toBe(200)
})

it('is alive and not ready where a broker starts without the others', async () => {
  await Promise.all(cluster.ids.map((id) => cluster.kill(id)))
  await cluster.launch(1)
  await expect.poll(() => ask(1, 'GET', '/healthz').then(({ status }) => status, String), { timeout: 10_000 }).toBe(200)
  const { status, headers, body } = await ask(1, 'GET', '/readyz')
  expect([status, body]).toEqual([503, { ready: false, reason: expect.any(String), ...error('NOT_READY') }])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  for (const id of [2, 3]) await cluster.launch(id)
  await cluster.ready()
})

async function expectMetrics(broker: number): Promise<void> {
  const response = await fetch(`http://${cluster.http(broker)}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const families = parsePrometheusText(await response.text())
  for (const name of ['process_resident_memory_bytes', 'tailrace_log_syncs_total', 'tailrace_replicas']) {
    expect(families.get(name)?.samples[0]?.value).toBeGreaterThan(0)
  }
  for (const { name, type, help, samples } of families.values()) {
    expect([name, help]).not.toEqual([name, ''])
    if (type === 'counter') expect(samples.filter(({ value }) => value < 0)).toEqual([])
  }
}

interface Stream {
  send(message: object): void
  /** The next message with this `op`; those with others stay for later. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, each compared as a whole
  next(op: string): Promise<any>
  close(): void
}

async function connect(broker: number): Promise<Stream> {
  const socket = new WebSocket(`ws://${cluster.http(broker)}/stream`)
  const messages: { op: string }[] = []
  let arrived = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(data as string))
    arrived()
  })
  await once(socket, 'open')
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    async next(op) {
      for (;;) {
        const at = messages.findIndex((message) => message.op === op)
        if (at >= 0) return messages.splice(at, 1)[0]
        await new Promise<void>((resolve) => (arrived = resolve))
      }
    },
    close: () => socket.close(),
  }
}
