import type { BrokerId } from '@tailrace/schemas'
import { preparePassword, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
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
  StoredToken,
  TokenDescription,
  TokenRequest,
  UserDescription,
} from '../../api/security-api.ts'
import { scramMechanisms } from '../../api/security-api.ts'
import { hostOf } from '../../platform/client-address.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { Random } from '../../platform/random.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { aclKey, matchesFilter } from '../../security/acl/acl.ts'
import { faultOfAcl, faultOfScope, isCredentialPrincipal } from '../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser, isTokenId, isUserName } from '../../security/acl/table-checks.ts'
import { scramCredential } from '../../security/identity/scram.ts'
import { parseToken, tokenHash, tokenText } from '../../security/identity/token.ts'
import { faultOfEntity, faultOfQuota, orderedQuota, quotaKey } from '../../security/quotas/quota.ts'
import { MOST_IN_COMMAND, type SecurityCommand } from '../metadata/commands/security-commands.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { LeaderDirectory } from '../routing/leader-directory.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import { credentialsPage } from './credentials-page.ts'

const COMMAND_MS = 10_000
/** Until this broker has applied a change as well. */
const APPLIED_MS = 5000
const BEHIND = 'This broker does not know yet which rules there were: some that match may be left.'
const NOT_KNOWN = 'This broker does not know yet which users and tokens there are: none was added.'
/** RFC 7677 §4 asks for 4096 at least. A client spends them with each connection, a broker once. */
const ITERATIONS = 10_000
const SALT_BYTES = 32
const TOKEN_ID_BYTES = 12
const TOKEN_SECRET_BYTES = 32
/** A hundred years. */
const LONGEST_LIFETIME_MS = 36_525 * 24 * 3600 * 1000

export interface SecurityAdminDeps {
  readonly brokerId: BrokerId
  readonly state: MetadataState
  readonly client: Pick<MetadataClient, 'submit'>
  readonly directory: Pick<LeaderDirectory, 'until'>
  readonly authorizer: Authorizer
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
}

type Wish<Command> = Command extends SecurityCommand ? Omit<Command, 'at' | 'broker' | 'by'> : never

/** What an operator does about credentials, rules and quotas; see SecurityApi for each method. */
export class SecurityAdmin implements SecurityApi, SecurityService {
  readonly #deps: SecurityAdminDeps
  /** The client for which it acts; null: the broker itself. */
  readonly #asker: Asker | null

  constructor(deps: SecurityAdminDeps, asker: Asker | null = null) {
    this.#deps = deps
    this.#asker = asker
  }

