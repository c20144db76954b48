import { sizeText } from '../quantity.ts'
import { type Check, listed, note, ofEach, problem } from './doctor-findings.ts'
import type { MetricSamples } from './metric-samples.ts'

const DAY_SECONDS = 86_400
/** So long before a disk is full or a certificate expires the doctor speaks of it. */
const DISK_SECONDS = DAY_SECONDS
const CERTIFICATE_SECONDS = 14 * DAY_SECONDS
/** fdatasync: 1 of 100 longer than this is worth knowing, and longer than that a problem, as the alert has it. */
const SLOW_SYNC_SECONDS = 0.05
const TOO_SLOW_SYNC_SECONDS = 0.5
/** Of fewer syncs 1 of 100 says nothing. */
const LEAST_SYNCS = 200

/** The partitions of which a series is not 0; without series of each partition none. */
function partitionsWith(metrics: MetricSamples, name: string): string {
  const found = metrics.all(name).filter(({ value }) => value > 0)
  return found.length === 0 ? '' : `: ${listed(found.map(({ labels }) => `${labels.topic}/${labels.partition}`))}`
}

/** A count of replicas in a state that needs somebody. */
function count(kind: string, name: string, text: (count: number) => string, advice: string, series = ''): Check {
  return ofEach((metrics, { id }) => {
    const found = metrics.value(name) ?? 0
    if (found === 0) return []
    const which = series === '' ? '' : partitionsWith(metrics, series)
    return [problem(kind, id, `broker ${id} ${text(found)}${which}`, advice)]
  })
}

