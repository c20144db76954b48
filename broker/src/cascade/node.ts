import type { BrokerId, CascadeReport } from '@tailrace/schemas'
import type { AdminService } from '../api/admin-api.ts'
import type { Asker, BrokerApi } from '../api/broker-api.ts'
import type { BrokerCondition, Condition } from '../api/condition.ts'
import type { ConsumerGroupsApi, ConsumerGroupsService } from '../api/consumer-groups-api.ts'
import { conditionOf } from '../cluster/members/conditions.ts'
import { featureLevels } from '../cluster/metadata/feature-levels.ts'
import { listAll } from '../consumer-groups/asking/list-all.ts'
import type { CommittedLogs } from '../log/committed-logs.ts'
import type { StateStore } from '../log/log-storage.ts'
import type { Crc32c } from '../platform/checksum.ts'
import type { Clock, TimerHandle } from '../platform/clock.ts'
import type { Crypto } from '../platform/crypto.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Logger } from '../platform/logger.ts'
import type { MessageSockets } from '../platform/message-socket.ts'
import type { Random } from '../platform/random.ts'
import type { SecurityTables } from '../security/security-tables.ts'
import { createCascadeApi } from './cascade-facade.ts'
import { CatchUp } from './catch-up.ts'
import { conditionsAbove } from './conditions-above.ts'
import { OwnTraffic } from './control/own-traffic.ts'
import { CascadeRegistry } from './control/registry.ts'
import { RelayedControl } from './control/relayed-control.ts'
import { SecurityList } from './control/security-list.ts'
import { TopicList } from './control/topic-list.ts'
import { Copies } from './copies/copies.ts'
import { Forwarding } from './forwarding.ts'
import { remoteAdmin } from './remote-admin.ts'
import { CopiedTables } from './upstream/copied-tables.ts'
import type { CopyCounts } from './upstream/follower.ts'
import { CascadeIdentity } from './upstream/identity.ts'
import { SourceSession } from './upstream/source-session.ts'
import { Uplink } from './upstream/uplink.ts'
import { vouching } from './upstream/vouching.ts'
import type { CascadeApi } from './wire/cascade-messages.ts'
import { TopicChoice } from './wire/topic-choice.ts'

export interface CascadeNodeDeps {
  readonly brokerId: BrokerId
  /** The address that clients and brokers below are told. */
  readonly http: string
  /** Where it stands. Default: not told. */
  readonly rack?: string
  /** WebSockets that are open. Default: not told. */
  readonly connections?: () => number
  /** Bytes of batches since the start: to all, and thereof to brokers below. Default: none. */
  readonly sent?: () => { readonly all: number; readonly toCascades: number }
  /** HTTP addresses of brokers one level up: any of them will do. */
  readonly sources: readonly string[]
  /** The topics that it copies, as the setting has them. Default: all. */
  readonly topics?: readonly string[]
  readonly storage: CommittedLogs
  readonly store: StateStore
  readonly client: HttpClient
  readonly sockets: MessageSockets
  /** See SessionDeps. */
  readonly token?: () => string | null
  /** See SessionDeps. */
  readonly certified?: () => boolean
  /** See vouching.ts. Default: they are not. */
  readonly asksClients?: boolean
  readonly clock: Clock
  readonly random: Random
  readonly crc32c: Crc32c
  readonly crypto: Pick<Crypto, 'hash'>
  readonly logger: Logger
  /** See CatchUp. */
  readonly readyLagMs: number
  readonly diskShortage?: () => string | null
}

/** How far this broker is behind its source, over all partitions. */
export interface CascadeLag {
  readonly records: number
  /** By the mean size of the records of each copy. */
  readonly bytes: number
  /** Of the partition that lacks most. */
  readonly mostRecords: number
  /** Of the partition that has lacked records for longest; at least the time without a source. */
  readonly milliseconds: number
  readonly partitions: number
  readonly stopped: number
}

/** A broker outside of the quorum: it copies committed records from a source and serves them (M88). */
export class CascadeNode {
  readonly api: BrokerApi
  readonly admin: AdminService
  readonly consumerGroups: ConsumerGroupsService
  readonly control: CascadeApi
  readonly uplink: Uplink
  readonly counts: CopyCounts = { batches: 0, bytes: 0, newBeginnings: 0, missedRecords: 0 }
  readonly #deps: CascadeNodeDeps
  readonly #choice: TopicChoice
  readonly #identity: CascadeIdentity
  readonly #copies: Copies
  readonly #security: CopiedTables
  readonly #registry: CascadeRegistry
  readonly #catchUp: CatchUp
  readonly #conditions: () => Promise<readonly BrokerCondition[]>
  readonly #traffic: OwnTraffic
  #retention: TimerHandle | null = null

