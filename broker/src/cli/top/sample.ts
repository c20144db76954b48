import type { BrokerBody, ClusterBody, TopicSummaryBody } from '../admin/answer-shapes.ts'
import { examine } from '../health/doctor.ts'
import type { ExaminedCluster } from '../health/doctor-findings.ts'
import type { Looking } from '../health/look-at-brokers.ts'

/** The cluster at one time; two of them make rates. */
export interface Sample extends ExaminedCluster {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number
}

/**
 * Asks every broker that is alive, each at its own address. Cluster and topics come from a broker that answered
 * `before`, so that one that stands still costs its silence once; else from the brokers of --server.
 * @throws CommandFailure: none of them can be asked
 */
export async function takeSample(looking: Looking, before: Sample | null): Promise<Sample> {
  const { pages, clock } = looking
  const { cluster, topics } = await overview(looking, before)
  const alive = cluster.brokers.filter((broker) => broker.alive)
  const answers = pages.metrics(alive, true).then((asked) => Promise.all(asked.map((page) => examine(page, pages))))
  const found = new Map((await answers).map((one) => [one.broker.id, one]))
  const brokers = cluster.brokers.map((broker) => found.get(broker.id) ?? notAlive(broker))
  return { at: clock.monotonic(), now: clock.now(), cluster, topics, brokers }
}

type Overview = Pick<ExaminedCluster, 'cluster' | 'topics'>

async function overview({ admin, pages }: Looking, before: Sample | null): Promise<Overview> {
  const answered = before?.brokers.find(({ metrics }) => metrics !== null)?.broker
  if (answered !== undefined) {
    const [cluster, topics] = await Promise.all([pages.cluster(answered), pages.topics(answered)])
    if (typeof cluster !== 'string' && typeof topics !== 'string') return { cluster, topics }
  }
  const [cluster, { topics }] = await Promise.all([
    admin.request('GET', '/cluster') as Promise<ClusterBody>,
    admin.request('GET', '/topics') as Promise<{ topics: TopicSummaryBody[] }>,
  ])
  return { cluster, topics }
}

function notAlive(broker: BrokerBody): Sample['brokers'][number] {
  const problem = 'the cluster does not hear of it'
  return { broker, metrics: null, problem, readiness: problem, cluster: problem, clockAheadMs: null }
}
