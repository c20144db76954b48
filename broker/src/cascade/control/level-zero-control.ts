import type { Assignment, BrokerId, CascadeReport } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Asker, BrokerApi, ClusterDescription } from '../../api/broker-api.ts'
import { CONSUMER_GROUPS_TOPIC } from '../../api/consumer-groups-api.ts'
import { STREAMS_TOPIC } from '../../api/streams-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { checkReports, checkSender } from '../wire/beat-checks.ts'
import type {
  CascadeApi,
  CascadeBeat,
  CascadeBeatReply,
  CascadeStatus,
  Decision,
  SecurityPage,
  TopicPage,
} from '../wire/cascade-messages.ts'
import { AssignmentPlan, type Heard } from './assignment-plan.ts'
import { checkAssignment } from './chain.ts'
import { describeCascades } from './described-cascades.ts'
import { CascadeRegistry, reportLifeMs } from './registry.ts'
import type { SecurityList } from './security-list.ts'
import { TopicList } from './topic-list.ts'
import { topicRefusals } from './topic-refusals.ts'

/**
 * Questions to the leader of the metadata group, which answers with the methods `…AsLeader`. They reject with
 * TailraceError.
 */
export interface LeaderQuestions {
  reports(leader: BrokerId, reports: readonly CascadeReport[], timeoutMs: number): Promise<Decision>
  status(leader: BrokerId, asker: Asker | undefined, timeoutMs: number): Promise<CascadeStatus>
  assign(leader: BrokerId, wish: SourceWish, asker: Asker | undefined, timeoutMs: number): Promise<void>
}

/** `source` 0: the metadata leader chooses. */
export interface SourceWish {
  readonly broker: BrokerId
  readonly source: BrokerId
}

export interface LevelZeroControlDeps {
  readonly api: Pick<BrokerApi, 'brokerId' | 'listTopics' | 'topicsVersion' | 'describeCluster'>
  readonly clock: Clock
  readonly questions: LeaderQuestions
  /** Users, tokens, rules and quotas of the cluster. Default: none are given to brokers below. */
  readonly security?: SecurityList
}

const askMs = 1_000
const assignMs = 20_000
const confirmEveryMs = 100
/** A cascade broker that is known only since a moment ago may have a source that has not been reported yet. */
const settleMs = reportLifeMs

/**
 * A broker of level 0 as the source of cascade brokers. The leader of the metadata group keeps the list of all of them
 * and decides on sources (M89); the others pass on to it the reports that they get. The list is soft state:
 * docs/decisions/cascade-soft-state.md.
 */
export class LevelZeroControl implements CascadeApi {
  readonly #deps: LevelZeroControlDeps
  readonly #registry: CascadeRegistry
  readonly #topics: TopicList
  readonly #wishes = new Map<BrokerId, BrokerId>()
  #ledSince: number | null = null
  #plan: AssignmentPlan

