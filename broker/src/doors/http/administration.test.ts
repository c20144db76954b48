import { errorTable } from '@tailrace/schemas'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { aGroupDescription, aMembersDescription, someMoves } from '../testing/memory-admin.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { readOrigins: ['http://reader.example'] })
})
afterAll(() => fixture.gateway.close())
beforeEach(() => void fixture.admin.asked.splice(0))

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const init = { method, headers: { ...type, ...headers } }
  const response = await fetch(fixture.url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
}

const partition = { kind: 'partition', topic: 'flights', partition: 2 }
const metadata = { kind: 'metadata' }

describe.each([
  ['/topics/flights/partitions/2', partition],
  ['/cluster', metadata],
])('%s', (path, target) => {
  it.each([
    ['GET', 'members', undefined, 200, ['members', target], aMembersDescription],
    ['PUT', 'members', { replicas: [2, 3, 4] }, 202, ['changeMembers', target, [2, 3, 4]], null],
    ['DELETE', 'members/change', undefined, 204, ['cancelChange', target], null],
    ['POST', 'leader', { to: 2 }, 200, ['transferLeadership', target, 2], { leader: 2 }],
    ['POST', 'leader', {}, 200, ['transferLeadership', target, 0], { leader: 1 }],
    [
      'POST',
      'force-members',
      { members: [1], acceptDataLoss: true, by: 'ada' },
      200,
      ['forceMembers', target, { members: [1], acceptDataLoss: true, by: 'ada from 127.0.0.1' }],
      { term: 8, lastIndex: 40, highWatermark: 30 },
    ],
    [
      'POST',
      'snapshot',
      { broker: 3, thenFetch: true },
      200,
      ['snapshot', target, { broker: 3, thenFetch: true }],
      { index: 12, bytes: 3456 },
    ],
    [
      'POST',
      'snapshot',
      { broker: 3 },
      200,
      ['snapshot', target, { broker: 3, thenFetch: false }],
      { index: 12, bytes: 3456 },
    ],
    ['PUT', 'priority', { broker: 2, factor: 3 }, 204, ['setPriority', target, { broker: 2, factor: 3 }], null],
    ['GET', 'describe', undefined, 200, ['describeGroup', target], aGroupDescription],
  ] as [string, string, unknown, number, unknown[], unknown][])(
    '%s %s %j',
    async (method, name, body, status, asked, answer) => {
      const got = await call(method, `${path}/${name}`, body)
      expect([got.status, got.body]).toEqual([status, answer])
      expect(fixture.admin.asked).toEqual([asked])
    },
  )

  it('says where the progress of an accepted change can be seen', async () => {
    const { headers } = await call('PUT', `${path}/members`, { replicas: [1] })
    expect(headers.get('location')).toBe(`${path}/members`)
  })

  it.each([
    ['PUT', 'members', {}, 'INVALID_REQUEST', /replicas/],
    ['PUT', 'members', { replicas: [] }, 'INVALID_MEMBERS', /replicas/],
    ['PUT', 'members', { replicas: [1, 1] }, 'INVALID_MEMBERS', /duplicate/],
    ['PUT', 'members', { replicas: ['2'] }, 'INVALID_MEMBERS', /replicas\.0 must be integer/],
    ['PUT', 'members', { replicas: [0] }, 'INVALID_MEMBERS', />= 1/],
    ['PUT', 'members', { replicas: [1], voters: [2] }, 'INVALID_REQUEST', /voters/],
    ['POST', 'leader', { to: -1 }, 'INVALID_REQUEST', /to must be >= 0/],
    ['POST', 'leader', undefined, 'INVALID_REQUEST', /body/],
    ['POST', 'force-members', { members: [] }, 'INVALID_MEMBERS', /members/],
    ['POST', 'force-members', { members: [1], acceptDataLoss: 'yes' }, 'INVALID_REQUEST', /boolean/],
    ['POST', 'snapshot', {}, 'INVALID_REQUEST', /broker/],
    ['PUT', 'priority', { broker: 1, factor: 0 }, 'INVALID_REQUEST', />= 1/],
    ['PUT', 'priority', { broker: 1, factor: 11 }, 'INVALID_REQUEST', /<= 10/],
    ['PUT', 'priority', { broker: 1, factor: 1.5 }, 'INVALID_REQUEST', /integer/],
  ] as const)('%s %s %j is refused before anything is asked', async (method, name, body, code, message) => {
    const answer = await call(method, `${path}/${name}`, body)
    expect(answer.body).toMatchObject({ code, hint: errorTable[code].hint, message: expect.stringMatching(message) })
    expect([answer.status, fixture.admin.asked]).toEqual([400, []])
  })

  it('is not changed by a page of another origin, whatever the method', async () => {
    const origin = { origin: 'http://elsewhere.example' }
    const writes = [
      ['PUT', 'members', { replicas: [1] }],
      ['DELETE', 'members/change', undefined],
      ['POST', 'leader', {}],
      ['POST', 'force-members', { members: [1], acceptDataLoss: true }],
      ['POST', 'snapshot', { broker: 1 }],
      ['PUT', 'priority', { broker: 1, factor: 2 }],
    ] as const
    for (const [method, name, body] of writes) {
      const { status, body: error } = await call(method, `${path}/${name}`, body, origin)
      expect([method, name, status, error.code]).toEqual([method, name, 403, 'ORIGIN_REFUSED'])
    }
    expect(fixture.admin.asked).toEqual([])
    const reader = { origin: 'http://reader.example' }
    expect((await call('GET', `${path}/members`, undefined, reader)).status).toBe(200)
  })
})

