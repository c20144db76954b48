import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { HttpClient } from '../../platform/http-client.ts'
import { notTheSource } from '../upstream/not-copied.ts'
import type { Uplink } from '../upstream/uplink.ts'
import type { Vouching } from '../upstream/vouching.ts'
import { checkStatus } from '../wire/answer-checks.ts'
import { checkReports, checkSender } from '../wire/beat-checks.ts'
import type {
  CascadeApi,
  CascadeBeat,
  CascadeBeatReply,
  CascadeStatus,
  SecurityPage,
  TopicPage,
} from '../wire/cascade-messages.ts'
import { TopicChoice } from '../wire/topic-choice.ts'
import type { CascadeRegistry } from './registry.ts'
import type { SecurityList } from './security-list.ts'
import type { TopicList } from './topic-list.ts'

export interface RelayedControlDeps {
  readonly brokerId: BrokerId
  readonly clusterId: () => string
  readonly registry: CascadeRegistry
  readonly topics: TopicList
  /** The topics that this broker copies. */
  readonly choice: TopicChoice
  readonly security: SecurityList
  readonly uplink: Uplink
  readonly http: HttpClient
  readonly vouch: Vouching
  readonly caughtUp: () => boolean
}

/** Confirming takes a beat of each level on the way. */
const assignTimeoutMs = 25_000
const statusTimeoutMs = 5_000

/**
 * A cascade broker as the source of others: passes on their reports with its own beat, and the decisions of level 0
 * with its answers.
 */
export class RelayedControl implements CascadeApi {
  readonly #deps: RelayedControlDeps

  constructor(deps: RelayedControlDeps) {
    this.#deps = deps
  }

  async beat(beat: CascadeBeat): Promise<CascadeBeatReply> {
    const { brokerId, registry, topics, uplink } = this.#deps
    const clusterId = this.#deps.clusterId()
    const { last, ancestors } = uplink
    if (clusterId === '' || last === null) {
      throw new TailraceError('NOT_READY', 'This cascade broker has had no source since its start.')
    }
    if (beat.clusterId !== '' && beat.clusterId !== clusterId) {
      throw new TailraceError('CLUSTER_MISMATCH', `This is cluster ${clusterId}.`)
    }
    if (ancestors.includes(beat.broker)) {
      throw new TailraceError(
        'CASCADE_CYCLE',
        `${brokerId} copies from ${ancestors.slice(1).join(', which copies from ')}.`,
      )
    }
    const levelZero = last.cluster.brokers.filter(({ level }) => level === 0)
    checkSender(
      beat,
      levelZero.map(({ id }) => id),
    )
    // One that is refused is heard of: operators see that it has no source.
    registry.take(checkReports(beat.reports))
    const wanted = new TopicChoice(beat.reports[0]?.topics ?? [])
    const { choice } = this.#deps
    if (!choice.covers(wanted)) throw notTheSource(beat.broker, choice.patterns, this.#deps)
    const asked = new Set(beat.reports.map(({ broker }) => broker))
    const list = topics.get()
    return {
      clusterId,
      broker: brokerId,
      level: uplink.level,
      ancestors,
      assignments: last.assignments.filter(({ broker }) => asked.has(broker)),
      cluster: last.cluster,
      topics: list.digest,
      topicsVersion: list.version,
      caughtUp: this.#deps.caughtUp(),
      security: this.#deps.security.digest,
    }
  }

  topicPage(from: number): TopicPage {
    return this.#deps.topics.page(from)
  }

  securityPage(from: number): SecurityPage {
    return this.#deps.security.page(from)
  }

  /** This and `assign` are an operator's own requests, and are forwarded as they came: over HTTP. */
  async status(asker?: Asker): Promise<CascadeStatus> {
    const { address, answer } = await this.#ask('GET', '/cascade', undefined, statusTimeoutMs, asker)
    return checkStatus(answer, address)
  }

  async assign(broker: BrokerId, source: BrokerId, asker?: Asker): Promise<void> {
    await this.#ask('PUT', `/cascade/brokers/${broker}/source`, { source }, assignTimeoutMs, asker)
  }

  async #ask(method: 'GET' | 'PUT', path: string, body: unknown, timeoutMs: number, asker: Asker | undefined) {
    const { http, uplink, vouch } = this.#deps
    const { address } = await uplink.whenSession(0)
    return { address, answer: await http.request(method, address, path, body, timeoutMs, vouch.header(asker)) }
  }
}
