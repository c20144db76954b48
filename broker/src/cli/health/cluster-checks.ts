import type { ClusterBody } from '../admin/answer-shapes.ts'
import { type Check, type Examined, listed, note, problem } from './doctor-findings.ts'

/** More than the second that the answers leave open, and clocks that are kept differ by far less. */
const CLOCKS_APART_MS = 3_000
/** Leaders differ by chance where there are few. */
const LEADERS_APART = 4

const unreachable: Check = ({ brokers }) =>
  brokers.flatMap(({ broker: { id, http, alive }, problem: why }) => {
    if (!alive) {
      const advice =
        'Start it, or look at its log; if it is lost, see "A broker or a disk is lost" in docs/operations.md.'
      return [problem('not-alive', id, `broker ${id} is not alive: the cluster does not hear of it`, advice)]
    }
    if (why === '') return []
    const advice = 'Check the address that it gives to others (advertisedHttp), the network, and your rights.'
    return [problem('unreachable', id, `broker ${id} cannot be asked at ${http}: ${why}`, advice)]
  })

const unready: Check = ({ brokers }) =>
  brokers.flatMap(({ broker: { id, alive }, problem: why, readiness }) => {
    if (!alive || why !== '' || typeof readiness === 'string') return []
    if (readiness.ready) return []
    return [problem('not-ready', id, `broker ${id} is not ready: ${readiness.reason}`, 'Look at its log.')]
  })

/** A broker that gives its metrics and nothing else is not known to be well. */
const unknown: Check = ({ brokers }) =>
  brokers.flatMap(({ broker: { id }, problem: why, readiness, cluster, clockAheadMs }) => {
    if (why !== '') return []
    const missing = [
      ...(typeof readiness === 'string' ? [`whether it is ready (${readiness})`] : []),
      ...(typeof cluster === 'string' ? [`how it sees the cluster (${cluster})`] : []),
      ...(clockAheadMs === null ? ['the time of its clock'] : []),
    ]
    if (missing.length === 0) return []
    const text = `broker ${id} does not tell ${missing.join(', nor ')}`
    return [problem('unknown', id, text, 'Ask again; if it stays so, look at its log, its load and your rights.')]
  })

/** What a broker says of the cluster; nothing where it does not answer. */
function viewOf({ cluster }: Examined): readonly ClusterBody[] {
  return typeof cluster === 'string' ? [] : [cluster]
}

/** Each broker tells of which others it hears. */
const unheard: Check = ({ brokers }) =>
  brokers.flatMap((one) => {
    const { id } = one.broker
    const others = viewOf(one).flatMap((view) => view.brokers)
    const silent = others.filter((other) => !other.alive && isAlive(brokers, other.id))
    return silent.map((other) => {
      const text = `broker ${id} does not hear broker ${other.id}, which is alive`
      return problem('link', id, text, `Check the network from broker ${id} to ${other.peer}, and the logs of both.`)
    })
  })

function isAlive(brokers: readonly Examined[], id: number): boolean {
  return brokers.some(({ broker, metrics }) => broker.id === id && metrics !== null)
}

const metadata: Check = ({ cluster, brokers }) => {
  const leaders = new Set([cluster, ...brokers.flatMap(viewOf)].map((one) => one.metadataLeader))
  const clusters = new Set(brokers.flatMap(viewOf).map((view) => view.clusterId))
  const found = []
  if (clusters.size > 1) {
    const text = `brokers belong to different clusters: ${[...clusters].join(', ')}`
    found.push(problem('clusters', null, text, 'An address names a broker of another cluster: check them.'))
  }
  if (cluster.metadataLeader === 0) {
    const advice = 'A majority of its voters must be up: see "tailrace cluster members".'
    found.push(problem('metadata-leader', null, 'the metadata group has no leader', advice))
  } else if (leaders.size > 1) {
    const text = `brokers disagree on who leads the metadata: ${[...leaders].join(', ')}`
    found.push(note('metadata-leader', null, text, 'An election may be under way: look again in some seconds.'))
  }
  return found
}

