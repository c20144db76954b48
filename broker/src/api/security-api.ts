import type { Timestamp } from '@tailrace/schemas'
import type { Asker } from './broker-api.ts'
import type { Quota, QuotaEntity } from './quotas.ts'

/** Kafka's vocabulary (KIP-11, KIP-679), so that the Kafka protocol needs no second model. */
export const operations = [
  'all',
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'cluster-action',
  'describe-configs',
  'alter-configs',
  'idempotent-write',
] as const
export type Operation = (typeof operations)[number]

export const resourceTypes = ['topic', 'group', 'cluster', 'transactional-id'] as const
export type ResourceType = (typeof resourceTypes)[number]

/** The cluster is one resource, under Kafka's name for it. */
export const CLUSTER_NAME = 'kafka-cluster'

/** One thing that somebody asks for. */
export interface Resource {
  readonly type: ResourceType
  readonly name: string
}

/** KIP-290. literal: this name, or `*` for every name. prefixed: every name that begins so. */
export interface ResourcePattern extends Resource {
  readonly pattern: 'literal' | 'prefixed'
}

/** Lets a principal do something, or forbids it. */
export interface Acl {
  /** `User:alice`, `User:*` for everybody, or `Group:admins`. */
  readonly principal: string
  /** The client's address, or `*`. */
  readonly host: string
  readonly operation: Operation
  readonly permission: 'allow' | 'deny'
  readonly resource: ResourcePattern
}

/** Absent fields match everything; present ones match exactly. */
export interface AclFilter {
  readonly principal?: string
  readonly host?: string
  readonly operation?: Operation
  readonly permission?: Acl['permission']
  readonly type?: ResourceType
  readonly name?: string
  readonly pattern?: ResourcePattern['pattern']
}

/** A question to the rules, about anybody. */
export interface AccessQuestion {
  readonly principal: string
  readonly groups: readonly string[]
  readonly host: string
  readonly operation: Operation
  readonly resource: Resource
}
export interface AccessAnswer {
  readonly allowed: boolean
  /** super-user, everybody (no authentication is on), a rule, or none (then it is refused). */
  readonly because: 'super-user' | 'everybody' | 'rule' | 'no-rule'
  readonly rule: Acl | null
}

/** A user with a password, which the cluster does not know: only what SCRAM needs (RFC 5802) is stored. */
export interface UserDescription {
  readonly name: string
  readonly mechanisms: readonly ScramMechanism[]
}
export const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type ScramMechanism = (typeof scramMechanisms)[number]

/** A token narrows what its principal may do, and never widens it. */
export interface TokenScope {
  readonly operations: readonly Operation[]
  readonly resources: readonly ResourcePattern[]
}
export interface TokenRequest {
  /** `User:svc`, or `Cascade:101` for a cascade broker. */
  readonly principal: string
  /** Null: everything that the principal may do. */
  readonly scope: TokenScope | null
  /** From now on; null: until it is revoked. */
  readonly lifetimeMs: number | null
}
export interface TokenDescription {
  readonly id: string
  readonly principal: string
  readonly scope: TokenScope | null
  readonly createdAt: Timestamp
  readonly createdBy: string
  readonly expiresAt: Timestamp | null
}

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

/** What a cluster keeps of credentials, and another one needs to take the same passwords and tokens. */
export interface StoredCredentials {
  readonly users: readonly StoredUser[]
  readonly tokens: readonly StoredToken[]
}
export interface CredentialsPage extends StoredCredentials {
  /** The `after` of the next page; null: this is the last one. */
  readonly next: string | null
}

/**
 * The rules of who may do what and how much, and the credentials that the cluster keeps; all in the metadata, the same
 * on every broker. Every call works on every broker. All methods reject with TailraceError.
 */
export interface SecurityApi {
  listUsers(): readonly UserDescription[]
  /** A new user, or another password. INVALID_REQUEST */
  setPassword(user: string, password: string): Promise<void>
  /** UNKNOWN_USER */
  deleteUser(user: string): Promise<void>
  /** The token's text is in the answer and nowhere else: a hash of it is stored. INVALID_REQUEST */
  createToken(request: TokenRequest): Promise<{ readonly token: string; readonly description: TokenDescription }>
  /** Expired ones among them, until they are removed. */
  listTokens(): readonly TokenDescription[]
  /** Connections that use it end. UNKNOWN_TOKEN */
  revokeToken(id: string): Promise<void>
  /** Rules that exist already stay. INVALID_REQUEST */
  addAcls(acls: readonly Acl[]): Promise<void>
  /** Resolves with the removed ones. TIMED_OUT: some may be left. */
  removeAcls(filter: AclFilter): Promise<readonly Acl[]>
  listAcls(filter: AclFilter): readonly Acl[]
  test(question: AccessQuestion): AccessAnswer
  /** In the place of all limits that the entity had. INVALID_REQUEST */
  setQuota(quota: Quota): Promise<void>
  /** UNKNOWN_QUOTA */
  removeQuota(entity: QuotaEntity): Promise<void>
  listQuotas(): readonly Quota[]
  /** Users and tokens as they are stored, ordered and by pages; null: from the first one on. */
  exportCredentials(after: string | null): Promise<CredentialsPage>
  /**
   * Users and tokens whose name or id exists already stay as they are, and tokens that have expired are left out.
   * Resolves with how many were added. INVALID_REQUEST; TIMED_OUT: this broker is behind
   */
  importCredentials(credentials: StoredCredentials): Promise<{ readonly users: number; readonly tokens: number }>
}

/** What a door has of SecurityApi: requests of a client, to which the metadata leader applies its own rules. */
export interface SecurityService {
  for(asker: Asker): SecurityApi
}
