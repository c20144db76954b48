import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Compression, errorTable, TailraceError } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import type { JsonRecord } from './json/record.ts'
import { batchOf, type Fixture, startGateway } from './testing/running-gateway.ts'

const seal = '00112233aabbccdd'
let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, {
    maxBodyBytes: 100_000,
    receiveTimeoutMs: 2_000,
  })
})
afterAll(() => fixture.gateway.close())

interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what the assertions are about
  body: any
  headers: Headers
}
async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(fixture.url + path, { method, body: sent, headers: { ...type, ...headers } })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text, headers: response.headers }
}
const post = (path: string, body: unknown) => call('POST', path, body)
const get = (path: string) => call('GET', path)

/** An error as every error must look. */
function expectError(answer: Answer, status: number, code: keyof typeof errorTable, message?: RegExp): void {
  // Errors about stored records have their place, and some say when to try again.
  const { offset: _, nextOffset: __, retryAfterMs: ___, ...body } = answer.body
  expect(body).toEqual({
    code,
    message: expect.any(String),
    retriable: errorTable[code].retriable,
    hint: errorTable[code].hint,
  })
  expect(answer.status).toBe(status)
  if (message !== undefined) expect(answer.body.message).toMatch(message)
}

describe('publish', () => {
  it('answers offsets in the order of the request, keyed records by murmur2', async () => {
    const records = [
      { key: '21', value: 'a' },
      { value: 'b', partition: 2 },
      { key: '21', value: 'c' },
      { key: 'a-little-bit-long-string', value: 'd' },
    ]
    const { status, body } = await post('/topics/flights/records', { records })
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['offsets', 'tokens'])
    expect(body.offsets).toHaveLength(4)
    expect(body.offsets[1]).toEqual({ partition: 2, offset: expect.any(Number) })
    expect(body.offsets[0].partition).toBe(body.offsets[2].partition)
    expect(body.offsets[2].offset - body.offsets[0].offset).toBeGreaterThan(0)
    // Kafka's own test vectors for murmur2: 1173551340 and 1161502112 as positive numbers.
    expect([body.offsets[0].partition, body.offsets[3].partition]).toEqual([1_173_551_340 % 3, 1_161_502_112 % 3])
  })

  it('puts unkeyed records of a request into one batch, and requests in turn on all partitions', async () => {
    const used = new Set<number>()
    for (let i = 0; i < 3; i++) {
      const before = fixture.broker.publishes
      const { body } = await post('/topics/flights/records', { records: [{ value: 'x' }, { value: 'y' }] })
      expect(fixture.broker.publishes - before).toBe(1)
      expect(body.offsets[1]).toEqual({ partition: body.offsets[0].partition, offset: body.offsets[0].offset + 1 })
      used.add(body.offsets[0].partition)
    }
    expect(used.size).toBe(3)
  })

  it('answers a token for each partition, with which a replica can be asked for the records', async () => {
    await post('/topics', { name: 'told', partitions: 2, replicas: 1, config: { maxBatchBytes: 1024 } })
    const records = Array.from({ length: 4 }, (_, i) => ({ value: 'v'.repeat(600), partition: i === 3 ? 1 : 0 }))
    const { body } = await post('/topics/told/records', { records })
    // The last batch of partition 0 is its third.
    expect(body.tokens).toEqual([
      { partition: 0, token: `1-3-${seal}`, holders: [1] },
      { partition: 1, token: `1-1-${seal}`, holders: [1] },
    ])
    const path = '/topics/told/partitions/0/records'
    const read = await get(`${path}?offset=2&token=1-3-${seal}&replica=true`)
    expect([read.status, read.body.records.length]).toEqual([200, 1])
    expect(fixture.broker.lastFetch).toMatchObject({ token: { term: 1, index: 3, seal }, replica: true })
    expectError(await get(`${path}?token=2-3-${seal}`), 503, 'NOT_CAUGHT_UP')
    for (const wrong of ['3', `1-3-${seal}0`, `1-3-${seal.toUpperCase()}`, '1-3-', '1-3', '1-3-0000000000000000'])
      expectError(await get(`${path}?token=${wrong}`), 400, 'INVALID_REQUEST', /token/)
    expectError(await get(`${path}?replica=yes`), 400, 'INVALID_REQUEST', /replica/)
    expectError(await get(`${path}?replica=true&offset=latest`), 400, 'INVALID_REQUEST', /a number as offset/)
    await get(`${path}?offset=latest&linearizable=true`)
    expect([fixture.broker.lastFetch?.linearizable, fixture.broker.lastSearch?.linearizable]).toEqual([true, true])
    expectError(await get(`${path}?offset=0&replica=true&linearizable=true`), 400, 'INVALID_REQUEST', /linearizable/)
    await get(path)
    expect([fixture.broker.lastFetch?.replica, fixture.broker.lastFetch?.token]).toEqual([false, undefined])
  })

  it('splits at the limit of the topic, and refuses a record that fits no batch before writing anything', async () => {
    await post('/topics', { name: 'small', partitions: 1, replicas: 1, config: { maxBatchBytes: 2048 } })
    const before = fixture.broker.publishes
    const records = Array.from({ length: 10 }, () => ({ value: 'v'.repeat(500) }))
    const { body } = await post('/topics/small/records', { records })
    expect(body.offsets.map((place: { offset: number }) => place.offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const publishes = fixture.broker.publishes - before
    expect(publishes).toBe(4)
    const answer = await post('/topics/small/records', { records: [{ value: 'fits' }, { value: 'v'.repeat(2048) }] })
    expectError(answer, 413, 'BATCH_TOO_LARGE', /records\[1\]/)
    expect(fixture.broker.publishes - before).toBe(publishes)
    // A change of the limit is seen by the next request.
    fixture.broker.topics.get('small')!.config = { maxBatchBytes: 20_000 }
    expect((await post('/topics/small/records', { records: [{ value: 'v'.repeat(15_000) }] })).status).toBe(200)
    fixture.broker.topics.get('small')!.config = { maxBatchBytes: 1024 }
    const lowered = fixture.broker.publishes
    await post('/topics/small/records', { records: [records[0], records[0]] })
    expect(fixture.broker.publishes - lowered).toBe(2)
  })

  it('writes once through lost answers and elections', async () => {
    await post('/topics', { name: 'once', partitions: 1, replicas: 1 })
    fixture.broker.publishFailures.push('lost', 'NOT_LEADER', 'CONNECTION_LOST')
    const { body } = await post('/topics/once/records', { records: [{ value: 'a' }, { value: 'b' }] })
    expect(body.offsets).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ])
    const { body: read } = await get('/topics/once/partitions/0/records')
    expect(read.records.map((record: { value: string }) => record.value)).toEqual(['a', 'b'])
    const again = await post('/topics/once/records', { records: [{ value: 'c' }] })
    expect(again.body.offsets).toEqual([{ partition: 0, offset: 2 }])
  })

  it('says how many records are written if not all are, and why the others are not', async () => {
    await post('/topics', { name: 'half', partitions: 1, replicas: 1, config: { maxBatchBytes: 1024 } })
    const records = Array.from({ length: 2 }, () => ({ value: 'v'.repeat(800) }))
    const publish = fixture.broker.publish.bind(fixture.broker)
    let calls = 0
    const error = new TailraceError('INVALID_BATCH', 'magic: 7.', { retryAfterMs: 2_500 })
    fixture.broker.publish = (topic, partition, batch) =>
      ++calls === 1 ? publish(topic, partition, batch) : Promise.reject(error)
    const answer = await post('/topics/half/records', { records })
    fixture.broker.publish = publish
    expectError(answer, 400, 'INVALID_BATCH', /magic: 7\. 1 of the 2 records are written\.$/)
    expect(answer.body.retryAfterMs).toBe(2_500)
  })

  it('names the record and its fault', async () => {
    const cases: [unknown, RegExp][] = [
      [{ value: { a: 1 } }, /records\[0\]\.value is an object.*base64/],
      [{ value: 5 }, /records\[0\]\.value is a number/],
      [{ key: 'k' }, /records\[0\]\.value is missing/],
      [{ value: { base64: '*' } }, /base64/],
      [{ value: '\ud800' }, /surrogate/],
      [{ value: 'v', headers: ['x'] }, /headers is an array/],
      [{ value: 'v', partition: -1 }, /partition/],
      [{ value: 'v', topic: 'x' }, /topic is unknown/],
      ['text', /records\[0\] is a string/],
    ]
    for (const [record, message] of cases) {
      expectError(await post('/topics/flights/records', { records: [record] }), 400, 'INVALID_RECORD', message)
    }
    expectError(await post('/topics/flights/records', {}), 400, 'INVALID_RECORD')
    expectError(await post('/topics/flights/records', { records: [] }), 400, 'INVALID_RECORD')
    expectError(await post('/topics/flights/records', null), 400, 'INVALID_RECORD')
    expectError(
      await post('/topics/flights/records', { records: [{ value: 'v', partition: 3 }] }),
      404,
      'UNKNOWN_PARTITION',
    )
    expectError(await post('/topics/nowhere/records', { records: [{ value: 'v' }] }), 404, 'UNKNOWN_TOPIC')
  })

  it('passes the error of the broker on, with how long to wait', async () => {
    fixture.broker.publishFailures.push('OVERLOADED')
    const overloaded = await post('/topics/flights/records', { records: [{ value: 'v' }] })
    expectError(overloaded, 429, 'OVERLOADED')
    expect(overloaded.headers.get('retry-after')).toBe('1')
    fixture.broker.publishFailures.push('DISK_FULL')
    expectError(await post('/topics/flights/records', { records: [{ value: 'v' }] }), 507, 'DISK_FULL')
  })
})