const endOfUpdate = 'End the update: see "Upgrading" in docs/operations.md.'

const levels: Check = ({ cluster, brokers }) => {
  const { featureLevel = 1 } = cluster
  const highest = brokers.map(({ broker }) => ({ id: broker.id, level: broker.featureLevels?.highest ?? 1 }))
  const [least, most] = [Math.min(...highest.map((one) => one.level)), Math.max(...highest.map((one) => one.level))]
  if (highest.length > 0 && least < most) {
    const older = highest.filter(({ level }) => level < most).map(({ id }) => `broker ${id}`)
    const text = `${listed(older)} supports feature level ${least} at most, and others ${most}`
    return [note('feature-level', null, text, endOfUpdate)]
  }
  if (highest.length === 0 || least <= featureLevel) return []
  const text = `all brokers support feature level ${least}, and the cluster is at ${featureLevel}`
  const advice = '"tailrace cluster feature-level --raise", if you do not want to go back to the version before.'
  return [note('feature-level', null, text, advice)]
}

const versions: Check = ({ brokers }) => {
  const byVersion = new Map<string, string[]>()
  for (const { broker, metrics } of brokers) {
    const version = metrics?.all('tailrace_build_info')[0]?.labels.version
    if (version !== undefined) byVersion.set(version, [...(byVersion.get(version) ?? []), `broker ${broker.id}`])
  }
  if (byVersion.size < 2) return []
  const text = [...byVersion].map(([version, names]) => `${version} on ${listed(names)}`).join('; ')
  return [note('versions', null, `the brokers run different versions: ${text}`, endOfUpdate)]
}

const clocks: Check = ({ brokers }) => {
  const known = brokers.flatMap(({ broker, clockAheadMs }) =>
    clockAheadMs === null ? [] : [{ id: broker.id, ahead: clockAheadMs }],
  )
  known.sort((a, b) => a.ahead - b.ahead)
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined || last.ahead - first.ahead < CLOCKS_APART_MS) return []
  const apart = Math.round((last.ahead - first.ahead) / 1000)
  const text = `the clock of broker ${last.id} is about ${apart} s ahead of that of broker ${first.id}`
  return [
    problem(
      'clocks',
      last.id,
      text,
      'Keep the clocks of all machines by NTP: retention, expiry of tokens and timestamps follow them.',
    ),
  ]
}

const unevenLeaders: Check = ({ brokers }) => {
  const leading = brokers
    .filter(({ broker, metrics }) => broker.level === 0 && metrics !== null)
    .map(({ broker, metrics }) => ({ id: broker.id, leaders: metrics!.value('tailrace_leaderships') ?? 0 }))
    .sort((a, b) => a.leaders - b.leaders)
  const [least, most] = [leading[0], leading.at(-1)]
  if (least === undefined || most === undefined || leading.length < 2) return []
  const mean = leading.reduce((sum, { leaders }) => sum + leaders, 0) / leading.length
  if (most.leaders - least.leaders < LEADERS_APART || most.leaders < 2 * mean) return []
  const text = `broker ${most.id} leads ${most.leaders} groups, and broker ${least.id} ${least.leaders}`
  const advice =
    'Leaderships return by themselves (leaderReturnMs); where they do not, see "Who leads" in docs/operations.md.'
  return [problem('uneven-leaders', most.id, text, advice)]
}

const replication: Check = ({ topics, brokers }) => {
  const replicating = brokers.filter(({ broker }) => broker.level === 0).length
  const single = topics.filter(({ replicas }) => replicas === 1).map(({ name }) => name)
  if (single.length === 0 || replicating < 2) return []
  const text = `topics with one replica, which the loss of a disk deletes: ${listed(single)}`
  return [note('one-replica', null, text, 'Give their partitions more: "tailrace partition change".')]
}

/** About brokers and what they say of each other. */
export const clusterChecks: readonly Check[] = [
  unreachable,
  unready,
  unknown,
  unheard,
  metadata,
  levels,
  versions,
  clocks,
  unevenLeaders,
  replication,
]