describe('errors', () => {
  it.each([
    ['MEMBERS_CHANGING', 409, '1'],
    ['CHANGE_FAILED', 409, null],
    ['TRANSFER_FAILED', 503, '1'],
    ['QUORUM_ALIVE', 409, null],
    ['UNKNOWN_BROKER', 404, null],
  ] as const)('%s comes with its status, hint and whether to try again', async (code, status, retryAfter) => {
    fixture.admin.failures.push(code)
    const answer = await call('POST', '/cluster/leader', { to: 2 })
    const { retriable, hint, message } = errorTable[code]
    expect(answer.body).toEqual({ code, message, retriable, hint })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter])
  })

  it('name the topic or partition that is not there', async () => {
    const none = await call('GET', '/topics/none/partitions/0/members')
    expect([none.status, none.body.code]).toEqual([404, 'UNKNOWN_TOPIC'])
    const ninth = await call('GET', '/topics/flights/partitions/9/members')
    expect([ninth.status, ninth.body.code]).toEqual([404, 'UNKNOWN_PARTITION'])
    const word = await call('GET', '/topics/flights/partitions/x/members')
    expect([word.status, word.body.code]).toEqual([400, 'INVALID_REQUEST'])
  })

  it('of a change without a majority: data loss must be accepted; without a name the audit records the address', async () => {
    const refused = await call('POST', '/cluster/force-members', { members: [1] })
    expect([refused.status, refused.body.code]).toEqual([400, 'DATA_LOSS_NOT_ACCEPTED'])
    await call('POST', '/cluster/force-members', { members: [1], acceptDataLoss: true })
    const { body } = await call('GET', '/cluster/audit')
    expect(body.records[0]).toMatchObject({ action: 'force-members', by: '127.0.0.1', detail: '1' })
  })
})

it('changes of replicas under way, and those that have failed, are listed', async () => {
  const { status, body } = await call('GET', '/cluster/moves')
  expect([status, body, fixture.admin.asked]).toEqual([200, someMoves, [['moves']]])
})

it('the feature level is raised by what brokers of all levels support', async () => {
  const raised = await call('POST', '/cluster/feature-level', {})
  expect([raised.status, raised.body]).toEqual([200, { level: 2 }])
  const named = await call('POST', '/cluster/feature-level', { level: 3 })
  expect([named.status, named.body]).toEqual([200, { level: 3 }])
  const request = { by: '127.0.0.1', cascades: [] }
  expect(fixture.admin.asked).toEqual([
    ['raiseFeatureLevel', { level: null, ...request }],
    ['raiseFeatureLevel', { level: 3, ...request }],
  ])
  for (const level of [0, -1, 1.5, 'two']) {
    const refused = await call('POST', '/cluster/feature-level', { level })
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_REQUEST'])
  }
})

it('the log level of the asked broker changes, and anything else than a level is refused', async () => {
  const level = async () => (await call('GET', '/operations/log-level')).body
  expect(await level()).toEqual({ level: 'info' })
  const { status, body } = await call('PUT', '/operations/log-level', { level: 'trace' })
  expect([status, body]).toEqual([200, { level: 'trace', before: 'info' }])
  for (const wrong of [{ level: 'loud' }, { level: 7 }, {}, { level: 'info', more: 1 }]) {
    const refused = await call('PUT', '/operations/log-level', wrong)
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_REQUEST'])
  }
  expect(await level()).toEqual({ level: 'trace' })
})