  for(asker: Asker): SecurityAdmin {
    return new SecurityAdmin(this.#deps, asker)
  }

  listUsers(): readonly UserDescription[] {
    const users = [...this.#tables.users.values()].map(({ name, scram }) => {
      return { name, mechanisms: scramMechanisms.filter((mechanism) => scram[mechanism] !== undefined) }
    })
    return users.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async setPassword(user: string, password: string): Promise<void> {
    if (!isUserName(user)) {
      throw invalid(
        'The name of a user has 1 to 255 letters, digits, spaces and ._@=,:/+- and begins with a letter or digit.',
      )
    }
    const prepared = preparePassword(password)
    const { crypto, random } = this.#deps
    const keys = scramMechanisms.map(async (mechanism) => {
      return [mechanism, await scramCredential(crypto, mechanism, prepared, random.secret(SALT_BYTES), ITERATIONS)]
    })
    const scram = Object.fromEntries(await Promise.all(keys))
    await this.#submit({ type: 'set-user', user: { name: user, scram } })
  }

  async deleteUser(user: string): Promise<void> {
    if (!isUserName(user)) throw new TailraceError('UNKNOWN_USER')
    await this.#submit({ type: 'delete-user', name: user })
  }

  async createToken(request: TokenRequest): Promise<{ token: string; description: TokenDescription }> {
    const { principal, scope, lifetimeMs } = request
    if (!isCredentialPrincipal(principal)) throw invalid('A token is for "User:NAME" or "Cascade:NUMBER".')
    const fault = faultOfScope(scope)
    if (fault !== null) throw invalid(fault)
    if (
      lifetimeMs !== null &&
      !(Number.isSafeInteger(lifetimeMs) && lifetimeMs >= 1 && lifetimeMs <= LONGEST_LIFETIME_MS)
    ) {
      throw invalid('A token lives for 1 millisecond at least and a hundred years at most.')
    }
    const { clock, random, crypto } = this.#deps
    const id = Buffer.from(random.secret(TOKEN_ID_BYTES)).toString('hex')
    const text = tokenText(id, random.secret(TOKEN_SECRET_BYTES))
    const createdAt = clock.now()
    const expiresAt = lifetimeMs === null ? null : createdAt + lifetimeMs
    const hash = tokenHash(crypto, parseToken(text)!.secret)
    const token: StoredToken = { id, hash, principal, scope, createdAt, createdBy: this.#by, expiresAt }
    await this.#submit({ type: 'add-token', token })
    return { token: text, description: described(token) }
  }

  listTokens(): readonly TokenDescription[] {
    const oldestFirst = (a: StoredToken, b: StoredToken) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
    return [...this.#tables.tokens.values()].sort(oldestFirst).map(described)
  }

  async revokeToken(id: string): Promise<void> {
    if (!isTokenId(id)) throw new TailraceError('UNKNOWN_TOKEN')
    await this.#submit({ type: 'remove-tokens', ids: [id], expired: false })
  }

  async addAcls(acls: readonly Acl[]): Promise<void> {
    if (acls.length > MOST_IN_COMMAND) throw invalid(`At most ${MOST_IN_COMMAND} rules are added at a time.`)
    for (const acl of acls) {
      const fault = faultOfAcl(acl)
      if (fault !== null) throw invalid(fault)
    }
    await this.#submit({ type: 'add-acls', acls: distinct(acls) })
  }

  /**
   * The first command may name none: once it is applied here, this broker knows every rule that was there when it was
   * asked.
   */
  async removeAcls(filter: AclFilter): Promise<readonly Acl[]> {
    const removed: Acl[] = []
    do {
      const acls = this.listAcls(filter).slice(0, MOST_IN_COMMAND)
      if (!(await this.#submit({ type: 'remove-acls', acls }))) throw new TailraceError('TIMED_OUT', BEHIND)
      removed.push(...acls)
    } while (this.listAcls(filter).length > 0)
    return removed
  }

  listAcls(filter: AclFilter): readonly Acl[] {
    return [...this.#tables.acls.values()].filter((acl) => matchesFilter(acl, filter))
  }

  test({ principal, groups, host, operation, resource }: AccessQuestion): AccessAnswer {
    // Any kind but none: the question is about somebody who has shown who it is.
    const asked = { principal, groups, host: hostOf(host), kind: 'scram', scope: null, via: [] } as const
    return this.#deps.authorizer.decide(asked, operation, resource)
  }

  async setQuota(quota: Quota): Promise<void> {
    const fault = faultOfQuota(quota)
    if (fault !== null) throw invalid(fault)
    await this.#submit({ type: 'set-quota', quota: orderedQuota(quota) })
  }

  async removeQuota(entity: QuotaEntity): Promise<void> {
    const fault = faultOfEntity(entity)
    if (fault !== null) throw invalid(fault)
    const { principal, clientId, address } = entity
    await this.#submit({ type: 'remove-quota', entity: { principal, clientId, address } })
  }

  listQuotas(): readonly Quota[] {
    const byKey = (a: Quota, b: Quota) => (quotaKey(a.entity) < quotaKey(b.entity) ? -1 : 1)
    return [...this.#tables.quotas.values()].sort(byKey)
  }

  async exportCredentials(after: string | null): Promise<CredentialsPage> {
    return credentialsPage(this.#tables, after)
  }

  /** The first command adds none: once it is applied here, this broker knows everyone who must stay as they are. */
  async importCredentials({ users, tokens }: StoredCredentials): Promise<{ users: number; tokens: number }> {
    if (!users.every(isStoredUser)) throw invalid('A user is none that a cluster stores.')
    if (!tokens.every(isStoredToken)) throw invalid('A token is none that a cluster stores.')
    if (!(await this.#submit({ type: 'add-acls', acls: [] }))) throw new TailraceError('TIMED_OUT', NOT_KNOWN)
    const added = { users: 0, tokens: 0 }
    for (const user of users) {
      if (this.#tables.users.has(user.name)) continue
      await this.#submit({ type: 'set-user', user })
      added.users += 1
    }
    const now = this.#deps.clock.now()
    for (const token of tokens) {
      const isOver = token.expiresAt !== null && token.expiresAt <= now
      if (isOver || this.#tables.tokens.has(token.id)) continue
      await this.#submit({ type: 'add-token', token })
      added.tokens += 1
    }
    return added
  }

  /** For the audit. */
  get #by(): string {
    return this.#asker?.principal ?? ''
  }

  get #tables() {
    return this.#deps.state.security
  }

  /**
   * Resolves when this broker has applied it too, so that the next request sees it; with false where it is behind or
   * stops.
   */
  async #submit(wish: Wish<SecurityCommand>): Promise<boolean> {
    const { brokerId, client, clock, directory, state } = this.#deps
    const command = { ...wish, at: clock.now(), broker: brokerId, by: this.#by }
    const { index = 0 } = await client.submit(command, COMMAND_MS, this.#asker ?? undefined)
    return directory.until(() => state.head.appliedIndex >= index, APPLIED_MS)
  }
}

function described({ hash: _, ...description }: StoredToken): TokenDescription {
  return description
}

function distinct(acls: readonly Acl[]): Acl[] {
  return [...new Map(acls.map((acl) => [aclKey(acl), acl])).values()]
}

function invalid(detail: string): TailraceError {
  return new TailraceError('INVALID_REQUEST', detail)
}
