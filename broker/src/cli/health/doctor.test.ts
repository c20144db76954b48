import { expect, test } from 'vitest'
import type { BrokerBody, ClusterBody } from '../admin/answer-shapes.ts'
import { runCommandLine } from '../cli.ts'
import { answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { diagnose } from './doctor.ts'
import type { Examined, ExaminedCluster } from './doctor-findings.ts'
import { MetricSamples } from './metric-samples.ts'

const now = Date.parse('2026-06-01T00:00:00Z')

function brokerOf(id: number, more: Partial<BrokerBody> = {}): BrokerBody {
  const featureLevels = { lowest: 1, highest: 2 }
  return { id, http: `h${id}:80`, peer: `p${id}:70`, level: 0, alive: true, pid: id, featureLevels, ...more }
}

const sound = `tailrace_leaderships 5
tailrace_log_writable 1
tailrace_log_disk_free_bytes 60000000000
tailrace_log_disk_reserve_bytes 1000000000
tailrace_log_disk_time_left_seconds +Inf
tailrace_partition_series_shown 1
`

/** A cluster of three in which all is well, but for what is given. */
function cluster(
  given: {
    readonly brokers?: Partial<Record<number, Partial<Examined>>>
    readonly pages?: Partial<Record<number, string>>
    readonly more?: Partial<ClusterBody>
    readonly replicas?: number
  } = {},
): ExaminedCluster {
  const bodies = [1, 2, 3].map((id) => given.brokers?.[id]?.broker ?? brokerOf(id))
  const seen: ClusterBody = { clusterId: 'c1', metadataLeader: 1, featureLevel: 2, brokers: bodies, ...given.more }
  const brokers = bodies.map((broker) => ({
    broker,
    metrics: new MetricSamples(sound.replace(...pageChange(given.pages?.[broker.id]))),
    problem: '',
    readiness: { ready: true, reason: '' },
    cluster: seen,
    clockAheadMs: 0,
    ...given.brokers?.[broker.id],
  }))
  const topics = [{ name: 't', id: 'i', partitions: 3, replicas: given.replicas ?? 3, config: {} }]
  return { cluster: seen, topics, brokers, now }
}

/** A line in the place of the sound one, or one more. */
function pageChange(line = ''): [RegExp, string] {
  const name = line.split(/[ {]/)[0]!
  return name !== '' && sound.includes(`${name} `) ? [new RegExp(`^${name} .*$`, 'm'), line] : [/$/, line]
}

/** fdatasync, as the page of a broker has it: how many took at most 25 ms, 50 ms, 500 ms, and all. */
function syncs(...counts: [number, number, number, number]): string {
  const lines = ['0.025', '0.05', '0.5', '+Inf'].map(
    (bound, at) => `tailrace_log_sync_duration_seconds_bucket{le="${bound}"} ${counts[at]}`,
  )
  return [...lines, 'tailrace_log_sync_duration_seconds_sum 9', ''].join('\n')
}

const build = (version: string): string => `tailrace_build_info{version="${version}",node="24.0.0"} 1`

const found = (examined: ExaminedCluster) =>
  diagnose(examined).map(({ severity, kind, broker }) => `${severity} ${kind} ${broker ?? 'cluster'}`)

test('of a cluster in which all is well there is nothing to say', () => {
  expect(found(cluster())).toEqual([])
})

test.each<[string, Parameters<typeof cluster>[0], string]>([
  ['is down', { brokers: { 2: { broker: brokerOf(2, { alive: false }), metrics: null } } }, 'problem not-alive 2'],
  ['cannot be reached', { brokers: { 2: { metrics: null, problem: 'refused' } } }, 'problem unreachable 2'],
  ['is not ready', { brokers: { 3: { readiness: { ready: false, reason: 'r' } } } }, 'problem not-ready 3'],
  ['has another clock', { brokers: { 3: { clockAheadMs: 9_000 } } }, 'problem clocks 3'],
  ['has no leader of the metadata', { more: { metadataLeader: 0 } }, 'problem metadata-leader cluster'],
  ['could raise its level', { more: { featureLevel: 1 } }, 'note feature-level cluster'],
  ['keeps one copy', { replicas: 1 }, 'note one-replica cluster'],
  ['leads most', { pages: { 2: 'tailrace_leaderships 40' } }, 'problem uneven-leaders 2'],
  ['has a slow disk', { pages: { 2: syncs(900, 989, 999, 1000) } }, 'note disk-speed 2'],
  ['has a disk that is too slow', { pages: { 2: syncs(0, 0, 989, 1000) } }, 'problem disk-speed 2'],
  ['is full', { pages: { 1: 'tailrace_log_writable 0' } }, 'problem disk 1'],
  ['is full soon', { pages: { 1: 'tailrace_log_disk_time_left_seconds 7200' } }, 'problem disk 1'],
  ['has little left', { pages: { 1: 'tailrace_log_disk_free_bytes 1500000000' } }, 'problem disk 1'],
  [
    'has another setting',
    { pages: { 1: 'tailrace_setting_info{name="tailBytes",value="2 MiB"} 1' } },
    'note settings cluster',
  ],
  [
    'asks some clients only',
    { pages: { 2: 'tailrace_setting_info{name="tls",value="required"} 1' } },
    'problem settings cluster',
  ],
  [
    'runs another version',
    { pages: { 1: build('1.0.0'), 2: build('1.1.0'), 3: build('1.0.0') } },
    'note versions cluster',
  ],
  ['has no reserve', { pages: { 1: 'tailrace_log_disk_reserve_bytes 0' } }, 'note settings cluster'],
  ['shows no series', { pages: { 1: 'tailrace_partition_series_shown 0' } }, 'note settings cluster'],
  ['is open', { pages: { 1: 'tailrace_insecure_ports 1' } }, 'note insecure 1'],
  ['has rot', { pages: { 1: 'tailrace_log_checksum_failures_total{found="scrub"} 2' } }, 'problem checksums 1'],
  ['lags', { pages: { 1: 'tailrace_under_replicated_partitions 2' } }, 'problem under-replicated 1'],
  ['is quarantined', { pages: { 1: 'tailrace_quarantined_replicas 2' } }, 'problem quarantined 1'],
  ['has stopped', { pages: { 1: 'tailrace_stopped_replicas 1' } }, 'problem stopped 1'],
  ['is leaderless', { pages: { 1: 'tailrace_leaderless_replicas 1' } }, 'problem leaderless 1'],
  ['lost a tail', { pages: { 1: 'tailrace_lost_tails_total 1' } }, 'problem lost-tails 1'],
  ['cut entries', { pages: { 1: 'tailrace_acknowledged_entries_cut_total 4' } }, 'problem acknowledged-cut 1'],
  ['does not tell its state', { brokers: { 2: { readiness: 'it is late' } } }, 'problem unknown 2'],
  ['does not tell its view', { brokers: { 2: { cluster: 'it is late' } } }, 'problem unknown 2'],
  ['does not tell its time', { brokers: { 2: { clockAheadMs: null } } }, 'problem unknown 2'],
  ['refused terms', { pages: { 1: 'tailrace_implausible_terms_total 1' } }, 'problem implausible-terms 1'],
  ['copies less', { pages: { 1: 'tailrace_cascade_stopped_partitions 1' } }, 'problem cascade-stopped 1'],
  [
    'has an old certificate',
    { pages: { 1: `tailrace_tls_certificate_expiry_seconds ${now / 1000 + 86_400}` } },
    'problem certificate 1',
  ],
  [
    'is older',
    {
      brokers: { 3: { broker: brokerOf(3, { featureLevels: { lowest: 1, highest: 1 } }) } },
      more: { featureLevel: 1 },
    },
    'note feature-level cluster',
  ],
])('a cluster or broker that %s is told, and nothing else is', (_, given, expected) => {
  expect(found(cluster(given))).toEqual([expected])
})

test.each([
  syncs(900, 990, 1000, 1000),
  syncs(0, 0, 0, 199),
  'tailrace_leaderships 7',
  'tailrace_log_disk_time_left_seconds 90000',
  `tailrace_tls_certificate_expiry_seconds ${now / 1000 + 15 * 86_400}`,
  'tailrace_tls_certificate_expiry_seconds 0',
])('%s is no problem yet', (line) => {
  expect(found(cluster({ pages: { 2: line } }))).toEqual([])
})

test('a broker that does not hear another one, which others do hear, has a broken link', () => {
  const bodies = [brokerOf(1), brokerOf(2), brokerOf(3, { alive: false })]
  const view = { clusterId: 'c1', metadataLeader: 1, brokers: bodies }
  const [finding, ...others] = diagnose(cluster({ brokers: { 2: { cluster: view } } }))
  expect(others).toEqual([])
  expect(finding).toMatchObject({ kind: 'link', broker: 2, problem: 'broker 2 does not hear broker 3, which is alive' })
})

test.each([
  [{ clusterId: 'c2' }, 'problem clusters cluster'],
  [{ metadataLeader: 3 }, 'note metadata-leader cluster'],
])('brokers that see the cluster in two ways (%j) are told', (differs, expected) => {
  const bodies = [1, 2, 3].map((id) => brokerOf(id))
  const view = { clusterId: 'c1', metadataLeader: 1, brokers: bodies, ...differs }
  expect(found(cluster({ brokers: { 2: { cluster: view } } }))).toEqual([expected])
})

test('a slow disk is told with its broker and the figure', () => {
  const [finding] = diagnose(cluster({ pages: { 3: syncs(900, 989, 999, 1000) } }))
  expect(finding!.problem).toBe(
    'the disk of broker 3 is slow: since its start more than 1 of 100 fsyncs took longer than 50 ms',
  )
})

test('partitions that lag are named, a few of many', () => {
  const series = Array.from(
    { length: 7 },
    (_, at) => `tailrace_partition_under_replicated{topic="t",partition="${at}"} ${at === 0 ? 0 : 1}`,
  )
  const page = ['tailrace_under_replicated_partitions 6', ...series].join('\n')
  const [finding] = diagnose(cluster({ pages: { 1: page } }))
  expect(finding!.problem).toBe(
    'broker 1 leads 6 groups with a replica that does not keep up: t/1, t/2, t/3, t/4, t/5 and 1 more',
  )
})

test('problems come first, each with what to do, and are the exit code', async () => {
  const answers: Parameters<typeof answeringServer>[0] = {
    'GET /topics': { body: { topics: [] } },
    'GET /metrics': { text: `${sound}tailrace_stopped_replicas 1\ntailrace_insecure_ports 1\n` },
    'GET /readyz': { status: 503, body: { ready: false, reason: 'starting' } },
    'GET /healthz': { body: { status: 'ok' } },
  }
  const server = await answeringServer(answers)
  const brokers = [brokerOf(1, { http: server.address })]
  answers['GET /cluster'] = { body: { clusterId: 'c1', metadataLeader: 1, featureLevel: 2, brokers } }
  const run = async (...flags: string[]) => {
    const terminal = memoryTerminal()
    return { code: await runCommandLine(['doctor', '-s', server.address, ...flags], terminal), out: terminal.text() }
  }
  try {
    const { code, out } = await run()
    expect(code).toBe(1)
    expect(out.split('\n').filter((line) => /^\S/.test(line))).toEqual([
      'PROBLEM  broker 1 is not ready: starting',
      'PROBLEM  broker 1 has 1 replica stopped',
      'note  any client, or any broker, may do everything on a port of broker 1 (setting insecure)',
      '2 problems; 1 broker, 0 topics looked at',
    ])
    expect(out.split('\n').filter((line) => line.startsWith('  '))).toHaveLength(3)
    const json = JSON.parse((await run('--json')).out)
    expect(json).toMatchObject({ healthy: false, brokers: 1, findings: [{ kind: 'not-ready', broker: 1 }, {}, {}] })
    Object.assign(answers, { 'GET /metrics': { text: sound }, 'GET /readyz': { body: { ready: true, reason: '' } } })
    expect(await run()).toEqual({ code: 0, out: 'healthy: 1 broker, 0 topics looked at\n' })
  } finally {
    server.close()
  }
})
