import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'
import { CascadeProcesses } from '../e2e/cascade-processes.ts'
import { ClusterProcesses } from '../e2e/cluster-processes.ts'
import { allInSync, topicBecomes } from '../e2e/topic-view.ts'
import { skipped } from '../runner/skipped.ts'
import { onlyInTrouble, queriesOf, readDashboards } from './dashboard-queries.ts'
import { PrometheusApi } from './prometheus-api.ts'
import { lacks } from './tools.ts'

/** The largest reserve that can be set: the disk counts as full. */
const RESERVE_BYTES = 2 ** 40
const fullDisk = ['--disk-reserve-bytes', String(RESERVE_BYTES)]
const WAIT_MS = 30_000
/** Bytes a second that a cascade broker gets. */
const SLOWLY = 20_000
/** Longer than the time from one look of Prometheus to the next, in the place of the minutes that operators wait. */
const HOLDS = '2s'

const { bavail, bsize } = statfsSync(tmpdir())
const noPrometheus = lacks('prometheus')
const lacking = noPrometheus || bavail * bsize > RESERVE_BYTES

let folder: string
let port: number
let prometheus: ChildProcess | undefined
let cluster: ClusterProcesses
let full: ClusterProcesses
/** Of the cascade broker. */
let source: ClusterProcesses
let cascade: CascadeProcesses
const seen = new PrometheusApi(() => port)

/** The addresses of the brokers for which the alert fires. */
async function firing(alert: string): Promise<string[]> {
  const found = (await seen.alerts()).filter(({ labels, state }) => labels.alertname === alert && state === 'firing')
  return [...new Set(found.map(({ labels }) => labels.instance!))].sort()
}

const becomes = (alert: string, brokers: readonly string[]) =>
  expect.poll(() => firing(alert), { timeout: WAIT_MS, interval: 200 }).toEqual([...brokers].sort())

/** The rules of deploy/, with shorter times: nothing else of them is changed. */
function quickRules(): string {
  const rules = readFileSync(new URL('../../deploy/prometheus/tailrace.rules.yml', import.meta.url), 'utf8')
  return rules
    .replaceAll(/\bfor: \d+[smh]$/gm, `for: ${HOLDS}`)
    .replace('tailrace_cascade_lag_seconds > 30', 'tailrace_cascade_lag_seconds > 3')
}

