import { TailraceError } from '@tailrace/schemas'
import { CONSUMER_GROUPS_TOPIC } from '../../api/consumer-groups-api.ts'
import { CLUSTER_NAME, type Operation, type Resource, type ResourceType } from '../../api/security-api.ts'
import { STREAMS_TOPIC } from '../../api/streams-api.ts'
import { AUDIT_TOPIC, type Audit, type AuditEvent, isRefusal, noAudit } from '../audit/audit-event.ts'
import type { Session } from '../identity/session.ts'
import type { Authorizer } from './authorizer.ts'

/** The topics of the audit, of the coordinators of consumer groups, and of durable streams. */
export const topicsOfBrokers: readonly string[] = [AUDIT_TOPIC, CONSUMER_GROUPS_TOPIC, STREAMS_TOPIC]
/** What brokers alone do to them. */
const ofBrokers: readonly Operation[] = ['write', 'create', 'alter', 'delete']

/** A client names what it likes; decisions about so many names are kept. */
const MOST_REMEMBERED = 10_000

/** By the name of a topic or consumer group. */
type Decisions = Map<string, boolean>

/**
 * The rights of one session. Decisions are remembered until a rule changes, so that a publish costs two look-ups.
 */
export class Guard {
  readonly #authorizer: Authorizer
  readonly #problemOf: (session: Session) => TailraceError | null
  readonly #audit: Audit
  readonly #decisions = { topic: new Map<Operation, Decisions>(), group: new Map<Operation, Decisions>() }
  #session: Session
  #version: number
  #remembered = 0

  /** `problemOf`: why a session is over, or null. */
  constructor(
    authorizer: Authorizer,
    session: Session,
    problemOf: (session: Session) => TailraceError | null,
    audit: Audit = noAudit,
  ) {
    this.#authorizer = authorizer
    this.#problemOf = problemOf
    this.#audit = audit
    this.#session = session
    this.#version = authorizer.version
  }

  get session(): Session {
    return this.#session
  }

  /** The client has shown another credential. */
  renew(session: Session): void {
    this.#session = session
    this.#forget()
  }

  mayTopic(operation: Operation, topic: string): boolean {
    return this.#may('topic', operation, topic)
  }

  mayGroup(operation: Operation, name: string): boolean {
    return this.#may('group', operation, name)
  }

  mayCluster(operation: Operation): boolean {
    return this.#authorizer.decide(this.#session, operation, { type: 'cluster', name: CLUSTER_NAME }).allowed
  }

  /** See Authorizer.decideAny. */
  mayAny(operation: Operation, type: ResourceType): boolean {
    return this.#authorizer.decideAny(this.#session, operation, type).allowed
  }

  /** @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  topic(operation: Operation, topic: string): void {
    this.#checkSession()
    // They would be worth nothing if those that they are about could write them.
    const isOfBrokers = topicsOfBrokers.includes(topic) && ofBrokers.includes(operation)
    if (isOfBrokers || !this.mayTopic(operation, topic)) throw this.refusal(operation, { type: 'topic', name: topic })
  }

  /** A consumer group. @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  group(operation: Operation, name: string): void {
    this.#checkSession()
    if (!this.mayGroup(operation, name)) throw this.refusal(operation, { type: 'group', name })
  }

  /** @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
  cluster(operation: Operation): void {
    this.#checkSession()
    if (!this.mayCluster(operation)) throw this.refusal(operation, { type: 'cluster', name: CLUSTER_NAME })
  }

  /**
   * For what no rule allows: super users may, themselves and by no token with a scope. `action`: as in the audit.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  superUser(action: string): void {
    this.#checkSession()
    const { kind, principal, scope, via } = this.#session
    const { because } = this.#authorizer.decide(this.#session, 'all', { type: 'cluster', name: CLUSTER_NAME })
    if (because === 'super-user' && scope === null && via.length === 0) return
    const error =
      kind === 'none'
        ? new TailraceError('AUTHENTICATION_REQUIRED', `To ${action}, as a super user.`)
        : new TailraceError('AUTHORIZATION_FAILED', `${principal} may not ${action}: only super users may.`)
    this.#note(action, 'cluster', 'refused', error.code, error)
    throw error
  }

  /**
   * For what is shown of the whole cluster. A cascade broker asks for its own clients, by the rules that it has copied:
   * the right to copy is enough.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  shownCluster(): void {
    const isCascade = this.#session.principal.startsWith('Cascade:') && this.mayCluster('cluster-action')
    this.cluster(isCascade ? 'cluster-action' : 'describe')
  }

  refusal(operation: Operation, { type, name }: Resource): TailraceError {
    const resource = `${type}${type === 'cluster' ? '' : ` "${name}"`}`
    const { kind, principal } = this.#session
    const error =
      kind === 'none'
        ? new TailraceError('AUTHENTICATION_REQUIRED', `To ${operation} on ${resource}.`)
        : new TailraceError('AUTHORIZATION_FAILED', `${principal} may not ${operation} on ${resource}.`)
    this.#note(operation, resource, 'refused', error.code, error)
    return error
  }

  /** A door answers an error: the audit has it, unless that is no refusal, or one that it has already. */
  answered(asked: string, error: TailraceError): void {
    if (isRefusal(error.code)) this.#note(asked, '', 'refused', error.code, error)
  }

  /** An act that changes something: the audit has it with its outcome. `action`: `remove-broker`, for instance. */
  async audited<Result>(action: string, target: string, act: () => Promise<Result>): Promise<Result> {
    try {
      const result = await act()
      this.#note(action, target, 'done', '')
      return result
    } catch (error) {
      this.#note(action, target, 'failed', TailraceError.from(error).code)
      throw error
    }
  }

  #note(
    action: string,
    target: string,
    outcome: AuditEvent['outcome'],
    code: AuditEvent['code'],
    answered?: TailraceError,
  ): void {
    const { principal, host, via } = this.#session
    const way = via.map((voucher) => voucher.principal).join(', ')
    const from = way === '' ? host : `${host} by way of ${way}`
    this.#audit.note({ principal, host: from, action, target, outcome, code }, answered)
  }

  #checkSession(): void {
    const problem = this.#problemOf(this.#session)
    if (problem !== null) throw problem
  }

  #may(type: 'topic' | 'group', operation: Operation, name: string): boolean {
    if (this.#authorizer.version !== this.#version) this.#forget()
    const known = this.#decisions[type].get(operation)?.get(name)
    if (known !== undefined) return known
    const { allowed } = this.#authorizer.decide(this.#session, operation, { type, name })
    if (this.#remembered++ >= MOST_REMEMBERED) this.#forget()
    const decisions: Decisions = this.#decisions[type].get(operation) ?? new Map()
    this.#decisions[type].set(operation, decisions.set(name, allowed))
    return allowed
  }

  #forget(): void {
    this.#version = this.#authorizer.version
    this.#decisions.topic.clear()
    this.#decisions.group.clear()
    this.#remembered = 0
  }
}