describe('read', () => {
  it('gives keys, values and headers back, base64 where they are not UTF-8', async () => {
    await post('/topics', { name: 'bytes', partitions: 1, replicas: 1 })
    const binary = { base64: Buffer.from([0xff, 0x00, 0x80]).toString('base64') }
    const sent = [
      {
        key: 'Ключ',
        value: '\ufeffété',
        headers: { trace: 'abc', raw: binary, none: null },
        timestamp: 1_700_000_000_000,
      },
      { key: binary, value: binary },
      { value: null, headers: { twice: ['a', 'b'] } },
    ]
    await post('/topics/bytes/records', { records: sent.map((record) => ({ ...record, partition: 0 })) })
    const { body, status } = await get('/topics/bytes/partitions/0/records?offset=0')
    expect(status).toBe(200)
    expect(body).toEqual({
      records: [
        { offset: 0, ...sent[0] },
        { offset: 1, timestamp: expect.any(Number), ...sent[1], headers: {} },
        { offset: 2, timestamp: expect.any(Number), key: null, ...sent[2] },
      ],
      nextOffset: 3,
      highWatermark: 3,
      topicId: 'id-bytes',
    })
  })

  it('gives no record below the requested offset, although batches come whole', async () => {
    await fixture.broker.createTopic({ name: 'middle', partitions: 1, replicas: 1 })
    await fixture.broker.publish('middle', 0, batchOf(['a', 'b', 'c']))
    const { body } = await get('/topics/middle/partitions/0/records?offset=1')
    expect(body.records.map(({ offset, value }: JsonRecord) => [offset, value])).toEqual([
      [1, 'b'],
      [2, 'c'],
    ])
    expect((await get('/topics/middle/partitions/0/records?offset=latest')).body).toEqual({
      records: [],
      nextOffset: 3,
      highWatermark: 3,
      topicId: 'id-middle',
    })
    expect((await get('/topics/middle/partitions/0/records?offset=earliest&maxBytes=1')).body.nextOffset).toBe(3)
  })

  it('decompresses, and stops a bomb', async () => {
    await fixture.broker.createTopic({ name: 'packed', partitions: 3, replicas: 1 })
    await fixture.broker.publish('packed', 0, batchOf(['gzip'], Compression.gzip, gzipSync))
    await fixture.broker.publish(
      'packed',
      0,
      batchOf(['zstd'], Compression.zstd, (bytes) => zstdCompressSync(bytes)),
    )
    const { body } = await get('/topics/packed/partitions/0/records')
    expect(body.records.map(({ value }: JsonRecord) => value)).toEqual(['gzip', 'zstd'])
    await fixture.broker.publish(
      'packed',
      1,
      batchOf(['x'], Compression.gzip, () => gzipSync(Buffer.alloc(80 << 20))),
    )
    const bomb = await get('/topics/packed/partitions/1/records')
    expectError(bomb, 400, 'INVALID_BATCH')
    expect(bomb.body).toMatchObject({ offset: 0, nextOffset: 1 })
    await fixture.broker.publish('packed', 1, batchOf(['behind it']))
    const behind = await get(`/topics/packed/partitions/1/records?offset=${bomb.body.nextOffset}`)
    expect(behind.body.records[0].value).toBe('behind it')
    await fixture.broker.publish(
      'packed',
      2,
      batchOf(['x'], Compression.lz4, (bytes) => bytes),
    )
    expectError(await get('/topics/packed/partitions/2/records'), 400, 'UNSUPPORTED_COMPRESSION')
  })

  it('waits for records, and stops waiting when the client goes away', async () => {
    await fixture.broker.createTopic({ name: 'waiting', partitions: 1, replicas: 1 })
    const partition = fixture.broker.topics.get('waiting')!.partitions[0]!
    const abort = new AbortController()
    const given = fetch(`${fixture.url}/topics/waiting/partitions/0/records?waitMs=20000`, { signal: abort.signal })
    await until(() => partition.waiting.size === 1)
    const aborted = fixture.broker.aborted
    abort.abort()
    await expect(given).rejects.toThrow()
    await until(() => fixture.broker.aborted === aborted + 1)
    expect(partition.waiting.size).toBe(0)
    const pending = get('/topics/waiting/partitions/0/records?waitMs=20000')
    await until(() => partition.waiting.size === 1)
    await fixture.broker.publish('waiting', 0, batchOf(['late']))
    expect((await pending).body.records[0].value).toBe('late')
  })

  it('reads once for many polls, and answers each as one that asks later', async () => {
    const { broker } = fixture
    await broker.createTopic({ name: 'crowded', partitions: 1, replicas: 1 })
    const path = '/topics/crowded/partitions/0/records'
    const poll = async () => (await fetch(`${fixture.url}${path}?offset=0&waitMs=20000`)).text()
    const before = broker.fetches
    const first = poll()
    await until(() => broker.topics.get('crowded')!.partitions[0]!.waiting.size === 1)
    const come = vi.spyOn(broker, 'topicIdOf')
    const others = Array.from({ length: 200 }, poll)
    await until(() => come.mock.calls.length === 200)
    come.mockRestore()
    await broker.publish('crowded', 0, batchOf(['{"at":1}', 'é']))
    const texts = new Set(await Promise.all([first, ...others]))
    expect([texts.size, broker.fetches - before]).toEqual([1, 2])
    expect(texts).toContain(await (await fetch(`${fixture.url}${path}?offset=0`)).text())
  })

  it('checks the parts of the URL', async () => {
    expectError(await get('/topics/flights/partitions/0/records?offset=-1'), 400, 'INVALID_REQUEST', /offset/)
    expectError(await get('/topics/flights/partitions/0/records?offset=soon'), 400, 'INVALID_REQUEST')
    expectError(await get('/topics/flights/partitions/0/records?maxBytes=99999999'), 400, 'INVALID_REQUEST', /maxBytes/)
    expectError(await get('/topics/flights/partitions/0/records?waitMs=60001'), 400, 'INVALID_REQUEST')
    expectError(await get('/topics/flights/partitions/0/records?wait=1'), 400, 'INVALID_REQUEST', /wait/)
    expectError(await get('/topics/flights/partitions/x/records'), 400, 'INVALID_REQUEST', /partition/)
    expectError(await get('/topics/flights/partitions/9/records'), 404, 'UNKNOWN_PARTITION')
    expectError(await get('/topics/flights/partitions/0/records?offset=999999'), 416, 'OFFSET_OUT_OF_RANGE')
    expectError(await get('/topics/%ff/partitions/0/records'), 400, 'INVALID_REQUEST')
    expectError(await get(`/topics/${'x'.repeat(249)}`), 404, 'UNKNOWN_TOPIC')
  })
})

