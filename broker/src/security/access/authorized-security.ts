import type { Quota, QuotaEntity } from '../../api/quotas.ts'
import type {
  AccessAnswer,
  AccessQuestion,
  Acl,
  AclFilter,
  CredentialsPage,
  SecurityApi,
  SecurityService,
  StoredCredentials,
  TokenDescription,
  TokenRequest,
  UserDescription,
} from '../../api/security-api.ts'
import type { Guard } from './guard.ts'

/** The SecurityApi of one session: `alter` on the cluster lets it change all that, `describe` lets it see it. */
export class AuthorizedSecurity implements SecurityApi {
  readonly #service: SecurityService
  readonly #guard: Guard

  constructor(service: SecurityService, guard: Guard) {
    this.#service = service
    this.#guard = guard
  }

  get #security(): SecurityApi {
    return this.#service.for(this.#guard.session)
  }

  listUsers(): readonly UserDescription[] {
    this.#guard.cluster('describe')
    return this.#security.listUsers()
  }

  async setPassword(user: string, password: string): Promise<void> {
    this.#guard.cluster('alter')
    const act = () => this.#security.setPassword(user, password)
    return this.#guard.audited('set-password', `user "${user}"`, act)
  }

  async deleteUser(user: string): Promise<void> {
    this.#guard.cluster('alter')
    const act = () => this.#security.deleteUser(user)
    return this.#guard.audited('delete-user', `user "${user}"`, act)
  }

  /**
   * A principal may make tokens for itself, which give it nothing new; but not by means of a token, which would outlive
   * its own end.
   */
  async createToken(request: TokenRequest): ReturnType<SecurityApi['createToken']> {
    const { kind, principal } = this.#guard.session
    const forItself = request.principal === principal && kind !== 'token' && kind !== 'none'
    if (!forItself) this.#guard.cluster('alter')
    const act = () => this.#security.createToken(request)
    return this.#guard.audited('create-token', `token of ${request.principal}`, act)
  }

  /** Its own ones, where it may not describe the cluster. */
  listTokens(): readonly TokenDescription[] {
    const { kind, principal } = this.#guard.session
    if (this.#guard.mayCluster('describe')) return this.#security.listTokens()
    if (kind === 'none') this.#guard.cluster('describe')
    return this.#security.listTokens().filter((token) => token.principal === principal)
  }

  async revokeToken(id: string): Promise<void> {
    const { kind, principal } = this.#guard.session
    const isOwn = this.#security.listTokens().some((token) => token.id === id && token.principal === principal)
    if (kind === 'none' || !isOwn) this.#guard.cluster('alter')
    const act = () => this.#security.revokeToken(id)
    return this.#guard.audited('revoke-token', `token "${id}"`, act)
  }

  async addAcls(acls: readonly Acl[]): Promise<void> {
    this.#guard.cluster('alter')
    const act = () => this.#security.addAcls(acls)
    return this.#guard.audited('add-acls', textOf(acls), act)
  }

  async removeAcls(filter: AclFilter): Promise<readonly Acl[]> {
    this.#guard.cluster('alter')
    const act = () => this.#security.removeAcls(filter)
    return this.#guard.audited('remove-acls', JSON.stringify(filter), act)
  }

  listAcls(filter: AclFilter): readonly Acl[] {
    this.#guard.cluster('describe')
    return this.#security.listAcls(filter)
  }

  test(question: AccessQuestion): AccessAnswer {
    this.#guard.cluster('describe')
    return this.#security.test(question)
  }

  async setQuota(quota: Quota): Promise<void> {
    this.#guard.cluster('alter-configs')
    const act = () => this.#security.setQuota(quota)
    return this.#guard.audited('set-quota', `quota of ${JSON.stringify(quota)}`, act)
  }

  async removeQuota(entity: QuotaEntity): Promise<void> {
    this.#guard.cluster('alter-configs')
    const act = () => this.#security.removeQuota(entity)
    return this.#guard.audited('remove-quota', `quota of ${JSON.stringify(entity)}`, act)
  }

  listQuotas(): readonly Quota[] {
    this.#guard.cluster('describe-configs')
    return this.#security.listQuotas()
  }

  /** A thief of what is exported can guess passwords, and pretend to be a broker: no rule gives it away. */
  async exportCredentials(after: string | null): Promise<CredentialsPage> {
    this.#guard.superUser('export-credentials')
    const act = () => this.#security.exportCredentials(after)
    return this.#guard.audited('export-credentials', 'users and tokens', act)
  }

  /** No more than setting passwords and making tokens gives. */
  async importCredentials(credentials: StoredCredentials): ReturnType<SecurityApi['importCredentials']> {
    this.#guard.cluster('alter')
    const { users, tokens } = credentials
    const act = () => this.#security.importCredentials(credentials)
    return this.#guard.audited('import-credentials', `${users.length} users, ${tokens.length} tokens`, act)
  }
}

const MOST_SHOWN = 10

function textOf(acls: readonly Acl[]): string {
  const shown = acls.slice(0, MOST_SHOWN).map(({ principal, permission, operation, resource, host }) => {
    const { type, pattern, name } = resource
    return `${permission} ${principal} from ${host} ${operation} on ${pattern} ${type} "${name}"`
  })
  return `${shown.join('; ')}${acls.length > MOST_SHOWN ? `; and ${acls.length - MOST_SHOWN} more` : ''}`
}
