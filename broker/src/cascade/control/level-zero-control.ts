import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi, ClusterDescription } from '../../api/broker-api.ts'
import { FIRST_LEVEL } from '../../cluster/metadata/feature-levels.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { checkReports, checkSender } from '../wire/beat-checks.ts'
import type {
  Assignment,
  CascadeApi,
  CascadeBeat,
  CascadeBeatReply,
  CascadeReport,
  CascadeStatus,
} from '../wire/cascade-messages.ts'
import { assignSources } from './assignment.ts'
import { ancestorsOf, checkAssignment } from './chain.ts'
import { CascadeRegistry, reportLifeMs } from './registry.ts'
import { TopicList } from './topic-list.ts'

export interface LevelZeroControlDeps {
  readonly api: Pick<BrokerApi, 'brokerId' | 'listTopics' | 'topicsVersion' | 'describeCluster'>
  readonly clock: Clock
  /** Puts a question to another broker of level 0, which answers it with `answer`. Rejects with TailraceError. */
  readonly ask: (broker: BrokerId, json: string, timeoutMs: number) => Promise<string>
}

/** Between brokers of level 0. */
export type TopQuestion =
  | { readonly about: 'beat'; readonly reports: readonly CascadeReport[] }
  | { readonly about: 'status' }
  | { readonly about: 'assign'; readonly broker: BrokerId; readonly source: BrokerId }

interface Decision {
  readonly assignments: readonly Assignment[]
  readonly cascades: ClusterDescription['brokers']
}

const askMs = 1_000
const assignMs = 20_000
const confirmEveryMs = 100
/** One that is known only since a moment ago may have a source already that has not told it yet. */
const settleMs = reportLifeMs

/**
 * A broker of level 0 as the source of cascade brokers. The leader of the metadata group keeps the list of all of them and decides on sources (M89); the others pass on to it what they
 * hear. The list is soft state: docs/decisions/cascade-soft-state.md.
 */
export class LevelZeroControl implements CascadeApi {
  readonly #deps: LevelZeroControlDeps
  readonly #registry: CascadeRegistry
  readonly #topics: TopicList
  readonly #wishes = new Map<BrokerId, BrokerId>()
  #ledSince: number | null = null

  constructor(deps: LevelZeroControlDeps) {
    this.#deps = deps
    this.#registry = new CascadeRegistry(deps.clock)
    this.#topics = new TopicList(deps.clock, deps.api)
  }

  async beat(beat: CascadeBeat): Promise<CascadeBeatReply> {
    const { brokerId } = this.#deps.api
    const cluster = await this.#deps.api.describeCluster()
    const { clusterId } = cluster
    if (clusterId === '') throw new TailraceError('NOT_READY', 'The cluster is not formed.')
    if (beat.clusterId !== '' && beat.clusterId !== clusterId) {
      throw new TailraceError('CLUSTER_MISMATCH', `This is cluster ${clusterId}.`)
    }
    checkSender(
      beat,
      cluster.brokers.map(({ id }) => id),
    )
    this.#hear(checkReports(beat.reports), cluster)
    const { assignments, cascades } = await this.#decision(beat.reports, cluster)
    const topics = this.#topics.get()
    return {
      ...{ clusterId, broker: brokerId, level: 0, ancestors: [brokerId], assignments },
      cluster: { ...cluster, brokers: [...cluster.brokers, ...cascades] },
      topics: topics.digest,
      topicsVersion: topics.version,
      topicList: topics.digest === beat.topics ? null : topics.topics,
    }
  }