const groups = (count: number): string => (count === 1 ? '1 group' : `${count} groups`)
const replicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`)

const states: readonly Check[] = [
  count(
    'under-replicated',
    'tailrace_under_replicated_partitions',
    (found) => `leads ${groups(found)} with a replica that does not keep up`,
    'A broker of theirs is down or too slow: "tailrace partition describe" shows which.',
    'tailrace_partition_under_replicated',
  ),
  count(
    'quarantined',
    'tailrace_quarantined_replicas',
    (found) => `has ${replicas(found)} in quarantine`,
    'All other voters of these partitions must be up, once. A disk that does this twice should be replaced.',
  ),
  count(
    'stopped',
    'tailrace_stopped_replicas',
    (found) => `has ${replicas(found)} stopped`,
    'Its log says why. They do not run before the broker starts again.',
  ),
  count(
    'leaderless',
    'tailrace_leaderless_replicas',
    (found) => `has ${replicas(found)} without a known leader`,
    'A majority of the replicas of each partition must be up: "tailrace topic describe" shows leaders and replicas.',
  ),
  count(
    'cascade-stopped',
    'tailrace_cascade_stopped_partitions',
    (found) => `does not copy ${found === 1 ? '1 partition' : `${found} partitions`} any more`,
    'Batches of its source did not fit: its log says why.',
  ),
  count(
    'cascade-missed',
    'tailrace_cascade_missed_records_total',
    (found) =>
      `lacks ${found === 1 ? '1 record' : `${found} records`} that its source had removed before they were copied`,
    'It was away, or behind, for longer than the topic keeps records: its log names them. Keep them for longer, and see why it was behind.',
  ),
  count(
    'lost-tails',
    'tailrace_lost_tails_total',
    (found) => `has met ${found} ends of logs that had lost entries which were acknowledged`,
    'A disk, here or of a follower, has lost writes that it had confirmed; replace it.',
  ),
  count(
    'acknowledged-cut',
    'tailrace_acknowledged_entries_cut_total',
    (found) => `has cut off ${found === 1 ? '1 entry' : `${found} entries`} that it had acknowledged`,
    'They are lost unless only a minority had them; its log names them. See "Metrics that matter" in docs/operations.md.',
  ),
  count(
    'implausible-terms',
    'tailrace_implausible_terms_total',
    (found) => `has refused ${found} messages whose term no elections lead to`,
    'See "Terms" in docs/operations.md.',
  ),
]

const checksums = ofEach((metrics, { id }) => {
  const found = metrics.sum('tailrace_log_checksum_failures_total')
  if (found === 0) return []
  const text = `broker ${id} has found ${found} places of its disk that are not as they were written`
  return [
    problem('checksums', id, text, 'It gets them from other replicas. A disk that does this again should be replaced.'),
  ]
})

const disk = ofEach((metrics, { id }) => {
  const [free, reserve] = ['free', 'reserve'].map((what) => metrics.value(`tailrace_log_disk_${what}_bytes`))
  const left = metrics.value('tailrace_log_disk_time_left_seconds') ?? Number.POSITIVE_INFINITY
  const advice = 'Free space, add a disk, or lower retentionBytes or retentionMs of topics.'
  if (metrics.value('tailrace_log_writable') === 0)
    return [problem('disk', id, `broker ${id} takes no records: its disk is full to the reserve`, advice)]
  if (left < DISK_SECONDS) {
    const hours = Math.max(1, Math.round(left / 3600))
    return [problem('disk', id, `the disk of broker ${id} is full in about ${hours} h, if it fills up as now`, advice)]
  }
  if (free === undefined || reserve === undefined || reserve === 0 || free >= 2 * reserve) return []
  const text = `broker ${id} has ${sizeText(free)} left on its disk, and keeps ${sizeText(reserve)} of them in reserve`
  return [problem('disk', id, text, advice)]
})

const diskSpeed = ofEach((metrics, { id }) => {
  const seconds = metrics.boundExceeded('tailrace_log_sync_duration_seconds', 0.01, LEAST_SYNCS)
  if (seconds < SLOW_SYNC_SECONDS) return []
  const text = `the disk of broker ${id} is slow: since its start more than 1 of 100 fsyncs took longer than ${seconds * 1000} ms`
  const advice =
    'Each publish waits for them: look for other programs on the disk, a volume at its limit of operations, or a disk that fails.'
  return [(seconds < TOO_SLOW_SYNC_SECONDS ? note : problem)('disk-speed', id, text, advice)]
})

const certificate: Check = ({ brokers, now }) =>
  brokers.flatMap(({ broker: { id }, metrics }) => {
    const expiry = metrics?.value('tailrace_tls_certificate_expiry_seconds') ?? 0
    const left = expiry - now / 1000
    if (expiry === 0 || left > CERTIFICATE_SECONDS) return []
    const when = left < 0 ? 'has expired' : `expires in ${Math.floor(left / DAY_SECONDS)} days`
    const advice = 'Renew it: see docs/security.md. The broker reads changed files by itself.'
    return [problem('certificate', id, `a certificate of broker ${id} ${when}`, advice)]
  })

const exposed = ofEach((metrics, { id }) => {
  if ((metrics.value('tailrace_insecure_ports') ?? 0) === 0) return []
  const text = `any client, or any broker, may do everything on a port of broker ${id} (setting insecure)`
  return [note('insecure', id, text, 'See "Closed by default" in docs/security.md.')]
})

const reserves: Check = ({ brokers }) => {
  const without = brokers.filter(({ metrics }) => metrics?.value('tailrace_log_disk_reserve_bytes') === 0)
  if (without.length === 0) return []
  const names = listed(without.map(({ broker }) => `broker ${broker.id}`))
  const text = `diskReserveBytes is 0: ${names} would write until the disk is full`
  return [note('settings', null, text, 'Give it a reserve: see "Disk reserve" in docs/operations.md.')]
}

const series: Check = ({ brokers }) => {
  const shown = brokers.flatMap(({ metrics }) => metrics?.value('tailrace_partition_series_shown') ?? [])
  if (new Set(shown).size < 2) return []
  const text = 'some brokers show series of each partition, and others do not'
  return [note('settings', null, text, 'Give all the same metricsPerPartition and metricsMaxPartitions.')]
}

/** Where these differ, a client is asked for a credential by one broker and not by another, or reaches one only. */
const ofSecurity: ReadonlySet<string> = new Set(['authentication', 'tls', 'peerTls', 'insecure', 'clusterKey'])

/** Settings that the brokers of a level should have in common; a broker lists those that are not at their default. */
const differences: Check = ({ brokers }) => {
  const asked = brokers.filter(({ broker, metrics }) => broker.level === 0 && metrics !== null)
  const given = asked.map(({ broker, metrics }) => {
    const all = metrics!
      .all('tailrace_setting_info')
      .map(({ labels }) => [labels.name ?? '', labels.value ?? ''] as const)
    return { id: broker.id, values: new Map(all) }
  })
  const names = new Set(given.flatMap(({ values }) => [...values.keys()]))
  return [...names].sort().flatMap((name) => {
    const values = given.map(({ id, values }) => ({ id, value: values.get(name) ?? 'its default' }))
    if (new Set(values.map(({ value }) => value)).size < 2) return []
    const text = `${name} differs: ${values.map(({ id, value }) => `broker ${id} has ${value}`).join(', ')}`
    const advice = 'Give all brokers of the cluster the same, and restart one after the other.'
    return [(ofSecurity.has(name) ? problem : note)('settings', null, text, advice)]
  })
}

/** About what brokers say in their metrics. */
export const metricChecks: readonly Check[] = [
  ...states,
  checksums,
  disk,
  diskSpeed,
  certificate,
  exposed,
  reserves,
  series,
  differences,
]
