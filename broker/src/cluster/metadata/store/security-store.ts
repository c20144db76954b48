import type { Acl } from '../../../api/security-api.ts'
import { aclKey } from '../../../security/acl/acl.ts'
import type { SecurityTables, StoredToken, StoredUser } from '../../../security/security-tables.ts'
import type { SecurityChange } from '../security-state.ts'
import { storedMetadata } from './stored-metadata.ts'
import { type MetadataSource, parse, valuesOf } from './stored-values.ts'

/** One key each, so that a change writes what it changes. */
const USERS = 'meta/user/'
const TOKENS = 'meta/token/'
const ACLS = 'meta/acl/'
/** Of the tables. */
const VERSION = 'meta/security'

/** What a change writes; null: the key is deleted. */
export function securityPairs(version: number, { users, tokens, acls }: SecurityChange): [string, unknown][] {
  const pairs: [string, unknown][] = [[VERSION, { version }]]
  for (const [name, user] of users ?? []) pairs.push([USERS + name, user])
  for (const [id, token] of tokens ?? []) pairs.push([TOKENS + id, token])
  for (const [key, acl] of acls ?? []) pairs.push([ACLS + key, acl])
  return pairs
}

/** @throws TailraceError STORAGE_CORRUPT */
export async function loadSecurity(store: MetadataSource): Promise<SecurityTables> {
  const stored = await store.get(VERSION)
  const { version } = stored === null ? { version: 0 } : parse<{ version: number }>(stored, storedMetadata.security)
  const users = new Map<string, StoredUser>()
  const tokens = new Map<string, StoredToken>()
  const acls = new Map<string, Acl>()
  for await (const user of valuesOf<StoredUser>(store, USERS, storedMetadata.user)) users.set(user.name, user)
  for await (const token of valuesOf<StoredToken>(store, TOKENS, storedMetadata.token)) tokens.set(token.id, token)
  for await (const acl of valuesOf<Acl>(store, ACLS, storedMetadata.acl)) acls.set(aclKey(acl), acl)
  return { version, users, tokens, acls }
}
