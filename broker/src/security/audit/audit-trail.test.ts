import { decodeBatch, TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { AuditEvent } from './audit-event.ts'
import { AuditTopic } from './audit-topic.ts'
import { type AuditEntry, AuditTrail } from './audit-trail.ts'

const event: AuditEvent = {
  principal: 'User:alice',
  host: '10.0.0.1',
  action: 'remove-broker',
  target: 'broker 7',
  outcome: 'done',
  code: '',
}
const refused: AuditEvent = { ...event, action: 'write', outcome: 'refused', code: 'AUTHORIZATION_FAILED' }

let clock: ManualClock
let lines: [string, object][]
let kept: AuditEntry[]
let failing: boolean

beforeEach(() => {
  clock = new ManualClock(1_000)
  lines = []
  kept = []
  failing = false
})

function trail(keeps = true): AuditTrail {
  const log = {
    info: (fields: object) => void lines.push(['info', fields]),
    warn: (fields: object) => void lines.push(['warn', fields]),
    error() {},
  }
  const keep = async (entries: readonly AuditEntry[]) => {
    if (failing) throw new TailraceError('LEADER_UNAVAILABLE')
    kept.push(...entries)
  }
  return new AuditTrail({ brokerId: 3, clock, log, ...(keeps && { keep }) })
}

describe('an act', () => {
  it('is a line of the log and an entry of the topic, with time, broker and outcome', async () => {
    trail().note(event)
    await clock.advance(1_000)
    expect(kept).toEqual([{ at: 1_000, broker: 3, ...event, times: 1 }])
    expect(lines).toEqual([['info', { audit: kept[0] }]])
  })

  it('that is refused a thousand times in a second is one line and one entry', async () => {
    const audit = trail()
    for (let n = 0; n < 1_000; n++) audit.note(refused)
    audit.note({ ...refused, host: '10.0.0.2' })
    await clock.advance(1_000)
    expect(kept.map(({ host, times }) => [host, times])).toEqual([
      ['10.0.0.1', 1_000],
      ['10.0.0.2', 1],
    ])
    expect(lines.map(([level]) => level)).toEqual(['warn', 'warn'])
  })

  it('is in the log alone where there is no topic', async () => {
    trail(false).note(event)
    await clock.advance(1_000)
    expect([lines.length, kept.length]).toEqual([1, 0])
  })
})

it('entries wait while the topic takes none, in order, and no longer than there is room', async () => {
  const audit = trail()
  failing = true
  for (let n = 0; n < 10_100; n++) {
    audit.note({ ...event, target: `broker ${n}` })
    if (n % 500 === 499) await clock.advance(1_000)
  }
  await clock.advance(1_000)
  expect(kept).toEqual([])
  expect(audit.dropped + audit.waiting).toBe(10_100)
  expect(audit.waiting).toBeLessThanOrEqual(10_500)
  failing = false
  await clock.advance(31_000)
  expect(kept.length).toBe(10_100 - audit.dropped)
  const order = kept.map(({ target }) => Number(target.slice('broker '.length)))
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect([audit.waiting, audit.kept]).toEqual([0, kept.length])
})

it('what is gathered when the broker ends is in the log', () => {
  const audit = trail()
  audit.note(event)
  audit.close()
  audit.note(refused)
  expect(lines).toHaveLength(1)
})

describe('the topic', () => {
  const published: { topic: string; batch: Uint8Array }[] = []
  let topics: string[]
  const created: object[] = []
  const api = {
    routing: (names: readonly string[]) => ({ topics: names.filter((name) => topics.includes(name)) }),
    describeCluster: async () => ({ brokers: [{ level: 0 }, { level: 0 }, { level: 1 }] }),
    createTopic: async (request: object) => {
      created.push(request)
      throw new TailraceError('TOPIC_EXISTS')
    },
    publish: async (topic: string, _partition: number, batch: Uint8Array) => void published.push({ topic, batch }),
  }

  it('is made with as many replicas as there are brokers, three at most, and takes JSON', async () => {
    topics = []
    const entry = { at: 5, broker: 1, ...event, times: 1 }
    await new AuditTopic(api as never).keep([entry])
    expect(created).toMatchObject([{ name: '__audit', partitions: 1, replicas: 2 }])
    const [record] = decodeBatch(published[0]!.batch, 0, {})
    expect(record!.timestamp).toBe(5)
    expect(JSON.parse(new TextDecoder().decode(record!.value!))).toEqual(entry)
    topics = ['__audit']
    await new AuditTopic(api as never).keep([entry])
    expect([created.length, published.length]).toEqual([1, 2])
  })
})
