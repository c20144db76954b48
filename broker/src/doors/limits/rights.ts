import { TailraceError } from '@tailrace/schemas'
import type { AdminApi, AdminService } from '../../api/admin-api.ts'
import type { Asker, BrokerApi } from '../../api/broker-api.ts'
import type { BrokerCondition } from '../../api/condition.ts'
import type { ConsumerGroupsApi, ConsumerGroupsService } from '../../api/consumer-groups-api.ts'
import type { LogLevelApi } from '../../api/log-level-api.ts'
import type { Quota } from '../../api/quotas.ts'
import type { Operation, SecurityApi, SecurityService } from '../../api/security-api.ts'
import type { Stages } from '../../api/stage-counts.ts'
import type { StreamsApi, StreamsService } from '../../api/streams-api.ts'
import { AuthorizedCascade } from '../../cascade/wire/authorized-cascade.ts'
import type { CascadeApi } from '../../cascade/wire/cascade-messages.ts'
import { AuthorizedAdmin } from '../../security/access/authorized-admin.ts'
import { AuthorizedBroker } from '../../security/access/authorized-broker.ts'
import { AuthorizedConsumerGroups } from '../../security/access/authorized-consumer-groups.ts'
import { AuthorizedLogLevel } from '../../security/access/authorized-log-level.ts'
import { AuthorizedSecurity } from '../../security/access/authorized-security.ts'
import { AuthorizedStreams } from '../../security/access/authorized-streams.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { Guard } from '../../security/access/guard.ts'
import { streamResource } from '../../security/access/stream-needs.ts'
import type { Audit } from '../../security/audit/audit-event.ts'
import type { Authenticator } from '../../security/identity/authenticator.ts'
import type { Session } from '../../security/identity/session.ts'
import { vouchedSession } from '../../security/identity/vouched-session.ts'

/** All that a broker can do, without any check: a door gets it only through `Rights`. */
export interface Services {
  readonly api: BrokerApi
  readonly admin: AdminService
  /** Undefined where rules and credentials cannot be changed. */
  readonly security?: SecurityService | undefined
  /** Undefined where there are no consumer groups. */
  readonly consumerGroups?: ConsumerGroupsService | undefined
  /** Undefined where there are no durable streams. */
  readonly streams?: StreamsService | undefined
  /** Serves brokers that copy from this one; without it none may. */
  readonly cascade?: CascadeApi | undefined
  /** Another map after each change. Without them there are no quotas. */
  readonly quotas?: (() => ReadonlyMap<string, Quota>) | undefined
  readonly logLevel: LogLevelApi
  /** Of all brokers; it asks them once in a few seconds. Never rejects. Default: of none. */
  readonly conditions?: () => Promise<readonly BrokerCondition[]>
  /** Undefined: this broker measures none. */
  readonly stages?: () => Promise<Stages>
  readonly authorizer: Authorizer
  readonly authenticator: Authenticator
  readonly audit: Audit
}

/** Clients of a cascade broker are many, and come and go. */
const MOST_VOUCHED = 1_000

/** What the client of one connection, or of one HTTP request, may use, each call with its check. */
export class Rights {
  readonly api: BrokerApi
  readonly admin: AdminApi
  readonly logLevel: LogLevelApi
  readonly #security: SecurityApi | undefined
  readonly #consumerGroups: ConsumerGroupsApi | undefined
  readonly #streams: StreamsApi | undefined
  readonly #cascade: CascadeApi | undefined
  readonly #guard: Guard
  readonly #services: Services
  readonly #vouched = new Map<string, Rights>()

