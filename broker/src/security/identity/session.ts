import type { Timestamp } from '@tailrace/schemas'
import type { Voucher } from '../../api/broker-api.ts'
import type { TokenScope } from '../../api/security-api.ts'
import { ANONYMOUS } from './principal.ts'

/** How a client has shown who it is. */
export type CredentialKind = 'none' | 'scram' | 'token' | 'jwt' | 'certificate' | 'admin-token'

/** Whose requests a connection, or one HTTP request, carries. */
export interface Session {
  /** `User:alice` */
  readonly principal: string
  /** `Group:admins`, as the issuer of the credential says. */
  readonly groups: readonly string[]
  /** The client's address as `hostOf` writes it, for rules that name one. */
  readonly host: string
  readonly kind: CredentialKind
  /** So that the session ends with it: the id of a token, the stored key of a password; else empty. */
  readonly credential: string
  /** The session ends then; null: with its connection. */
  readonly expiresAt: Timestamp | null
  readonly scope: TokenScope | null
  /** See Asker. */
  readonly via: readonly Voucher[]
  /** Of the cascade broker that says whose request it is; it ends this one with it. */
  readonly vouchedBy?: Session
}

export function anonymousSession(host: string): Session {
  return { principal: ANONYMOUS, groups: [], host, kind: 'none', credential: '', expiresAt: null, scope: null, via: [] }
}
