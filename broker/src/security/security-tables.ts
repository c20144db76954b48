import type { Timestamp } from '@tailrace/schemas'
import type { Quota } from '../api/quotas.ts'
import type { Acl, ScramMechanism, TokenScope } from '../api/security-api.ts'

/** RFC 5802 §3: enough to check a proof, and not enough to make one. Bytes are base64. */
export interface ScramCredential {
  readonly salt: string
  readonly iterations: number
  readonly storedKey: string
  readonly serverKey: string
}
export interface StoredUser {
  readonly name: string
  readonly scram: { readonly [Mechanism in ScramMechanism]?: ScramCredential }
}
export interface StoredToken {
  readonly id: string
  /** SHA-256 of the secret part, base64. */
  readonly hash: string
  readonly principal: string
  readonly scope: TokenScope | null
  readonly createdAt: Timestamp
  readonly createdBy: string
  readonly expiresAt: Timestamp | null
}

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