async function startPrometheus(targets: readonly string[]): Promise<void> {
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['tailrace.rules.yml'],
    scrape_configs: [{ job_name: 'tailrace', static_configs: [{ targets }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
  writeFileSync(join(folder, 'tailrace.rules.yml'), quickRules())
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const up = async () => (await seen.ask('count(up == 1)').catch(() => []))[0]?.value[1]
  const deadline = Date.now() + WAIT_MS
  while ((await up()) !== String(targets.length))
    if (Date.now() > deadline) throw new Error('Prometheus does not see all brokers.')
}

/** Changes a bit of a text that the journal of a broker holds. */
function rot(dataFolder: string, text: string): void {
  for (const name of readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.journal')) continue
    const path = join(dataFolder, name)
    const bytes = readFileSync(path)
    const at = bytes.indexOf(text)
    if (at < 0) continue
    bytes[at]! ^= 1
    writeFileSync(path, bytes)
    return
  }
  throw new Error(`no journal of ${dataFolder} has "${text}"`)
}

const publish = (value: string) =>
  cluster.request(1, 'POST', '/topics/orders/records', { records: [0, 1].map((partition) => ({ partition, value })) })

describe.skipIf(
  skipped(lacking, 'alerts that fire: there is no prometheus, or more is free here than a reserve can be', {
    evenInCi: !noPrometheus,
  }),
)('the alerts of deploy/prometheus, in a real Prometheus, about real brokers', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tailrace-alerts-'))
    mkdirSync(join(folder, 'data'))
    ;[cluster, full, source, cascade, [port]] = await Promise.all([
      ClusterProcesses.start(),
      ClusterProcesses.start({ brokers: 1, flags: fullDisk }),
      ClusterProcesses.start({ brokers: 1 }),
      CascadeProcesses.inFolder(),
      freePorts(1) as Promise<[number]>,
    ])
    await cluster.request(1, 'POST', '/topics', { name: 'orders', partitions: 2, replicas: 3 })
    await topicBecomes(cluster, 1, 'orders', allInSync)
    const quota = { entity: { clientId: 'hasty' }, limits: { requestsPerSecond: 1 } }
    await cluster.request(1, 'PUT', '/security/quotas', quota)
    const slow = { entity: { principal: 'User:ANONYMOUS' }, limits: { fetchBytesPerSecond: SLOWLY } }
    await source.request(1, 'PUT', '/security/quotas', slow)
    await source.request(1, 'POST', '/topics', { name: 'backlog', partitions: 1, replicas: 1 })
    await cascade.add(101, source.http(1))
    await cascade.ready()
    const brokers = [...cluster.ids.map((id) => cluster.http(id)), full.http(1), source.http(1), cascade.http(101)]
    await startPrometheus(brokers)
  }, 60_000)

  afterAll(async () => {
    if (prometheus !== undefined) {
      const ended = once(prometheus, 'close')
      prometheus.kill('SIGKILL')
      await ended
    }
    await Promise.all([cascade?.destroy(), cluster?.destroy(), full?.destroy(), source?.destroy()])
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  it('fire where the disk is low, and nowhere else', async () => {
    await becomes('TailraceLogNotWritable', [full.http(1)])
    // What other programs do may fill the disk of this machine up, for all brokers.
    await expect
      .poll(() => firing('TailraceDiskFillsUp'), { timeout: WAIT_MS })
      .toEqual(expect.arrayContaining([full.http(1)]))
    await beRefused()
    const names = ['BrokerDown', 'UnderReplicated', 'Quarantine', 'Leaderless', 'CascadeWithoutSource']
    for (const name of names) expect([name, await firing(`Tailrace${name}`)]).toEqual([name, []])
  }, 60_000)

  it('fire when a broker is lost: it is down, and its partitions lack a replica', async () => {
    await cluster.kill(3)
    await becomes('TailraceBrokerDown', [cluster.http(3)])
    const leaders = await Promise.all([1, 2].map(async (id) => ({ id, led: await ledBy(id) })))
    const leading = leaders.filter(({ led }) => led > 0).map(({ id }) => cluster.http(id))
    await becomes('TailraceUnderReplicated', leading)
  }, 60_000)

  it('fire when a journal has rotted and another broker is away: quarantine, and no leader', async () => {
    for (const value of ['needle-in-the-journal', 'later', 'latest']) await publish(value)
    await cluster.kill(2)
    rot(cluster.dataFolder(2), 'needle-in-the-journal')
    await cluster.launch(2)
    await becomes('TailraceQuarantine', [cluster.http(2)])
    await becomes('TailraceChecksumFailures', [cluster.http(2)])
    await becomes('TailraceLeaderless', [cluster.http(1), cluster.http(2)])
  }, 60_000)

  it('fire where a cascade broker gets records more slowly than they come, and the queries of dashboards show it', async () => {
    for (let at = 0; at < 20; at++) {
      const records = [{ partition: 0, value: String(at % 10).repeat(10 * SLOWLY) }]
      await source.request(1, 'POST', '/topics/backlog/records', { records })
    }
    await becomes('TailraceCascadeBehind', [cascade.http(101)])
    // By now there is data for all queries that are silent while all is well.
    const queries = [...new Set(readDashboards().flatMap(queriesOf))].filter((query) => onlyInTrouble.test(query))
    expect(queries.length).toBeGreaterThan(5)
    expect(await seen.silentOf(queries, 10_000)).toEqual([])
  }, 60_000)

  it('fire when a source stands still', async () => {
    source.pause(1)
    await becomes('TailraceCascadeWithoutSource', [cascade.http(101)])
    await becomes('TailraceBrokerDown', [cluster.http(3), source.http(1)])
  }, 60_000)
})

/** A client asks for a topic that there is not, and more often than it may. */
async function beRefused(): Promise<void> {
  const headers = { 'tailrace-client-id': 'hasty' }
  const ask = () => fetch(`http://${cluster.http(1)}/topics/unknown`, { headers })
  const statuses = async () => (await Promise.all([ask(), ask(), ask(), ask(), ask()])).map(({ status }) => status)
  await expect.poll(statuses, { timeout: WAIT_MS }).toContain(429)
}

/** Partitions that the broker leads, as Prometheus was told. */
async function ledBy(id: number): Promise<number> {
  const [led] = await seen.ask(`tailrace_leaderships{instance="${cluster.http(id)}"}`)
  return Number(led?.value[1] ?? 0)
}
