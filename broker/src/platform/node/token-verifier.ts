import { TailraceError } from '@tailrace/schemas'
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'

export interface TokenIssuer {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  readonly principalClaim: string
  readonly groupsClaim: string
}

/** What a JSON web token says of its bearer. */
export interface VerifiedToken {
  readonly name: string
  readonly groups: readonly string[]
  /** Unix milliseconds; null: it has no end. */
  readonly expiresAt: number | null
}

/** Signatures whose keys can be public: a token signed with a shared secret proves nothing here. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const KEYS = { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 }
/** Clocks of machines differ. */
const TOLERANCE_SECONDS = 5
const MOST_GROUPS = 100
/** The last time that has a date (ECMA-262, time values). */
const LAST_TIME = 8_640_000_000_000_000

/**
 * Verifies JSON web tokens (RFC 7519) of one issuer by its keys, which are fetched when they are needed (RFC 7517). The
 * result rejects with AUTHENTICATION_FAILED, whose text is for the log; NOT_READY: the keys cannot be had. `get`:
 * fetches them.
 */
export function tokenVerifier(
  of: TokenIssuer,
  clock: Clock,
  get: typeof fetch = fetch,
): (text: string) => Promise<VerifiedToken> {
  const keys = createRemoteJWKSet(new URL(of.jwksUrl), { ...KEYS, [customFetch]: get })
  return async (text) => {
    try {
      const { issuer, audience } = of
      const options = { issuer, audience, algorithms, currentDate: new Date(clock.now()) }
      const { payload } = await jwtVerify(text, keys, { ...options, clockTolerance: TOLERANCE_SECONDS })
      return readClaims(payload, of)
    } catch (error) {
      throw refusalOf(error)
    }
  }
}

function readClaims(payload: JWTPayload, { principalClaim, groupsClaim }: TokenIssuer): VerifiedToken {
  const { exp, [principalClaim]: name, [groupsClaim]: groups = [] } = payload
  if (typeof name !== 'string') throw failed(`the claim ${principalClaim} is no text`)
  const listed: unknown = typeof groups === 'string' ? [groups] : groups
  if (!Array.isArray(listed) || listed.length > MOST_GROUPS || !listed.every((one) => typeof one === 'string'))
    throw failed(`the claim ${groupsClaim} is no list of ${MOST_GROUPS} texts at most`)
  return { name, groups: listed, expiresAt: exp === undefined ? null : endOf(exp) }
}

/** A claim may have a fraction (RFC 7519 §2); the end is a whole number of milliseconds, as any other time. */
function endOf(seconds: number): number {
  const ms = Math.floor(seconds * 1000)
  if (ms <= LAST_TIME) return ms
  throw failed('the claim exp is later than any date')
}

function refusalOf(error: unknown): TailraceError {
  if (error instanceof TailraceError) return error
  const { message } = error as Error
  const isOfToken =
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  if (isOfToken) return failed(message)
  return new TailraceError('NOT_READY', `The keys of the issuer of tokens cannot be had: ${message}.`, { cause: error })
}

function failed(detail: string): TailraceError {
  return new TailraceError('AUTHENTICATION_FAILED', `A JSON web token: ${detail}.`)
}