describe('topic settings', () => {
  const times = { timestampBeforeMaxMs: 0, timestampAfterMaxMs: 5000 }
  const settings = {
    maxBatchBytes: 4096,
    retentionBytes: 10 * 2 ** 30,
    retentionMs: 7 * 86_400_000,
    readOnly: true,
    ...times,
  }

  it('are given when a topic is created', async () => {
    const made = await call('POST', '/topics', { name: 'kept', partitions: 1, replicas: 1, config: settings })
    expect([made.status, made.body.config]).toEqual([201, settings])
  })

  it('change one by one, and go back to the default with null', async () => {
    await call('POST', '/topics', { name: 'moved', partitions: 1, replicas: 1, config: settings })
    const one = await call('PATCH', '/topics/moved/config', { retentionMs: 1000, readOnly: null })
    expect([one.status, one.body]).toEqual([
      200,
      { maxBatchBytes: 4096, retentionBytes: 10 * 2 ** 30, retentionMs: 1000, ...times },
    ])
    expect((await call('GET', '/topics/moved')).body.config).toEqual(one.body)
  })

  it.each([
    [{}, 'INVALID_SETTING', /fewer than 1/],
    [{ retention: 5 }, 'INVALID_SETTING', /retention/],
    [{ retentionMs: '7d' }, 'INVALID_SETTING', /retentionMs/],
    [{ retentionBytes: -1 }, 'INVALID_SETTING', />= 1/],
    [{ readOnly: 'true' }, 'INVALID_SETTING', /readOnly/],
    [{ maxBatchBytes: 1 }, 'INVALID_SETTING', />= 1024/],
    [{ 'retention.ms': -2 }, 'INVALID_SETTING', />= -1/],
    [{ 'segment.ms': -1 }, 'INVALID_SETTING', />= 1000/],
    [{ 'compression.type': 'zstd' }, 'INVALID_SETTING', /compression.type is producer, not zstd. Batches are stored/],
    [{ 'message.timestamp.type': 'LogAppendTime' }, 'INVALID_SETTING', /is CreateTime/],
    [{ 'retention.ms': 1, retentionMs: 1 }, 'INVALID_SETTING', /named twice/],
  ])('%j is refused', async (body, code, message) => {
    const answer = await call('PATCH', '/topics/flights/config', body)
    expect(answer.body).toMatchObject({ code, message: expect.stringMatching(message) })
    expect([answer.status, fixture.admin.asked]).toEqual([400, []])
  })
})

describe("settings of topics by Kafka's names", () => {
  it('are taken when a topic is created and when it is altered, and have one name in answers', async () => {
    const config = {
      'retention.ms': 5,
      'retention.bytes': -1,
      'max.message.bytes': 4096,
      'compression.type': 'producer',
    }
    const made = await call('POST', '/topics', { name: 'kafka', partitions: 1, replicas: 1, config })
    expect([made.status, made.body.config]).toEqual([201, { retentionMs: 5, maxBatchBytes: 4096 }])
    const changes = { 'retention.ms': -1, 'segment.bytes': 2 ** 21, 'min.insync.replicas': 2, 'cleanup.policy': null }
    const altered = await call('PATCH', '/topics/kafka/config', changes)
    expect(altered.body).toEqual({ maxBatchBytes: 4096, segmentBytes: 2 ** 21, minInsyncReplicas: 2 })
  })

  it('are all shown with the value that holds, and where it comes from', async () => {
    const config = { segmentMs: 60_000 }
    await call('POST', '/topics', { name: 'shown', partitions: 1, replicas: 1, config })
    const { settings } = (await call('GET', '/topics/shown')).body
    const shown = Object.fromEntries(settings.map(({ name, value, source }: Shown) => [name, [value, source]]))
    expect(shown).toEqual({
      'retention.ms': [null, 'default'],
      'retention.bytes': [null, 'default'],
      'segment.ms': [60_000, 'topic'],
      'segment.bytes': [128 * 2 ** 20, 'broker'],
      'max.message.bytes': [2 ** 20, 'broker'],
      readOnly: [false, 'default'],
      'message.timestamp.before.max.ms': [null, 'default'],
      'message.timestamp.after.max.ms': [3_600_000, 'default'],
      'min.insync.replicas': [null, 'default'],
      'compression.type': ['producer', 'default'],
      'message.timestamp.type': ['CreateTime', 'default'],
      'cleanup.policy': ['delete', 'default'],
    })
  })
})

