import { type Message, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { encodeHeader, ownDecoder } from '../../../../schemas/src/protocol.ts'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { checkBeat, checkBeatReply, checkReports } from './beat-checks.ts'
import { beatReplyFields } from './cascade-fields.ts'
import type { CascadeBeatReply } from './cascade-messages.ts'
import { checkTopicList, checkTopicPage } from './topic-checks.ts'

const reply = sampleMessages.CascadeBeatReply
const page = sampleMessages.CascadeTopicsReply
const [report] = sampleMessages.CascadeBeat.reports
const odd = [null, true, -1, 0, 2 ** 31 - 1, 2 ** 52, '', 'x', '../../x', [], [null], 'x'.repeat(2000)]

/** The value with each of its parts, at any depth, replaced by each odd one. */
function* variants(value: unknown): Iterable<unknown> {
  yield* odd
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    for (const other of variants(part)) yield Array.isArray(value) ? [other] : { ...value, [key]: other }
  }
}

/** Those variants that Avro carries: another broker can send no others. */
function* carried<Name extends 'CascadeBeat' | 'CascadeBeatReply' | 'CascadeTopicsReply'>(
  name: Name,
): Iterable<Message<Name>> {
  for (const variant of variants(sampleMessages[name])) {
    let header: Uint8Array
    try {
      header = encodeHeader(name, variant as Message<Name>, 0)
    } catch {
      continue
    }
    yield ownDecoder.decode(name, header)
  }
}

/** The use of a reply by other code. */
function use({ cluster, assignments, ancestors, level, topicsVersion }: CascadeBeatReply): void {
  const counts = [level, topicsVersion, cluster.metadataLeader, cluster.featureLevel ?? 0, ...ancestors]
  for (const { id, level, pid, http, peer } of cluster.brokers) {
    counts.push(id, level, pid)
    expect(http.length + peer.length).toBeLessThan(2001)
  }
  for (const { broker, source, pin } of assignments) counts.push(broker, source, pin ?? 0)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(0)
}

function refusals<Name extends 'CascadeBeat' | 'CascadeBeatReply' | 'CascadeTopicsReply'>(
  name: Name,
  code: string,
  check: (fields: Message<Name>) => void,
): [taken: number, refused: number] {
  let [taken, refused] = [0, 0]
  for (const fields of carried(name)) {
    try {
      check(fields)
      taken++
    } catch (error) {
      if (!(error instanceof TailraceError)) throw error
      expect(error.code).toBe(code)
      refused++
    }
  }
  return [taken, refused]
}

test('a right answer is taken, with the values that were sent', () => {
  const { correlation: _, taken, list, listAfter, gone, ...fields } = reply
  expect(beatReplyFields(checkBeatReply(reply, 'a:1'))).toEqual(fields)
  expect(checkReports([report!, report!])).toHaveLength(2)
  const unknown = { ...reply, featureLevel: null, brokers: [{ ...reply.brokers[0]!, featureLevels: null }] }
  const { cluster } = checkBeatReply(unknown, 'a:1')
  expect([Object.hasOwn(cluster, 'featureLevel'), Object.hasOwn(cluster.brokers[0]!, 'featureLevels')]).toEqual([
    false,
    false,
  ])
})

test('any other answer of a source is refused by name, or can be used', () => {
  const [taken, refused] = refusals('CascadeBeatReply', 'INCOMPATIBLE_PEER', (fields) => {
    use(checkBeatReply(fields, 'a:1'))
  })
  expect(taken).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(20)
  const wrong = { ...reply, level: -1 }
  expect(() => checkBeatReply(wrong, 'a:1')).toThrow(/a:1 answers a beat with a wrong "level"/)
})

test('a part of a list of topics is refused by name, or can be used', () => {
  const [taken, refused] = refusals('CascadeTopicsReply', 'INCOMPATIBLE_PEER', (fields) => {
    for (const { name, partitions, config } of checkTopicPage(fields, 'a:1').topics) {
      expect(name).toMatch(/^[\w.-]{1,249}$/)
      expect(partitions).toBeGreaterThan(0)
      for (const setting of Object.values(config)) if (typeof setting === 'number') expect(setting).not.toBe(-1)
    }
  })
  expect(taken).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(15)
})

test('topics that no broker could have are refused', () => {
  const [topic] = page.topics
  for (const changes of [
    { name: '../../etc/x' },
    { id: '' },
    { partitions: 1e9 },
    { partitions: 0 },
    { config: { ...topic!.config, maxBatchBytes: -1 } },
  ]) {
    const fields = { ...page, topics: [{ ...topic!, ...changes }] }
    expect(() => checkTopicPage(fields, 'a:1')).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
  }
  const { topics: told } = checkTopicPage(page, 'a:1')
  const one = told[0]!
  const twice = [
    [one, one],
    [one, { ...one, id: 'v' }],
    [one, { ...one, name: 'w' }],
  ]
  const tooMany = Array.from({ length: 11 }, (_, at) => ({ ...one, name: `t${at}`, id: `${at}`, partitions: 100_000 }))
  for (const topics of [...twice, tooMany]) expect(() => checkTopicList(topics, 'a:1')).toThrow(/a:1/)
  expect(() => checkTopicList([one, { ...one, name: 'w', id: 'v' }], 'a:1')).not.toThrow()
})

test('reports of brokers below are refused as a whole', () => {
  const [taken, refused] = refusals('CascadeBeat', 'INVALID_REQUEST', (fields) => {
    for (const { http, broker, lagMs, featureLevels } of checkBeat(fields).reports) {
      expect(http.length).toBeLessThan(301)
      expect(Math.min(broker, lagMs + 1, featureLevels.lowest)).toBeGreaterThan(0)
    }
  })
  expect(taken).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(20)
  const { clusterId, broker, reports } = sampleMessages.CascadeBeat
  expect(checkBeat(sampleMessages.CascadeBeat)).toEqual({ clusterId, broker, reports })
  for (const changes of [{ reports: [] }, { broker: 0 }, { clusterId: 'c'.repeat(101) }]) {
    const fields = { ...sampleMessages.CascadeBeat, ...changes }
    expect(() => checkBeat(fields)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  }
})