  async status(): Promise<CascadeStatus> {
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#status(cluster)
    return (await this.#askLeader(cluster, { about: 'status' }, askMs)) as CascadeStatus
  }

  async assign(broker: BrokerId, source: BrokerId): Promise<void> {
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#assign(broker, source, cluster)
    await this.#askLeader(cluster, { about: 'assign', broker, source }, assignMs + askMs)
  }

  /** Brokers of all levels. */
  async describeCluster(): Promise<ClusterDescription> {
    const cluster = await this.#deps.api.describeCluster()
    try {
      const { brokers } = await this.status()
      return { ...cluster, brokers: [...cluster.brokers, ...brokers.map(asBroker)] }
    } catch {
      // The metadata leader is out of reach: what this broker has heard itself.
      return { ...cluster, brokers: [...cluster.brokers, ...this.#registry.all().map(asBroker)] }
    }
  }

  /** How many cascade brokers this one knows. */
  get known(): number {
    return this.#registry.all().length
  }

  /** Answers another broker of level 0. @throws TailraceError NOT_LEADER and what the question gives */
  async answer(json: string): Promise<string> {
    const question = questionFrom(json)
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader !== this.#deps.api.brokerId) throw new TailraceError('NOT_LEADER')
    switch (question.about) {
      case 'beat':
        this.#hear(question.reports, cluster)
        return JSON.stringify(this.#decide(question.reports, cluster))
      case 'status':
        return JSON.stringify(this.#status(cluster))
      case 'assign':
        await this.#assign(question.broker, question.source, cluster)
        return 'null'
    }
  }

  /** A cascade broker far below may have begun with a number of level 0 before it could be told. */
  #hear(reports: readonly CascadeReport[], { brokers }: ClusterDescription): void {
    this.#registry.take(reports.filter(({ broker }) => !brokers.some(({ id }) => id === broker)))
  }

  async #decision(reports: readonly CascadeReport[], cluster: ClusterDescription): Promise<Decision> {
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#decide(reports, cluster)
    this.#ledSince = null
    try {
      return (await this.#askLeader(cluster, { about: 'beat', reports }, askMs)) as Decision
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'BROKER_IDENTITY_MISMATCH') throw error
      // Without a leader everybody stays where he is.
      return { assignments: [], cascades: this.#registry.all().map(asBroker) }
    }
  }

  #decide(asked: readonly CascadeReport[], cluster: ClusterDescription): Decision {
    const now = this.#deps.clock.monotonic()
    this.#ledSince ??= now
    const known = this.#registry.all()
    const cascades = known.map(asBroker)
    const of = new Set(asked.map(({ broker }) => broker))
    for (const { broker, pinned } of known) if (this.#wishes.get(broker) === pinned) this.#wishes.delete(broker)
    // A leader that has just taken over does not know all of them yet, and would balance over some.
    const settled = now - this.#ledSince >= settleMs
    const sources = this.#assignments(known, cluster)
    const assignments: Assignment[] = []
    for (const { broker, source } of known) {
      const wish = this.#wishes.get(broker)
      if (!of.has(broker) || (!settled && wish === undefined)) continue
      assignments.push({ broker, source: sources.get(broker) ?? source, pin: wish ?? null })
    }
    return { assignments, cascades }
  }

  #assignments(known: readonly CascadeReport[], cluster: ClusterDescription): Map<BrokerId, BrokerId> {
    const seekers = known.map(({ broker, home, source, pinned }) => ({
      ...{ broker, home, source },
      pinned: this.#wishes.get(broker) ?? pinned,
    }))
    const settled = known.filter(({ level, home, source }) => level === home && source !== 0)
    const sources = [
      ...cluster.brokers.filter(({ alive }) => alive).map(({ id }) => ({ broker: id, level: 0 })),
      ...settled.map(({ broker, level }) => ({ broker, level })),
    ]
    const assigned = assignSources(seekers, sources)
    // Choices of operators may contradict each other by now, one way or another around.
    for (const [broker, source] of assigned) if (ancestorsOf(source, known).includes(broker)) assigned.delete(broker)
    return assigned
  }

  #status(cluster: ClusterDescription): CascadeStatus {
    const known = this.#registry.all()
    const sources = this.#assignments(known, cluster)
    return { brokers: known.map((report) => ({ ...report, assigned: sources.get(report.broker) ?? report.source })) }
  }

  async #assign(broker: BrokerId, source: BrokerId, cluster: ClusterDescription): Promise<void> {
    const { clock } = this.#deps
    checkAssignment(broker, source, this.#registry.all(), new Set(cluster.brokers.map(({ id }) => id)))
    this.#wishes.set(broker, source)
    const deadline = clock.monotonic() + assignMs
    const taken = (): boolean =>
      this.#registry
        .all()
        .some(
          (report) =>
            report.broker === broker && report.pinned === source && (source === 0 || report.source === source),
        )
    while (!taken()) {
      if (clock.monotonic() >= deadline) {
        this.#wishes.delete(broker)
        throw new TailraceError('TIMED_OUT', `Cascade broker ${broker} has not moved to ${source}.`)
      }
      await pause(clock, confirmEveryMs)
    }
  }

  async #askLeader(cluster: ClusterDescription, question: TopQuestion, timeoutMs: number): Promise<unknown> {
    if (cluster.metadataLeader === 0) throw new TailraceError('LEADER_UNAVAILABLE', 'The metadata group has no leader.')
    return JSON.parse(await this.#deps.ask(cluster.metadataLeader, JSON.stringify(question), timeoutMs))
  }
}

function questionFrom(json: string): TopQuestion {
  let question: { about?: unknown; reports?: unknown; broker?: unknown; source?: unknown }
  try {
    question = JSON.parse(json) ?? {}
  } catch {
    throw new TailraceError('INVALID_REQUEST', 'A question about cascade brokers cannot be read.')
  }
  const { about, reports, broker, source } = question
  if (about === 'status') return { about }
  if (about === 'beat') return { about, reports: checkReports(reports) }
  if (about === 'assign' && isBrokerNumber(broker) && (source === 0 || isBrokerNumber(source))) {
    return { about, broker, source }
  }
  throw new TailraceError('INVALID_REQUEST', 'An unknown question about cascade brokers.')
}

function isBrokerNumber(value: unknown): value is BrokerId {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function asBroker({
  broker,
  http,
  level,
  source,
  featureLevels = FIRST_LEVEL,
}: CascadeReport): ClusterDescription['brokers'][number] {
  // It says 0 until it has had a source; in the list of all brokers that is the level of those that hold replicas.
  return { id: broker, http, peer: '', level: Math.max(1, level), alive: source !== 0, pid: 0, featureLevels }
}
