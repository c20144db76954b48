import type { Quota } from '../api/quotas.ts'
import type { Acl, StoredToken, StoredUser } from '../api/security-api.ts'

export type { ScramCredential, StoredToken, StoredUser } from '../api/security-api.ts'

/**
 * The rules and credentials as this broker knows them: of a member of the cluster a part of the metadata, of a cascade
 * broker a copy of it.
 */
export interface SecurityTables {
  /** Rises with each change of a table. */
  readonly version: number
  readonly users: ReadonlyMap<string, StoredUser>
  /** By id. */
  readonly tokens: ReadonlyMap<string, StoredToken>
  /** By `aclKey`. */
  readonly acls: ReadonlyMap<string, Acl>
  /** By `quotaKey`. Another map after each change. */
  readonly quotas: ReadonlyMap<string, Quota>
}

/** Of a broker that has not learned any. */
export const noTables: SecurityTables = {
  version: 0,
  users: new Map(),
  tokens: new Map(),
  acls: new Map(),
  quotas: new Map(),
}