  private constructor(
    deps: CascadeNodeDeps & { readonly choice: TopicChoice },
    identity: CascadeIdentity,
    copies: Copies,
    security: CopiedTables,
  ) {
    this.#deps = deps
    this.#choice = deps.choice
    this.#security = security
    this.#identity = identity
    this.#copies = copies
    const { brokerId, clock, client, http, storage } = deps
    const clusterId = (): string => identity.fields.clusterId
    const session = { ...deps, copies, security, clusterId, counts: this.counts, writable: () => storage.writable }
    const describe = () => ({
      clusterId: clusterId(),
      broker: brokerId,
      reports: [this.report(), ...this.#registry.all()],
    })
    const open = (address: string) => SourceSession.open(address, { ...session, describe })
    this.#traffic = new OwnTraffic(clock, () => {
      const { all, toCascades } = deps.sent?.() ?? { all: 0, toCascades: 0 }
      return { sent: all, sentBelow: toCascades, copied: this.counts.bytes }
    })
    this.uplink = new Uplink({ ...deps, identity, given: deps.sources, open })
    this.#registry = new CascadeRegistry(clock)
    this.#catchUp = new CatchUp({ ...deps, copies, uplink: this.uplink, identity })
    const vouch = vouching(deps.asksClients ?? false)
    const forwarding = new Forwarding(this.uplink, vouch, clock)
    const [{ uplink }, catchUp] = [this, this.#catchUp]
    this.api = createCascadeApi({
      brokerId,
      http,
      report: () => this.report(),
      clusterId,
      copies,
      uplink,
      catchUp,
      forwarding,
      client,
      vouch,
      clock,
    })
    const admin = (asker?: Asker) => remoteAdmin(uplink, client, vouch, asker)
    this.admin = { own: admin(), for: admin }
    this.consumerGroups = forwardedGroups(forwarding)
    this.#conditions = () => conditionsAbove({ brokerId, uplink, client, vouch })
    // Brokers below are told of all topics, so that they can say of each where it is.
    const topics = new TopicList(clock, { listTopics: () => copies.known(), topicsVersion: () => copies.version })
    const caughtUp = (): boolean => catchUp.done
    this.control = new RelayedControl({
      brokerId,
      clusterId,
      registry: this.#registry,
      choice: this.#choice,
      topics,
      security: new SecurityList(() => (security.digest === '' ? null : security.tables), deps.crypto),
      uplink,
      http: client,
      vouch,
      caughtUp,
    })
  }

  /**
   * Before the first request. Finding a source goes on in the background; `api.readiness()` tells.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH, NEWER_FORMAT, STORAGE_CORRUPT
   */
  static async open(deps: CascadeNodeDeps): Promise<CascadeNode> {
    const identity = await CascadeIdentity.load(deps.store, deps.brokerId, deps.random)
    const choice = new TopicChoice(deps.topics ?? [])
    const copies = new Copies({ ...deps, choice })
    await copies.load()
    return new CascadeNode({ ...deps, choice }, identity, copies, await CopiedTables.load(deps.store))
  }

  /** Users, tokens, rules and quotas of the cluster, as far as they are known here. */
  get tables(): SecurityTables {
    return this.#security.tables
  }

  /** The cascade brokers below this one. */
  below(): readonly CascadeReport[] {
    return this.#registry.all()
  }

  get partitions(): Pick<Copies, 'all' | 'count'> {
    return this.#copies
  }

  start(): void {
    this.#retention = this.#copies.startRetention()
    this.uplink.start()
  }

  /** Before the log is closed. */
  close(): void {
    this.#retention?.cancel()
    this.uplink.close()
  }

  get lag(): CascadeLag {
    const lag = {
      records: 0,
      bytes: 0,
      mostRecords: 0,
      milliseconds: this.uplink.withoutMs(),
      partitions: 0,
      stopped: 0,
    }
    // For copies that have no record yet, whose size is not known.
    let [held, heldBytes, ofEmptyCopies] = [0, 0, 0]
    for (const copy of this.#copies.all()) {
      const { lagRecords, recordBytes, log } = copy
      lag.partitions++
      lag.records += lagRecords
      lag.mostRecords = Math.max(lag.mostRecords, lagRecords)
      lag.milliseconds = Math.max(lag.milliseconds, copy.lagMs())
      if (copy.stopped !== '') lag.stopped++
      held += log.endOffset - log.startOffset
      heldBytes += log.sizeBytes
      if (recordBytes === null) ofEmptyCopies += lagRecords
      else lag.bytes += lagRecords * recordBytes
    }
    if (held > 0) lag.bytes += ofEmptyCopies * (heldBytes / held)
    return { ...lag, bytes: Math.round(lag.bytes), milliseconds: Math.round(lag.milliseconds) }
  }

  /** Of this broker, now. */
  condition(): Condition {
    return this.#conditionWith(this.lag.stopped)
  }

  #conditionWith(stopped: number): Condition {
    return conditionOf(this.#deps.storage, this.#catchUp.readiness(), { quarantined: 0, stopped })
  }

  /** Of all other brokers, as the source tells. Never rejects. */
  conditionsOfOthers(): Promise<readonly BrokerCondition[]> {
    return this.#conditions()
  }

  /** The report about itself. */
  report(): CascadeReport {
    const { records, bytes, milliseconds, partitions, stopped } = this.lag
    const { directoryId, home, pinned } = this.#identity.fields
    return {
      broker: this.#deps.brokerId,
      directoryId,
      http: this.#deps.http,
      level: this.uplink.level,
      home,
      source: this.uplink.session?.source ?? 0,
      pinned,
      lagRecords: records,
      lagBytes: bytes,
      lagMs: milliseconds,
      partitions,
      stopped,
      ageMs: 0,
      featureLevels: { lowest: featureLevels.lowest, highest: featureLevels.highest },
      condition: this.#conditionWith(stopped),
      ...this.#copies.gaps.counts,
      rack: this.#deps.rack ?? '',
      connections: this.#deps.connections?.() ?? -1,
      ...this.#traffic.rates(),
      topics: this.#choice.patterns,
    }
  }
}

/** Consumer groups at the source: a cascade broker has no coordinator. */
function forwardedGroups(forwarding: Forwarding): ConsumerGroupsService {
  const apiOf = (asker?: Asker): ConsumerGroupsApi => {
    const ask: ConsumerGroupsApi['ask'] = (request) => forwarding.askCoordinator(request, asker)
    return { ask, list: () => listAll(ask) }
  }
  return { own: apiOf(), for: apiOf }
}
