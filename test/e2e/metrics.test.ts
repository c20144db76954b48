import { readFileSync } from 'node:fs'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge, lacks } from '../deploy/tools.ts'
import { skipped } from '../runner/skipped.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { CertificateFiles } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { type MetricFamily, parsePrometheusText } from './prometheus-text.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'measured'
const RECORDS = 200
const documented = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

let cluster: ClusterProcesses
let cascade: CascadeProcesses
let files: CertificateFiles
type Page = Map<string, MetricFamily>

beforeAll(async () => {
  files = await CertificateFiles.create()
  // Clients come without TLS, which broker 1 allows.
  const tls = ['--tls', 'allowed', ...files.flagsOf(1)]
  cluster = await ClusterProcesses.start({
    // As many as there are, those of the coordinators among them: series of each are shown.
    flags: ['--tail-bytes', '2MiB', '--metrics-max-partitions', '19'],
    flagsOf: (id) => (id === 1 ? tls : []),
  })
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 3, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const positions = [{ topic, partition: 0, offset: 0 }]
  await cluster.request(1, 'PUT', '/consumer-groups/billing/positions', { positions })
  await cascade.add(101, cluster.http(1))
  await cascade.ready()
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  for (let n = 0; n < RECORDS; n++) await producer.send(topic, { key: `${n}`, value: `record ${n}` })
  await producer.close()
  const consumer = new Consumer({ servers: cluster.servers })
  let read = 0
  for await (const _ of consumer.subscribe(topic, { from: 'earliest' })) if (++read === RECORDS) break
  await consumer.close()
})

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
  await files.remove()
})

/** A client has an error, and is over its quota: by so little that it is delayed, then by more. */
async function beRefused(): Promise<void> {
  const entity = { clientId: 'hasty' }
  await cluster.request(1, 'PUT', '/security/quotas', { entity, limits: { requestsPerSecond: 2 } })
  const ask = () => fetch(`http://${cluster.http(1)}/topics/unknown`, { headers: { 'tailrace-client-id': 'hasty' } })
  const asked = async () => (await Promise.all([ask(), ask(), ask(), ask()])).map(({ status }) => status)
  await expect.poll(asked, { timeout: 10_000 }).toContain(429)
}

const textOf = async (http: string): Promise<string> => (await fetch(`http://${http}/metrics`)).text()
const pages = async (): Promise<{ brokers: Page[]; below: Page }> => {
  const brokers = await Promise.all(cluster.ids.map(async (id) => parsePrometheusText(await textOf(cluster.http(id)))))
  return { brokers, below: parsePrometheusText(await textOf(cascade.http(101))) }
}

/** The sum of the samples of these pages with this name, and with these labels among theirs. */
function sum(from: readonly Page[], name: string, labels = ''): number {
  const family = name.replace(/_(count|sum)$/, '')
  const samples = from.flatMap((page) => (page.get(name) ?? page.get(family))?.samples ?? [])
  const wanted = samples.filter((sample) => sample.name === name && sample.labels.includes(labels))
  return wanted.reduce((total, { value }) => total + value, 0)
}

/** What may be on no sample here, and why. */
const unprovoked: Readonly<Record<string, string>> = {
  nodejs_active_requests: 'There are samples only while libuv looks up a name or a file of this process.',
}

/** Type and labels of each metric, as the documentation has them. */
function documentedMetrics(): Map<string, { readonly type: string; readonly labels: readonly string[] }> {
  const rows = documented.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| [^|]+ \|$/gm)
  return new Map(
    [...rows].map(([, name, type, labels]) => [
      name!,
      { type: type!, labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!) },
    ]),
  )
}

