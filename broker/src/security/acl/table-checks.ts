import { scramMechanisms } from '../../api/security-api.ts'
import { ANONYMOUS, isPrincipalName } from '../identity/principal.ts'
import type { ScramCredential, StoredToken, StoredUser } from '../security-tables.ts'
import { faultOfScope, isCredentialPrincipal } from './acl-checks.ts'

/** Items of the tables, as brokers have them: from the log of the metadata, a store, or another broker. */

/** RFC 7677 §4: at least 4096. The upper bound is a matter of time: the client derives its key with as many. */
export const LEAST_ITERATIONS = 4096
const MOST_ITERATIONS = 1_000_000
const keyBytes = { 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 } as const
const LEAST_SALT = 16
const MOST_SALT = 64
const HASH_BYTES = 32
const tokenIds = /^[0-9a-f]{24}$/
const MOST_TEXT = 1000
/** The last time that has a date (ECMA-262, time values). */
const LAST_TIME = 8_640_000_000_000_000

export function isStoredUser(value: unknown): value is StoredUser {
  const { name, scram } = (value ?? {}) as Partial<StoredUser>
  if (!isUserName(name) || typeof scram !== 'object' || scram === null) return false
  const named = Object.keys(scram)
  const known = scramMechanisms.filter((mechanism) => isCredential(scram[mechanism], keyBytes[mechanism]))
  return named.length > 0 && named.length === known.length
}

/** The name of a user of this cluster; ANONYMOUS is the principal of clients without a credential. */
export function isUserName(value: unknown): value is string {
  return typeof value === 'string' && isPrincipalName(value) && `User:${value}` !== ANONYMOUS
}

export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && tokenIds.test(value)
}

export function isStoredToken(value: unknown): value is StoredToken {
  const { id, hash, principal, scope, createdAt, createdBy, expiresAt } = (value ?? {}) as Partial<StoredToken>
  return (
    isTokenId(id) &&
    isBase64(hash, HASH_BYTES, HASH_BYTES) &&
    isCredentialPrincipal(principal) &&
    scope !== undefined &&
    faultOfScope(scope) === null &&
    isTime(createdAt) &&
    typeof createdBy === 'string' &&
    createdBy.length <= MOST_TEXT &&
    (expiresAt === null || isTime(expiresAt))
  )
}

function isCredential(value: ScramCredential | undefined, bytes: number): boolean {
  const { salt, iterations, storedKey, serverKey } = (value ?? {}) as Partial<ScramCredential>
  return (
    isBase64(salt, LEAST_SALT, MOST_SALT) &&
    Number.isSafeInteger(iterations) &&
    iterations! >= LEAST_ITERATIONS &&
    iterations! <= MOST_ITERATIONS &&
    isBase64(storedKey, bytes, bytes) &&
    isBase64(serverKey, bytes, bytes)
  )
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LAST_TIME
}

/** Base64 with padding, of so many bytes. */
function isBase64(value: unknown, least: number, most: number): boolean {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return false
  const bytes = (value.length / 4) * 3 - (value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0)
  return bytes >= least && bytes <= most
}
