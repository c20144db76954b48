import type { ClusterBody, TopicSummaryBody } from '../admin/answer-shapes.ts'
import { ExitCode } from '../command-failure.ts'
import { plural } from '../quantity.ts'
import type { BrokerPage, BrokerPages } from './broker-pages.ts'
import { clusterChecks } from './cluster-checks.ts'
import type { DoctorFinding, Examined, ExaminedCluster } from './doctor-findings.ts'
import type { Looking } from './look-at-brokers.ts'
import { metricChecks } from './metric-checks.ts'

/** `tailrace doctor`: asks every broker, prints what somebody should do. Failed: there is a problem. */
export async function doctor({ admin, pages, clock, json, terminal }: Looking): Promise<ExitCode> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  const { topics } = (await admin.request('GET', '/topics')) as { topics: TopicSummaryBody[] }
  const asked = await pages.metrics(cluster.brokers, true)
  const brokers = await Promise.all(asked.map((page) => examine(page, pages)))
  const examined: ExaminedCluster = { cluster, topics, brokers, now: clock.now() }
  const findings = diagnose(examined)
  const healthy = findings.every(({ severity }) => severity !== 'problem')
  const document = { clusterId: cluster.clusterId, brokers: brokers.length, topics: topics.length, healthy, findings }
  terminal.print(json ? JSON.stringify(document) : findingsText(examined, findings))
  return healthy ? ExitCode.Done : ExitCode.Failed
}

/** What the broker of a page says beside its metrics. */
export async function examine(page: BrokerPage, pages: BrokerPages): Promise<Examined> {
  const { broker } = page
  if (page.metrics === null) return { ...page, readiness: page.problem, cluster: page.problem, clockAheadMs: null }
  const [readiness, cluster, clockAheadMs] = await Promise.all([
    pages.readiness(broker),
    pages.cluster(broker),
    pages.clockAhead(broker),
  ])
  return { ...page, readiness, cluster, clockAheadMs }
}

/** Problems first. */
export function diagnose(examined: ExaminedCluster): DoctorFinding[] {
  const all = [...clusterChecks, ...metricChecks].flatMap((check) => check(examined))
  return [...all.filter(({ severity }) => severity === 'problem'), ...all.filter(({ severity }) => severity === 'note')]
}

function findingsText({ brokers, topics }: ExaminedCluster, findings: readonly DoctorFinding[]): string {
  const problems = findings.filter(({ severity }) => severity === 'problem').length
  const lines = findings.map(
    ({ severity, problem, advice }) => `${severity === 'problem' ? 'PROBLEM' : 'note'}  ${problem}\n  ${advice}`,
  )
  const looked = `${plural(brokers.length, 'broker')}, ${plural(topics.length, 'topic')} looked at`
  return [...lines, problems === 0 ? `healthy: ${looked}` : `${plural(problems, 'problem')}; ${looked}`].join('\n')
}
