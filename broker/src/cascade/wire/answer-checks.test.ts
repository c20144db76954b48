import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { checkAudit, checkStatus, checkTopicDescription, checkTopicSummary } from './answer-checks.ts'

const config = { maxBatchBytes: 2048, retentionMs: 5, readOnly: true }
const partition = {
  partition: 0,
  leader: 1,
  term: 3,
  replicas: [1],
  inSync: [1],
  logStart: 0,
  highWatermark: 4,
}
const report = {
  broker: 7,
  directoryId: 'd',
  http: 'h:7',
  level: 1,
  home: 1,
  source: 1,
  pinned: 0,
  lagRecords: 0,
  lagBytes: 0,
  lagMs: 0,
  partitions: 2,
  stopped: 0,
  ageMs: 0,
  assigned: 1,
  featureLevels: { lowest: 1, highest: 1 },
}
const answers = [
  ['a new topic', checkTopicSummary, { name: 't', id: 'u', partitions: 2, replicas: 1, config }],
  ['a description', checkTopicDescription, { name: 't', id: 'u', config, partitions: [partition, partition] }],
  ['a status', checkStatus, { brokers: [report] }],
  ['an audit', checkAudit, { records: [{ at: 5, broker: 1, by: 'ann', action: 'x', target: 't', detail: '' }] }],
] as const
const odd = [undefined, null, true, -1, 1.5, 1e300, '', 'x', [], {}, [null], { length: 3 }, 'x'.repeat(2000)]

/** The value with each of its parts, at any depth, replaced by each odd one. */
function* variants(value: unknown): Iterable<unknown> {
  yield* odd
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    for (const other of variants(part)) yield Array.isArray(value) ? [other] : { ...value, [key]: other }
  }
}

/** The use of an answer by other code, or its encoding by Avro. */
function use(answer: object): void {
  for (const [name, value] of Object.entries(answer)) {
    if (Array.isArray(value))
      for (const part of value) typeof part === 'object' ? use(part ?? {}) : expect(part).toBe(1)
    else if (typeof value === 'object' && value !== null) use(value)
    else if (typeof value === 'number') expect(Number.isSafeInteger(value), name).toBe(true)
  }
}

describe('the answers of a source to requests of a cascade broker', () => {
  it.each(answers)('%s is taken when it is right', (_, check, right) => {
    expect(check(right, 'a:1')).toBeDefined()
  })

  it.each(answers)('in the place of %s any other value is refused by name, or can be used', (_, check, right) => {
    let refused = 0
    for (const variant of variants(right)) {
      try {
        use(check(variant, 'a:1'))
      } catch (error) {
        if (!(error instanceof TailraceError)) throw error
        expect(error).toMatchObject({ code: 'INCOMPATIBLE_PEER', message: expect.stringContaining('a:1') })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(20)
  })
})