  constructor(deps: LevelZeroControlDeps) {
    this.#deps = deps
    this.#registry = new CascadeRegistry(deps.clock)
    this.#topics = new TopicList(deps.clock, copiedTopics(deps.api))
    this.#plan = new AssignmentPlan(deps.clock)
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
      clusterId,
      broker: brokerId,
      level: 0,
      ancestors: [brokerId],
      assignments,
      cluster: { ...cluster, brokers: [...cluster.brokers, ...cascades] },
      topics: topics.digest,
      topicsVersion: topics.version,
      caughtUp: true,
      security: this.#deps.security?.digest ?? '',
    }
  }

  topicPage(from: number): TopicPage {
    return this.#topics.page(from)
  }

  securityPage(from: number): SecurityPage {
    if (this.#deps.security === undefined) throw new TailraceError('NOT_READY')
    return this.#deps.security.page(from)
  }

  async status(asker?: Asker): Promise<CascadeStatus> {
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#status(cluster)
    return this.#deps.questions.status(leaderOf(cluster), asker, askMs)
  }

  async assign(broker: BrokerId, source: BrokerId, asker?: Asker): Promise<void> {
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#assign(broker, source, cluster)
    await this.#deps.questions.assign(leaderOf(cluster), { broker, source }, asker, assignMs + askMs)
  }

  /** Brokers of all levels. */
  async describeCluster(): Promise<ClusterDescription> {
    const cluster = await this.#deps.api.describeCluster()
    try {
      const { brokers } = await this.status()
      return { ...cluster, brokers: [...cluster.brokers, ...describeCascades(brokers)] }
    } catch {
      // The metadata leader cannot be reached: the reports that this broker has got itself.
      return { ...cluster, brokers: [...cluster.brokers, ...describeCascades(this.#registry.all())] }
    }
  }

  /** The cascade brokers that this one knows. */
  below(): readonly CascadeReport[] {
    return this.#registry.all()
  }

  /** How many cascade brokers this one knows. */
  get known(): number {
    return this.#registry.all().length
  }

  /**
   * Decides for another broker of level 0, which has got these reports.
   * @throws TailraceError NOT_LEADER, BROKER_IDENTITY_MISMATCH, OVERLOADED
   */
  async hearAsLeader(reports: readonly CascadeReport[]): Promise<Decision> {
    const cluster = await this.#ledHere()
    this.#hear(reports, cluster)
    return this.#decide(reports, cluster)
  }

  async statusAsLeader(): Promise<CascadeStatus> {
    return this.#status(await this.#ledHere())
  }

  /** @throws TailraceError NOT_LEADER, UNKNOWN_BROKER, CASCADE_CYCLE, TIMED_OUT */
  async assignAsLeader(broker: BrokerId, source: BrokerId): Promise<void> {
    await this.#assign(broker, source, await this.#ledHere())
  }

  async #ledHere(): Promise<ClusterDescription> {
    const cluster = await this.#deps.api.describeCluster()
    if (cluster.metadataLeader !== this.#deps.api.brokerId) throw new TailraceError('NOT_LEADER')
    return cluster
  }

  /** A cascade broker far below may have begun with a number of level 0 before it could be told. */
  #hear(reports: readonly CascadeReport[], { brokers }: ClusterDescription): void {
    this.#registry.take(reports.filter(({ broker }) => !brokers.some(({ id }) => id === broker)))
  }

  async #decision(reports: readonly CascadeReport[], cluster: ClusterDescription): Promise<Decision> {
    if (cluster.metadataLeader === this.#deps.api.brokerId) return this.#decide(reports, cluster)
    this.#ledSince = null
    try {
      return await this.#deps.questions.reports(leaderOf(cluster), reports, askMs)
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'BROKER_IDENTITY_MISMATCH') throw error
      // Without a leader all brokers keep the source that they have.
      return { assignments: [], cascades: describeCascades(this.#registry.all()) }
    }
  }

  #decide(asked: readonly CascadeReport[], cluster: ClusterDescription): Decision {
    const now = this.#deps.clock.monotonic()
    if (this.#ledSince === null) this.#plan = new AssignmentPlan(this.#deps.clock)
    this.#ledSince ??= now
    const known = this.#registry.all()
    const cascades = describeCascades(known)
    const of = new Set(asked.map(({ broker }) => broker))
    for (const { broker, pinned } of known) if (this.#wishes.get(broker) === pinned) this.#wishes.delete(broker)
    // A leader that has just taken over does not know all of them yet, and would balance over some.
    const settled = now - this.#ledSince >= settleMs
    const heard = this.#heard(known, cluster)
    const sources = settled ? this.#plan.decide(heard) : this.#plan.preview(heard)
    const assignments: Assignment[] = []
    for (const { broker, source } of known) {
      const wish = this.#wishes.get(broker)
      // One without a source finds one by itself, and would leave it again for this one.
      if (!of.has(broker) || (wish === undefined && (!settled || source === 0))) continue
      assignments.push({ broker, source: sources.get(broker) ?? source, pin: wish ?? null })
    }
    return { assignments, cascades }
  }

  #heard(known: readonly CascadeReport[], cluster: ClusterDescription): Heard {
    return { known, cluster, wishes: this.#wishes }
  }

  #status(cluster: ClusterDescription): CascadeStatus {
    const known = this.#registry.all()
    const sources = this.#plan.preview(this.#heard(known, cluster))
    return { brokers: known.map((report) => ({ ...report, assigned: sources.get(report.broker) ?? report.source })) }
  }

  async #assign(broker: BrokerId, source: BrokerId, cluster: ClusterDescription): Promise<void> {
    const { clock } = this.#deps
    checkAssignment(broker, source, this.#registry.all(), new Set(cluster.brokers.map(({ id }) => id)))
    if (topicRefusals(this.#registry.all())(source, broker)) {
      throw new TailraceError('TOPIC_NOT_COPIED', `${broker} copies topics that ${source} does not copy.`)
    }
    this.#wishes.set(broker, source)
    this.#plan.outdated()
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
        this.#plan.outdated()
        throw new TailraceError('TIMED_OUT', `Cascade broker ${broker} has not moved to ${source}.`)
      }
      await pause(clock, confirmEveryMs)
    }
  }
}

function leaderOf({ metadataLeader }: ClusterDescription): BrokerId {
  if (metadataLeader === 0) throw new TailraceError('LEADER_UNAVAILABLE', 'The metadata group has no leader.')
  return metadataLeader
}

const ofMachines: readonly string[] = [CONSUMER_GROUPS_TOPIC, STREAMS_TOPIC]

/** The logs of state machines are cut by snapshots that cascade brokers do not have, and have nothing for readers. */
function copiedTopics(api: Pick<BrokerApi, 'listTopics' | 'topicsVersion'>): typeof api {
  return {
    listTopics: () => api.listTopics().filter(({ name }) => !ofMachines.includes(name)),
    topicsVersion: () => api.topicsVersion(),
  }
}