describe('the page of metrics of real brokers', () => {
  it('has what is documented, and documented is what it has: name, kind and labels', async () => {
    await beRefused()
    const { brokers, below } = await pages()
    const known = documentedMetrics()
    const seen = new Map<string, Set<string>>()
    for (const [name, { type, samples }] of [...brokers, below].flatMap((page) => [...page])) {
      expect([name, known.get(name)?.type]).toEqual([name, type])
      if (samples.length === 0) continue
      const labels = seen.get(name) ?? new Set()
      seen.set(name, labels)
      for (const sample of samples) for (const [, label] of sample.labels.matchAll(/(\w+)="/g)) labels.add(label!)
      labels.delete('le')
      for (const label of labels) expect(known.get(name)!.labels, name).toContain(label)
    }
    const missing = [...known].flatMap(([name, { labels }]) => {
      const found = seen.get(name)
      return found === undefined
        ? [name]
        : labels.filter((label) => !found.has(label)).map((label) => `${name}{${label}}`)
    })
    expect(missing.filter((name) => unprovoked[name] === undefined)).toEqual([])
    for (const name of Object.keys(unprovoked)) expect([...known.keys()]).toContain(name)
  })

  it('leaves out the series of each partition where a request says so, on brokers of both kinds', async () => {
    const partitionSeries = /^tailrace_partition_(?!series_shown)\w+\{/m
    for (const http of [cluster.http(1), cascade.http(101)]) {
      expect(await textOf(http)).toMatch(partitionSeries)
      const bare = await (await fetch(`http://${http}/metrics?partitions=false`)).text()
      expect(bare).not.toMatch(partitionSeries)
      expect(bare).toContain('\ntailrace_partition_series_shown 1\n')
    }
  })

  it('shows all records at each replica, and no lag of the cascade broker, there and at its source', async () => {
    // Followers hear of a commit with the next beat, the source of a lag with the next report.
    const seen = async () => {
      const { brokers, below } = await pages()
      const ends = [...brokers, below].map((page) =>
        sum([page], 'tailrace_partition_high_watermark', `topic="${topic}"`),
      )
      const edges = brokers.flatMap((page) => page.get('tailrace_cascade_below_lag_records')!.samples)
      const named = edges.filter(({ labels }) => /^broker="101",source="[123]",level="1"$/.test(labels))
      return {
        ends,
        lag: sum([below], 'tailrace_cascade_lag_records') + sum([below], 'tailrace_partition_cascade_lag_records'),
        edges: named.length > 0 && named.length === edges.length,
        edgeLag: sum(brokers, 'tailrace_cascade_below_lag_records'),
        lacking: sum(brokers, 'tailrace_partition_under_replicated'),
      }
    }
    const all = { ends: [RECORDS, RECORDS, RECORDS, RECORDS], lag: 0, edges: true, edgeLag: 0, lacking: 0 }
    await expect.poll(seen, { timeout: 10_000 }).toEqual(all)
  })

  it('counts what was published and read, and the stages of it', async () => {
    const { brokers, below } = await pages()
    const binary = 'transport="websocket_binary"'
    expect(sum(brokers, 'tailrace_publish_records_total', binary)).toBe(RECORDS)
    expect(sum(brokers, 'tailrace_publish_batches_total', binary)).toBe(RECORDS)
    expect(sum(brokers, 'tailrace_fetch_records_total', binary)).toBeGreaterThanOrEqual(RECORDS)
    for (const stage of ['receive', 'append', 'fsync', 'replicate', 'commit', 'answer'])
      expect(sum(brokers, 'tailrace_publish_stage_duration_seconds_count', `stage="${stage}"`), stage).toBeGreaterThan(
        5,
      )
    for (const page of [...brokers, below]) {
      const rounds = sum([page], 'tailrace_log_sync_duration_seconds_count')
      expect(rounds).toBeGreaterThan(0)
      expect(sum([page], 'tailrace_log_round_bytes_count')).toBe(rounds)
      expect(sum([page], 'tailrace_log_disk_used_bytes')).toBeGreaterThan(1024 * 1024)
      expect(sum([page], 'tailrace_log_disk_free_bytes')).toBeGreaterThan(1024 * 1024)
      expect(sum([page], 'tailrace_setting_info', 'name="tailBytes",value="2 MiB"')).toBe(page === below ? 0 : 1)
      expect(sum([page], 'tailrace_build_info')).toBe(1)
    }
    expect(sum(brokers, 'tailrace_log_read_duration_seconds_count', 'from="tail"')).toBeGreaterThan(0)
    expect(sum(brokers, 'tailrace_elections_won_total')).toBeGreaterThanOrEqual(4)
    expect(sum(brokers, 'tailrace_partition_leader', `topic="${topic}"`)).toBe(3)
    expect(sum(brokers, 'tailrace_partition_follower_state', 'state="replicate"')).toBeGreaterThanOrEqual(6)
  })

  it.skipIf(skipped(lacks('promtool'), 'pages of metrics: there is no promtool'))(
    'has no fault that promtool finds',
    async () => {
      const check = async (http: string): Promise<string> =>
        judge('promtool', ['check', 'metrics'], { input: await textOf(http) }).said
      expect(await check(cluster.http(1))).toBe('')
      expect(await check(cascade.http(101))).toBe('')
    },
  )
})
