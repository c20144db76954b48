import { expect, test } from 'vitest'
import type { BrokerBody } from '../admin/answer-shapes.ts'
import { MetricSamples } from '../health/metric-samples.ts'
import { figuresOf, rateOf } from './figures-of.ts'
import type { Sample } from './sample.ts'

interface Given {
  readonly at: number
  /** Metrics by the id of the broker; null: it did not answer. */
  readonly pages: Readonly<Record<number, string | null>>
  readonly partitions?: number
}

function sample({ at, pages, partitions = 2 }: Given): Sample {
  const brokers = Object.entries(pages).map(([text, page]) => {
    const id = Number(text)
    const level = id > 100 ? 1 : 0
    const broker: BrokerBody = { id, http: `h${id}`, peer: `p${id}`, level, alive: true, pid: id }
    const problem = page === null ? 'it did not answer within 3 s' : ''
    const metrics = page === null ? null : new MetricSamples(page)
    return { broker, metrics, problem, readiness: problem || { ready: true, reason: '' }, cluster, clockAheadMs: 0 }
  })
  const topics = [{ name: 't', id: 'i', partitions, replicas: 2, config: {} }]
  return { at, now: 1_700_000_000_000 + at, cluster, topics, brokers }
}

const cluster = { clusterId: 'c', metadataLeader: 1, featureLevel: 3, brokers: [] }

const series = (leads: boolean, term: number, highWatermark: number, size: number, partition = 0): string => `
tailrace_partition_leader{topic="t",partition="${partition}"} ${leads ? 1 : 0}
tailrace_partition_term{topic="t",partition="${partition}"} ${term}
tailrace_partition_high_watermark{topic="t",partition="${partition}"} ${highWatermark}
tailrace_partition_size_bytes{topic="t",partition="${partition}"} ${size}
`

test('a rate is the difference over the time, and unknown when the counter has begun anew', () => {
  expect(rateOf(100, 300, 2)).toBe(100)
  expect(rateOf(100, 100, 2)).toBe(0)
  expect(rateOf(300, 100, 2)).toBeNull()
  expect(rateOf(undefined, 100, 2)).toBeNull()
  expect(rateOf(100, undefined, 2)).toBeNull()
})

test('rates of a broker are those of its counters over all labels, and their sum those of the cluster', () => {
  const page = (records: number, cpu: number): string => `
tailrace_publish_records_total{transport="http"} ${records}
tailrace_publish_records_total{transport="websocket"} ${2 * records}
process_cpu_seconds_total ${cpu}
process_resident_memory_bytes 1000
tailrace_http_connections 2
tailrace_websocket_connections 3
`
  const before = sample({ at: 1000, pages: { 1: page(100, 5), 2: page(0, 1), 3: null } })
  const now = sample({ at: 3000, pages: { 1: page(300, 6), 2: page(50, 1), 3: page(9, 1) } })
  const { brokers, rates } = figuresOf(before, now)
  expect(brokers[0]).toMatchObject({ recordsIn: 300, cpu: 50, memoryBytes: 1000, connections: 5, cascade: null })
  expect(brokers[1]).toMatchObject({ recordsIn: 75, cpu: 0 })
  // It answers for the first time.
  expect(brokers[2]).toMatchObject({ recordsIn: null, cpu: null, problem: '' })
  expect(rates.recordsIn).toBe(375)
})

test('there are no rates with one sample, and none of a broker that does not answer', () => {
  const page =
    'tailrace_publish_records_total{transport="http"} 5\nprocess_cpu_seconds_total 1\ntailrace_leaderships 2\n'
  const first = figuresOf(null, sample({ at: 1000, pages: { 1: page } }))
  expect(first.brokers[0]).toMatchObject({ recordsIn: null, cpu: null, leaders: 2 })
  expect(first.rates.recordsIn).toBeNull()
  const [silent] = figuresOf(sample({ at: 1, pages: { 1: page } }), sample({ at: 9, pages: { 1: null } })).brokers
  expect(silent).toMatchObject({ recordsIn: null, leaders: null, problem: expect.stringContaining('3 s') })
})

test('a topic grows by what its leaders have', () => {
  const before = sample({ at: 0, pages: { 1: series(true, 1, 100, 1000), 2: series(false, 1, 90, 5000) } })
  const now = sample({ at: 2000, pages: { 1: series(true, 1, 300, 5000), 2: series(false, 1, 100, 9000) } })
  expect(figuresOf(before, now).topics).toEqual([
    { name: 't', partitions: 2, replicas: 2, underReplicated: 0, leaderless: 1, recordsIn: 100, bytesIn: 2000 },
  ])
})

test('the leader is that of the later term, bytes of another leader are not compared, and nothing is negative', () => {
  const before = sample({ at: 0, pages: { 1: series(true, 1, 100, 1000), 2: series(false, 1, 90, 5000) } })
  const moved = { 1: series(true, 1, 120, 1200), 2: series(true, 2, 140, 9000) }
  expect(figuresOf(before, sample({ at: 1000, pages: moved })).topics[0]).toMatchObject({
    recordsIn: 40,
    bytesIn: null,
  })
  const less = { 1: series(true, 3, 50, 400), 2: series(false, 3, 50, 400) }
  expect(figuresOf(before, sample({ at: 1000, pages: less })).topics[0]).toMatchObject({ recordsIn: 0, bytesIn: null })
})

test('partitions whose replicas do not keep up are counted where they are led', () => {
  const late = (leads: boolean): string =>
    `${series(leads, 1, 5, 5)}tailrace_partition_under_replicated{topic="t",partition="0"} ${leads ? 1 : 0}\n`
  const [topic] = figuresOf(null, sample({ at: 0, partitions: 1, pages: { 1: late(true), 2: late(false) } })).topics
  expect(topic).toMatchObject({ underReplicated: 1, leaderless: 0, recordsIn: null })
})

test('without series of each partition figures of topics are unknown', () => {
  const pages = { 1: 'tailrace_partition_series_shown 0\n', 2: null }
  const [topic] = figuresOf(sample({ at: 0, pages }), sample({ at: 5, pages })).topics
  expect(topic).toMatchObject({
    partitions: 2,
    underReplicated: null,
    leaderless: null,
    recordsIn: null,
    bytesIn: null,
  })
})

test('the lag of a broker is what leaders tell, that of a cascade broker what it tells itself', () => {
  const lag = (follower: number, entries: number, partition: number): string =>
    `tailrace_partition_follower_lag_entries{topic="t",partition="${partition}",follower="${follower}"} ${entries}\n`
  const cascade = 'tailrace_cascade_source 2\ntailrace_cascade_lag_records 7\ntailrace_cascade_lag_bytes 70\n'
  const pages = { 1: lag(2, 3, 0) + lag(3, 1, 0), 2: lag(3, 4, 1), 3: '', 101: cascade }
  const { brokers } = figuresOf(null, sample({ at: 0, pages }))
  expect(brokers.map((broker) => broker.lag)).toEqual([null, 3, 5, 7])
  expect(brokers[3]!.cascade).toEqual({ source: 2, lagBytes: 70, lagSeconds: null, copiedBytes: null })
})