interface Shown {
  readonly name: string
  readonly value: unknown
  readonly source: string
}

it('deletes records before an offset', async () => {
  const path = '/topics/flights/partitions/0/delete-records'
  const { status, body } = await call('POST', path, { before: 0 })
  expect([status, body]).toEqual([200, { logStart: 0 }])
  const target = { kind: 'partition', topic: 'flights', partition: 0 }
  expect(fixture.admin.asked).toEqual([['deleteRecords', target, 0]])
  expect((await call('POST', path, { before: 99 })).body.code).toBe('OFFSET_OUT_OF_RANGE')
  expect((await call('POST', path, { before: -1 })).body).toEqual({ logStart: 0 })
  for (const before of [-2, 1.5, '7']) expect((await call('POST', path, { before })).status).toBe(400)
})

describe('partitions', () => {
  it('are added, and never taken away', async () => {
    await call('POST', '/topics', { name: 'grows', partitions: 2, replicas: 1 })
    const grown = await call('PATCH', '/topics/grows', { partitions: 5 })
    expect([grown.status, grown.body]).toEqual([200, expect.objectContaining({ name: 'grows', partitions: 5 })])
    expect((await call('GET', '/topics/grows')).body.partitions).toHaveLength(5)
    for (const partitions of [4, 0, -1, 1.5, '7', 200_000]) {
      const { status, body } = await call('PATCH', '/topics/grows', { partitions })
      expect([status, body.code]).toEqual([400, 'INVALID_PARTITIONS'])
    }
    expect((await call('PATCH', '/topics/grows?topicId=other', { partitions: 9 })).body.code).toBe('TOPIC_ID_MISMATCH')
    expect((await call('PATCH', '/topics/none', { partitions: 9 })).body.code).toBe('UNKNOWN_TOPIC')
  })
})

it('takes a broker out, by a number', async () => {
  expect((await call('DELETE', '/cluster/brokers/3')).status).toBe(204)
  expect(fixture.admin.asked).toEqual([['removeBroker', 3, '127.0.0.1']])
  expect((await call('DELETE', '/cluster/brokers/three')).body.code).toBe('INVALID_REQUEST')
  const elsewhere = await call('DELETE', '/cluster/brokers/3', undefined, { origin: 'http://elsewhere.example' })
  expect(elsewhere.status).toBe(403)
})

it.each([
  ['POST', '/cluster/balance', 202, ['setBalancing', true, '127.0.0.1']],
  ['DELETE', '/cluster/balance', 204, ['setBalancing', false, '127.0.0.1']],
  ['PUT', '/cluster/brokers/3/draining', 202, ['setDraining', 3, true, '127.0.0.1']],
  ['DELETE', '/cluster/brokers/3/draining', 204, ['setDraining', 3, false, '127.0.0.1']],
] as const)('%s %s asks for what an operator wants of the spread', async (method, path, status, asked) => {
  expect((await call(method, path)).status).toBe(status)
  expect(fixture.admin.asked).toEqual([asked])
  const elsewhere = await call(method, path, undefined, { origin: 'http://elsewhere.example' })
  expect([elsewhere.status, fixture.admin.asked.length]).toEqual([403, 1])
})

it('answers as /openapi.json says', async () => {
  const { body: openapi } = await call('GET', '/openapi.json')
  const ajv = new Ajv({ strict: false })
  const pick = (path: string, status = '200') =>
    ajv.compile({
      components: openapi.components,
      ...openapi.paths[path].get.responses[status].content['application/json'].schema,
    })
  for (const [path, real] of [
    ['/topics/{topic}/partitions/{partition}/members', '/topics/flights/partitions/0/members'],
    ['/topics/{topic}/partitions/{partition}/describe', '/topics/flights/partitions/0/describe'],
    ['/cluster/members', '/cluster/members'],
    ['/cluster/describe', '/cluster/describe'],
    ['/cluster/audit', '/cluster/audit'],
    ['/cluster/balance', '/cluster/balance'],
  ] as const) {
    const validate = pick(path)
    validate((await call('GET', real)).body)
    expect([path, validate.errors]).toEqual([path, null])
  }
})
