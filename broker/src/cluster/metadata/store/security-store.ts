import type { Quota } from '../../../api/quotas.ts'
import type { Acl } from '../../../api/security-api.ts'
import { aclKey } from '../../../security/acl/acl.ts'
import { quotaKey } from '../../../security/quotas/quota.ts'
import type { SecurityTables, StoredToken, StoredUser } from '../../../security/security-tables.ts'
import type { SecurityChange } from '../security-state.ts'
import { storedMetadata } from './stored-metadata.ts'
import { type MetadataSource, parse, valuesOf } from './stored-values.ts'

/** One key each, so that a change writes what it changes. */
const USERS = 'meta/user/'
const TOKENS = 'meta/token/'
const ACLS = 'meta/acl/'
const QUOTAS = 'meta/quota/'
/** Of the tables. */
const VERSION = 'meta/security'

/** What a change writes; null: the key is deleted. */
export function securityPairs(version: number, change: SecurityChange): [string, unknown][] {
  const { users, tokens, acls, quotas } = change
  const pairs: [string, unknown][] = [[VERSION, { version }]]
  for (const [name, user] of users ?? []) pairs.push([USERS + name, user])
  for (const [id, token] of tokens ?? []) pairs.push([TOKENS + id, token])
  for (const [key, acl] of acls ?? []) pairs.push([ACLS + key, acl])
  for (const [key, quota] of quotas ?? []) pairs.push([QUOTAS + key, quota])
  return pairs
}

/** @throws TailraceError STORAGE_CORRUPT */
export async function loadSecurity(store: MetadataSource): Promise<SecurityTables> {
  const stored = await store.get(VERSION)
  const { version } = stored === null ? { version: 0 } : parse<{ version: number }>(stored, storedMetadata.security)
  const users = new Map<string, StoredUser>()
  const tokens = new Map<string, StoredToken>()
  const acls = new Map<string, Acl>()
  const quotas = new Map<string, Quota>()
  for await (const user of valuesOf<StoredUser>(store, USERS, storedMetadata.user)) users.set(user.name, user)
  for await (const token of valuesOf<StoredToken>(store, TOKENS, storedMetadata.token)) tokens.set(token.id, token)
  for await (const acl of valuesOf<Acl>(store, ACLS, storedMetadata.acl)) acls.set(aclKey(acl), acl)
  for await (const quota of valuesOf<Quota>(store, QUOTAS, storedMetadata.quota)) {
    quotas.set(quotaKey(quota.entity), quota)
  }
  return { version, users, tokens, acls, quotas }
}
