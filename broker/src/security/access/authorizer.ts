import type { AccessAnswer, Acl, Operation, Resource, ResourcePattern, ResourceType } from '../../api/security-api.ts'
import { allowedBy, covers } from '../acl/acl.ts'
import { AclIndex } from '../acl/acl-index.ts'
import type { Session } from '../identity/session.ts'
import type { SecurityTables } from '../security-tables.ts'

/**
 * off: nobody is asked for a credential, and everybody may do everything. optional: as off for clients without a
 * credential; rules hold for those that show one. required: rules hold for all.
 */
export const authenticationModes = ['off', 'optional', 'required'] as const
export type AuthenticationMode = (typeof authenticationModes)[number]

export interface AuthorizerDeps {
  readonly mode: AuthenticationMode
  /** Principals that may do everything. */
  readonly superUsers: readonly string[]
  readonly tables: () => SecurityTables
}

export type Asked = Pick<Session, 'principal' | 'groups' | 'host' | 'kind' | 'scope' | 'via'>

type Ruling = (index: AclIndex, asked: Asked) => Acl | null

const everybody: AccessAnswer = { allowed: true, because: 'everybody', rule: null }
const superUser: AccessAnswer = { allowed: true, because: 'super-user', rule: null }
const noRule: AccessAnswer = { allowed: false, because: 'no-rule', rule: null }

/** Decides by the rules: forbidden unless a rule allows it and none forbids it (KIP-11). */
export class Authorizer {
  readonly mode: AuthenticationMode
  readonly #superUsers: ReadonlySet<string>
  readonly #tables: () => SecurityTables
  #index = new AclIndex([])
  #indexed = -1

  constructor({ mode, superUsers, tables }: AuthorizerDeps) {
    this.mode = mode
    this.#superUsers = new Set(superUsers)
    this.#tables = tables
  }

  /** Decisions of another version do not hold any more. */
  get version(): number {
    return this.#tables().version
  }

  /** False: this client may do nothing, so that it need not be listened to. */
  admitsAnybody(asked: Asked): boolean {
    if (this.mode !== 'required' || asked.kind !== 'none') return true
    return this.#rules().allowsAnonymous(asked)
  }

  decide(asked: Asked, operation: Operation, resource: Resource): AccessAnswer {
    const within = isInScope(
      asked,
      operation,
      (pattern) => pattern.type === resource.type && covers(pattern, resource.name),
    )
    return this.#answer(asked, within, (index, one) => index.decide(one, operation, resource))
  }

  /** Whether there may be a resource of the type on which the operation is allowed. */
  decideAny(asked: Asked, operation: Operation, type: ResourceType): AccessAnswer {
    const within = isInScope(asked, operation, (pattern) => pattern.type === type)
    return this.#answer(asked, within, (index, one) => index.decideAny(one, operation, type))
  }

  /** A cascade broker that passes a request on must have the right itself. */
  #answer(asked: Asked, inScope: boolean, byRule: Ruling): AccessAnswer {
    for (const { principal, host } of asked.via) {
      const voucher: Asked = { principal, host, groups: [], kind: 'token', scope: null, via: [] }
      const answer = this.#answerOne(voucher, true, byRule)
      if (!answer.allowed) return answer
    }
    return this.#answerOne(asked, inScope, byRule)
  }

  #answerOne(asked: Asked, inScope: boolean, byRule: Ruling): AccessAnswer {
    if (this.mode === 'off' || (this.mode === 'optional' && asked.kind === 'none')) return everybody
    if (!inScope) return noRule
    if (asked.kind === 'admin-token' || this.#superUsers.has(asked.principal)) return superUser
    const rule = byRule(this.#rules(), asked)
    return rule === null ? noRule : { allowed: rule.permission === 'allow', because: 'rule', rule }
  }

  #rules(): AclIndex {
    const { version, acls } = this.#tables()
    if (version !== this.#indexed) {
      this.#index = new AclIndex(acls.values())
      this.#indexed = version
    }
    return this.#index
  }
}

function isInScope({ scope }: Asked, operation: Operation, isAbout: (pattern: ResourcePattern) => boolean): boolean {
  if (scope === null) return true
  const { operations, resources } = scope
  const named = operations.includes('all') || allowedBy(operation).some((one) => operations.includes(one))
  return named && resources.some(isAbout)
}