  constructor(services: Services, session: Session) {
    const { api, admin, logLevel, security, consumerGroups, streams, cascade } = services
    const { authorizer, authenticator, audit } = services
    this.#services = services
    this.#guard = new Guard(authorizer, session, (of) => authenticator.problemOf(of), audit)
    this.api = new AuthorizedBroker(api, this.#guard)
    this.admin = new AuthorizedAdmin(admin, this.#guard)
    this.logLevel = new AuthorizedLogLevel(logLevel, api.brokerId, this.#guard)
    this.#security = security && new AuthorizedSecurity(security, this.#guard)
    this.#consumerGroups = consumerGroups && new AuthorizedConsumerGroups(consumerGroups, this.#guard)
    this.#streams = streams && new AuthorizedStreams(streams, this.#guard)
    this.#cascade = cascade && new AuthorizedCascade(cascade, this.#guard)
  }

  get session(): Session {
    return this.#guard.session
  }

  /** @throws TailraceError UNSUPPORTED_MESSAGE: ask a broker of level 0 */
  get security(): SecurityApi {
    if (this.#security !== undefined) return this.#security
    throw new TailraceError('UNSUPPORTED_MESSAGE', 'Rules and credentials are changed at brokers of level 0.')
  }

  /** @throws TailraceError UNSUPPORTED_MESSAGE: there are no consumer groups here */
  get consumerGroups(): ConsumerGroupsApi {
    if (this.#consumerGroups !== undefined) return this.#consumerGroups
    throw new TailraceError('UNSUPPORTED_MESSAGE', 'There are no consumer groups here.')
  }

  /** @throws TailraceError UNSUPPORTED_MESSAGE: ask a broker of level 0 */
  get streams(): StreamsApi {
    if (this.#streams !== undefined) return this.#streams
    throw new TailraceError('UNSUPPORTED_MESSAGE', 'Durable streams are served by brokers of level 0.')
  }

  /** @throws TailraceError UNSUPPORTED_MESSAGE: no broker may copy from here */
  get cascade(): CascadeApi {
    if (this.#cascade !== undefined) return this.#cascade
    throw new TailraceError('UNSUPPORTED_MESSAGE', 'No broker may copy from here.')
  }

  /**
   * Those of a client for which a cascade broker asks; of the sender itself where it names none, or is no cascade
   * broker.
   * @throws TailraceError AUTHORIZATION_FAILED: nobody that it could ask for
   */
  for(asker: Asker | null): Rights {
    if (asker === null) return this
    const session = vouchedSession(this.session, asker)
    if (session === this.session) return this
    const key = JSON.stringify(asker)
    const known = this.#vouched.get(key)
    if (known !== undefined) return known
    if (this.#vouched.size >= MOST_VOUCHED) this.#vouched.clear()
    const rights = new Rights(this.#services, session)
    this.#vouched.set(key, rights)
    return rights
  }

  /** The client has shown another credential. */
  renew(session: Session): void {
    this.#vouched.clear()
    this.#guard.renew(session)
  }

  /**
   * For a publisher that has producer ids of its own.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  checkWrite(topic: string): void {
    this.#guard.topic('write', topic)
  }

  /** For an append, before its body comes. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  checkStream(kind: 'create' | 'append', path: string): void {
    this.#guard.topic(kind === 'create' ? 'create' : 'write', streamResource(path).name)
  }

  /**
   * For a subscription, before it looks for its topic.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  checkRead(topic: string): void {
    this.#guard.topic('read', topic)
  }

  /** For what is watched of one topic. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  checkDescribe(topic: string): void {
    this.#guard.topic('describe', topic)
  }

  /** For what is watched of one consumer group. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  checkDescribeGroup(group: string): void {
    this.#guard.group('describe', group)
  }

  /** For what is shown of many topics at once: a topic that is left out is no refusal. */
  mayDescribe(topic: string): boolean {
    return this.#guard.mayTopic('describe', topic)
  }

  /** As `mayDescribe`, for consumer groups. */
  mayDescribeGroup(group: string): boolean {
    return this.#guard.mayGroup('describe', group)
  }

  /** As `mayDescribe`, for the cluster. */
  mayDescribeCluster(): boolean {
    return this.#guard.mayCluster('describe')
  }

  /** A door answers an error to what was `asked` for: a refusal is in the audit. */
  answered(asked: string, error: TailraceError): void {
    this.#guard.answered(asked, error)
  }

  /** Of all brokers. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  async conditions(): Promise<readonly BrokerCondition[]> {
    this.#guard.shownCluster()
    return (await this.#services.conditions?.()) ?? []
  }

  /** For pages about the whole broker. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  checkCluster(operation: Operation): void {
    this.#guard.cluster(operation)
  }
}
