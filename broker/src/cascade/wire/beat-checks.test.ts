import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { checkBeatReply, checkReports } from './beat-checks.ts'
import type { CascadeBeatReply } from './cascade-messages.ts'

const reply: CascadeBeatReply = {
  ...{ clusterId: 'c', broker: 1, level: 0, ancestors: [1], topics: 'digest', topicsVersion: 3 },
  assignments: [{ broker: 7, source: 1, pin: null }],
  cluster: {
    ...{ clusterId: 'c', metadataLeader: 1 },
    brokers: [{ id: 1, http: 'h:1', peer: 'p:1', level: 0, alive: true, pid: 5 }],
  },
  topicList: [{ name: 't', id: 'u', partitions: 2, replicas: 1, config: {} }],
}
const report = {
  ...{ broker: 7, directoryId: 'd', http: 'h:7', level: 1, home: 1, source: 1, pinned: 0 },
  ...{ lagRecords: 0, lagMs: 0, partitions: 2, stopped: 0, ageMs: 0 },
}
const odd = [
  undefined,
  null,
  true,
  -1,
  1.5,
  1e300,
  '',
  'x',
  [],
  {},
  [null],
  Number.NaN,
  { length: 3 },
  'x'.repeat(2000),
]

/** The value with each of its parts, at any depth, replaced by each odd one. */
function* variants(value: unknown): Iterable<unknown> {
  yield* odd
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    for (const other of variants(part)) {
      yield Array.isArray(value) ? [other] : { ...value, [key]: other }
    }
  }
}

/** What those that use a reply do with it. */
function use({ cluster, assignments, ancestors, topicList }: CascadeBeatReply): void {
  for (const { http, peer } of cluster.brokers) void [http.length, peer.length]
  for (const { broker, source } of assignments) void (broker + source)
  void ancestors.includes(1)
  for (const { name, partitions, config } of topicList ?? []) void [name.length, partitions + 1, Object.keys(config)]
}

test('a right answer is taken, and one of a broker of an earlier version', () => {
  expect(checkBeatReply(reply, 'a:1')).toBe(reply)
  const { topicsVersion: _, ...earlier } = reply
  expect(checkBeatReply({ ...earlier, topicList: null }, 'a:1')).toBeDefined()
  expect(checkReports([report, report])).toHaveLength(2)
})

test('whatever else a source answers is refused by name, or can be used', () => {
  let refused = 0
  for (const variant of variants(reply)) {
    try {
      use(checkBeatReply(variant, 'a:1'))
    } catch (error) {
      expect(error).toBeInstanceOf(TailraceError)
      expect(error).toMatchObject({ code: 'INCOMPATIBLE_PEER', message: expect.stringContaining('a:1') })
      refused++
    }
  }
  expect(refused).toBeGreaterThan(200)
})

test('topics that no broker could have are refused', () => {
  for (const topic of [
    { name: '../../etc/x' },
    { partitions: 1e9 },
    { partitions: 0 },
    { config: null },
    { config: { maxBatchBytes: 'x' } },
  ]) {
    const topicList = [{ ...reply.topicList![0]!, ...topic }]
    expect(() => checkBeatReply({ ...reply, topicList }, 'a:1')).toThrow(/topicList/)
  }
  const topic = reply.topicList![0]!
  const twice = [
    [topic, topic],
    [topic, { ...topic, id: 'v' }],
    [topic, { ...topic, name: 'w' }],
  ]
  const tooMany = Array.from({ length: 11 }, (_, at) => ({
    ...topic,
    name: `t${at}`,
    id: `${at}`,
    partitions: 100_000,
  }))
  for (const topicList of [...twice, tooMany]) {
    expect(() => checkBeatReply({ ...reply, topicList }, 'a:1')).toThrow(/topicList/)
  }
})

test('reports of brokers below are refused as a whole', () => {
  for (const variant of variants([report])) {
    try {
      for (const { http, broker } of checkReports(variant)) void (http.length + broker)
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
    }
  }
})
