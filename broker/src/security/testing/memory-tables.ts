import type { Quota } from '../../api/quotas.ts'
import type { Acl, Operation, Resource, TokenScope } from '../../api/security-api.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { aclKey } from '../acl/acl.ts'
import { scramCredential } from '../identity/scram.ts'
import { tokenHash } from '../identity/token.ts'
import { quotaKey } from '../quotas/quota.ts'
import type { SecurityTables, StoredToken, StoredUser } from '../security-tables.ts'

/** Rules and credentials that a test changes as it likes. */
export class MemoryTables implements SecurityTables {
  version = 1
  readonly users = new Map<string, StoredUser>()
  readonly tokens = new Map<string, StoredToken>()
  readonly acls = new Map<string, Acl>()
  quotas: ReadonlyMap<string, Quota> = new Map()
  #made = 0

  /** The text of a new token. */
  token(principal: string, more: { scope?: TokenScope | null; expiresAt?: number | null } = {}): string {
    const id = `t${++this.#made}`
    const secret = `${'s'.repeat(30)}${id}`
    const { scope = null, expiresAt = null } = more
    const hash = tokenHash(nodeCrypto, secret)
    this.tokens.set(id, { id, hash, principal, scope, createdAt: 0, createdBy: 'test', expiresAt })
    this.version++
    return `tr_${id}_${secret}`
  }

  async user(name: string, password: string): Promise<void> {
    const salt = new TextEncoder().encode(`salt of ${name}`)
    const [sha256, sha512] = await Promise.all([
      scramCredential(nodeCrypto, 'SCRAM-SHA-256', password, salt),
      scramCredential(nodeCrypto, 'SCRAM-SHA-512', password, salt),
    ])
    this.users.set(name, { name, scram: { 'SCRAM-SHA-256': sha256, 'SCRAM-SHA-512': sha512 } })
    this.version++
  }

  rule(principal: string, operation: Operation, resource: Resource, permission: Acl['permission'] = 'allow'): void {
    const acl: Acl = { principal, host: '*', operation, permission, resource: { ...resource, pattern: 'literal' } }
    this.acls.set(aclKey(acl), acl)
    this.version++
  }

  quota(entity: Partial<Quota['entity']>, limits: Quota['limits']): void {
    const quota: Quota = { entity: { principal: null, clientId: null, address: null, ...entity }, limits }
    this.quotas = new Map(this.quotas).set(quotaKey(quota.entity), quota)
    this.version++
  }

  forgetRules(): void {
    this.acls.clear()
    this.version++
  }
}