describe('topics and cluster', () => {
  it('creates, lists, describes and deletes', async () => {
    const created = await post('/topics', { name: 'made', partitions: 2, replicas: 1, config: { maxBatchBytes: 4096 } })
    expect(created.status).toBe(201)
    const summary = { name: 'made', id: 'id-made', partitions: 2, replicas: 1, config: { maxBatchBytes: 4096 } }
    expect(created.body).toEqual(summary)
    expect((await get('/topics')).body.topics).toContainEqual(summary)
    expectError(await post('/topics', { name: 'made', partitions: 2, replicas: 1 }), 409, 'TOPIC_EXISTS')
    const { body } = await get('/topics/made')
    const partition = { leader: 1, term: 1, replicas: [1], inSync: [1], logStart: 0, highWatermark: 0 }
    expect(body).toEqual({
      name: 'made',
      id: 'id-made',
      config: { maxBatchBytes: 4096 },
      partitions: [
        { partition: 0, ...partition },
        { partition: 1, ...partition },
      ],
      settings: expect.arrayContaining([
        {
          name: 'max.message.bytes',
          alias: 'maxBatchBytes',
          value: 4096,
          source: 'topic',
          about: expect.any(String),
        },
      ]),
    })
    expect((await call('DELETE', '/topics/made')).status).toBe(204)
    expectError(await call('DELETE', '/topics/made'), 404, 'UNKNOWN_TOPIC')
    expectError(await get('/topics/made'), 404, 'UNKNOWN_TOPIC')
  })

  it('refuses an impossible topic, by the field that is wrong', async () => {
    const good = { name: 'ok', partitions: 1, replicas: 1 }
    expectError(await post('/topics', { ...good, name: 'a b' }), 400, 'INVALID_TOPIC_NAME')
    expectError(await post('/topics', { ...good, partitions: 0 }), 400, 'INVALID_REPLICATION', /body\.partitions/)
    expectError(await post('/topics', { ...good, replicas: '3' }), 400, 'INVALID_REPLICATION')
    expectError(await post('/topics', { ...good, config: { maxBatch: 1 } }), 400, 'INVALID_SETTING', /maxBatch/)
    expectError(await post('/topics', { name: 'ok' }), 400, 'INVALID_REQUEST', /partitions/)
    expectError(await post('/topics', { ...good, extra: 1 }), 400, 'INVALID_REQUEST', /extra/)
  })

  it('shows the cluster, health, readiness and metrics', async () => {
    expect((await get('/cluster')).body).toEqual({
      clusterId: 'test-cluster',
      metadataLeader: 1,
      brokers: [{ id: 1, http: '127.0.0.1:1', peer: '127.0.0.1:2', level: 0, alive: true, pid: 7 }],
    })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/readyz')).body).toEqual({ ready: true, reason: 'ready' })
    fixture.broker.ready = { ready: false, reason: 'waits for the metadata log' }
    const waiting = await get('/readyz')
    fixture.broker.ready = { ready: true, reason: 'ready' }
    expect(waiting.status).toBe(503)
    expect(waiting.body).toMatchObject({
      ready: false,
      reason: 'waits for the metadata log',
      code: 'NOT_READY',
      retriable: true,
    })
    const { body: metrics } = await get('/metrics')
    expect(metrics).toMatch(/tailrace_publish_requests_total\{transport="http"\} [1-9]/)
    expect(metrics).toMatch(
      /tailrace_http_request_duration_seconds_bucket\{le="0.01",method="POST",route="\/topics\/:topic\/records"/,
    )
    expect(metrics).toMatch(/tailrace_errors_total\{transport="http",code="UNKNOWN_TOPIC"\}/)
    expect(metrics).toContain('process_cpu_seconds_total')
    expect((await get('/')).body).toMatchObject({ authentication: 'off', links: { openapi: '/openapi.json' } })
  })
})

describe('bad input', () => {
  it('answers a request that is not understood with an error of the usual shape', async () => {
    expectError(await get('/nowhere?x=1'), 404, 'NOT_FOUND', /GET \/nowhere$|GET \/nowhere[^?]/)
    expectError(await call('PUT', '/topics'), 404, 'NOT_FOUND')
    expectError(await post('/topics', '{"name":'), 400, 'INVALID_REQUEST')
    expectError(await call('POST', '/topics', ''), 400, 'INVALID_REQUEST')
    expectError(await call('POST', '/topics', 'a=b', { 'content-type': 'text/plain' }), 415, 'INVALID_REQUEST')
    expectError(await post('/topics', '{"__proto__": {}, "name": "x"}'), 400, 'INVALID_REQUEST')
    expectError(
      await post('/topics/flights/records', { records: [{ value: 'v'.repeat(100_000) }] }),
      413,
      'FRAME_TOO_LARGE',
      /100000/,
    )
    expectError(await get('/stream'), 426, 'INVALID_REQUEST')
  })

  it('survives garbage on the port and clients that never finish', async () => {
    expect(await raw('\x16\x03\x01\x02\x00garbage\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"TLS_OFF"/s)
    expect(await raw('\x17\x03\x01\x02\x00garbage\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"INVALID_REQUEST"/s)
    expect(await raw(`GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    )
    expect(
      await raw(
        'GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 99\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1.1 4/)
    expect((await get('/healthz')).status).toBe(200)
    expect(fixture.logged).toEqual([])
  })

  it('answers HEAD as GET without a body, and takes no encoded bodies', async () => {
    for (const path of ['/topics', '/healthz', '/topics/flights', '/topics/flights/partitions/0/records']) {
      const head = await call('HEAD', path)
      expect([head.status, head.body]).toEqual([200, ''])
      expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0)
    }
    expect((await call('HEAD', '/topics/none')).status).toBe(404)
    const gzip = await call('POST', '/topics', '{}', { 'content-encoding': 'gzip' })
    expectError(gzip, 415, 'INVALID_REQUEST', /content-encoding/)
    expect((await call('POST', '/topics', '{}', { 'content-encoding': 'identity' })).status).toBe(400)
  })
})

describe('clients that harm', () => {
  it('get 408 when headers or body do not arrive in time, within a second of it', async () => {
    const limits = { headersTimeoutMs: 200, receiveTimeoutMs: 400 }
    const strict = await startGateway(nodeClock, nodeRandom, limits)
    const started = performance.now()
    const half =
      'POST /topics/flights/records HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 90'
    for (const sent of [half, `${half}\r\n\r\n{"records":`]) {
      const answer = await raw(sent, strict.address)
      expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"TIMED_OUT"/s)
    }
    expect(performance.now() - started).toBeLessThan(200 + 400 + 2 * 1_500)
    await strict.gateway.close()
  })

  it('cannot make the broker hold more answers than maxAnswerBytes by not reading them', async () => {
    // In JSON a zero is six characters, which is more than the kernel's buffers take.
    const zeros = new Uint8Array(3.9 * 1024 * 1024)
    const small = await startGateway(nodeClock, nodeRandom, {
      maxAnswerBytes: 6 * zeros.length + 1_000_000,
      stallGraceMs: 60_000,
    })
    await small.broker.publish('flights', 0, batchOf([zeros], Compression.gzip, gzipSync))
    const path = '/topics/flights/partitions/0/records'
    const [host, port] = small.address.split(':')
    const silent = connect(Number(port), host)
    silent.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
    await once(silent, 'readable')
    const refused = await fetch(small.url + path)
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'OVERLOADED' }])
    silent.destroy()
    await expect.poll(async () => (await fetch(small.url + path)).status).toBe(200)
    await small.gateway.close()
  })

  it('get no more than 4 MiB in one answer, and read on from there', async () => {
    const large = await startGateway(nodeClock, nodeRandom, { maxFrameBytes: 16 * 1024 * 1024 })
    for (let n = 0; n < 9; n++) await large.broker.publish('flights', 0, batchOf(['x'.repeat(1024 * 1024)]))
    const read = async (offset: number): Promise<{ records: JsonRecord[]; nextOffset: number }> => {
      const path = `/topics/flights/partitions/0/records?maxBytes=16777216&offset=${offset}`
      return (await fetch(large.url + path)).json() as never
    }
    const first = await read(0)
    expect([first.records.length, first.nextOffset]).toEqual([3, 3])
    expect((await read(first.nextOffset)).records[0]!.offset).toBe(3)
    await large.gateway.close()
  })

  it('cannot make a batch grow in JSON without end', async () => {
    const zeros = new Uint8Array(5 * 1024 * 1024)
    for (const [compression, compress] of [
      [Compression.gzip, gzipSync],
      [Compression.zstd, zstdCompressSync],
    ] as const) {
      const place = await fixture.broker.publish('flights', 2, batchOf([zeros], compression, compress))
      const answer = await call('GET', `/topics/flights/partitions/2/records?offset=${place.baseOffset}`)
      expectError(answer, 400, 'INVALID_BATCH', /more than 4194304 bytes/)
    }
  })
})

async function raw(text: string, address = fixture.address): Promise<string> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.write(text, 'latin1')
  await once(socket, 'close')
  return answer
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('close', () => {
  it('does not wait for a client that asks for a WebSocket during the close', async () => {
    const { gateway, url } = await startGateway(nodeClock, nodeRandom)
    const dial = async () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
    const upgrade = [
      'GET /stream HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ]
    // One that does not answer the close frame keeps the gateway closing for a while.
    const [open, late] = [await dial(), await dial()]
    open.write(`${upgrade.join('\r\n')}\r\n\r\n`)
    await once(open, 'data')
    const closed = gateway.close()
    late.write(`${upgrade.join('\r\n')}\r\n\r\n`)
    expect(String((await once(late, 'data'))[0])).toMatch(/^HTTP\/1.1 503 .*\r\n\r\n.*"code":"SHUTTING_DOWN"/s)
    await closed
    for (const socket of [open, late]) socket.destroy()
  }, 10_000)
})
