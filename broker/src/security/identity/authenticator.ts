import { preparePassword, TailraceError, type Timestamp } from '@tailrace/schemas'
import { clientOf } from '../../platform/client-address.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { PeerCertificate } from '../../platform/network.ts'
import type { Random } from '../../platform/random.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { Audit } from '../audit/audit-event.ts'
import type { ScramCredential, SecurityTables } from '../security-tables.ts'
import { brokerOfNames, certificateRules, nameOfSubject } from './certificate-names.ts'
import { FailedLogins } from './failed-logins.ts'
import { isPrincipalName } from './principal.ts'
import { SCRAM_ITERATIONS, ScramExchange, scramCredential, scramMechanism } from './scram.ts'
import type { CredentialKind, Session } from './session.ts'
import { isTokenSecret, parseToken } from './token.ts'

/** Of the issuer of JSON web tokens (RFC 7519), where there is one. */
export interface TokenVerifier {
  /** @throws TailraceError AUTHENTICATION_FAILED, NOT_READY */
  verify(text: string): Promise<{ principal: string; groups: readonly string[]; expiresAt: Timestamp | null }>
}

export interface AuthenticatorDeps {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
  readonly tables: () => SecurityTables
  /** The SHA-256 of the token of `adminTokenFile` at present, where that is set. */
  readonly adminToken?: (() => Uint8Array) | undefined
  readonly verifier?: TokenVerifier | undefined
  /** How the subject of a certificate becomes a name. */
  readonly certificateRules?: string
}

/** Passwords that were right, so that each HTTP request does not cost thousands of hashes. */
const MOST_REMEMBERED = 1_000
const REMEMBERED_MS = 60_000
/** Clients that wait because of earlier wrong credentials, or for their password to be looked at. */
const MOST_WAITING = 1_000

/** Turns credentials into sessions. Wrong ones are told apart only in the audit. */
export class Authenticator {
  readonly #deps: AuthenticatorDeps
  readonly #failures = new FailedLogins()
  readonly #remembered = new Map<string, { version: number; until: number; session: Session }>()
  /** Makes salts for users that do not exist. */
  readonly #pretence: Uint8Array
  readonly #certificateRules: ReturnType<typeof certificateRules>
  #waiting = 0
  /** Passwords are looked at one after the other: each costs milliseconds of the threads that also write the log. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps
    this.#pretence = deps.random.secret(32)
    this.#certificateRules = certificateRules(deps.certificateRules ?? 'CN')
  }

  /** @throws TailraceError AUTHENTICATION_FAILED, OVERLOADED */
  async password(user: string, password: string, host: string): Promise<Session> {
    const { crypto, clock } = this.#deps
    const { version } = this.#deps.tables()
    const key = Buffer.from(crypto.hash('sha256', new TextEncoder().encode(JSON.stringify([user, password, host]))))
    const known = this.#remembered.get(key.toString('base64'))
    if (known !== undefined && known.version === version && clock.monotonic() < known.until) return known.session
    await this.admit(host)
    const stored = this.#deps.tables().users.get(user)?.scram['SCRAM-SHA-256']
    const expected = stored ?? this.#pretend(user)
    const salt = Buffer.from(expected.salt, 'base64')
    const derive = () => scramCredential(crypto, 'SCRAM-SHA-256', prepared(password), salt, expected.iterations)
    const made = await this.#waitFor(() => this.#inTurn(derive))
    const isRight = crypto.equal(Buffer.from(made.storedKey, 'base64'), Buffer.from(expected.storedKey, 'base64'))
    if (stored === undefined || !isRight) throw this.#refusal(host, `user ${JSON.stringify(user)}`)
    const session = this.#session(`User:${user}`, host, 'scram', stored.storedKey)
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(key.toString('base64'), { version, until: clock.monotonic() + REMEMBERED_MS, session })
    this.#failures.succeeded(clientOf(host))
    return session
  }

  /**
   * A token of the cluster, the admin token, or a JSON web token.
   * @throws TailraceError AUTHENTICATION_FAILED; NOT_READY: the issuer's keys cannot be had
   */
  async bearer(text: string, host: string): Promise<Session> {
    const { adminToken, clock, crypto, tables, verifier } = this.#deps
    await this.admit(host)
    const parsed = parseToken(text)
    if (parsed !== null) {
      const stored = tables().tokens.get(parsed.id)
      if (stored === undefined || !isTokenSecret(crypto, stored, parsed.secret))
        throw this.#refusal(host, `token ${JSON.stringify(parsed.id)}`)
      const { id, principal, scope, expiresAt } = stored
      if (expiresAt !== null && expiresAt <= clock.now()) throw this.#refusal(host, `token "${id}", which has expired`)
      this.#failures.succeeded(clientOf(host))
      return { ...this.#session(principal, host, 'token', id), scope, expiresAt }
    }
    if (adminToken !== undefined && crypto.equal(crypto.hash('sha256', new TextEncoder().encode(text)), adminToken())) {
      this.#failures.succeeded(clientOf(host))
      return this.#session('User:admin', host, 'admin-token', this.#adminCredential)
    }
    if (verifier === undefined) throw this.#refusal(host, 'a token of unknown form')
    try {
      const { principal, groups, expiresAt } = await verifier.verify(text)
      this.#failures.succeeded(clientOf(host))
      return { ...this.#session(principal, host, 'jwt', ''), groups, expiresAt }
    } catch (error) {
      const known = TailraceError.from(error)
      if (known.code !== 'AUTHENTICATION_FAILED') throw known
      throw this.#refusal(host, known.message)
    }
  }

  /**
   * Before a credential is looked at: waits the longer the more wrong ones have come from the address of late.
   * @throws TailraceError OVERLOADED: too many wait
   */
  async admit(host: string): Promise<void> {
    const { clock } = this.#deps
    const ms = this.#failures.waitOf(clientOf(host), clock.monotonic())
    if (ms > 0) await this.#waitFor(() => pause(clock, ms))
  }

  /** An exchange of messages; null: there is no such mechanism. */
  scram(name: string): ScramExchange | null {
    const { crypto, random, tables } = this.#deps
    const mechanism = scramMechanism(name)
    if (mechanism === undefined) return null
    return new ScramExchange(mechanism, {
      crypto,
      nonce: Buffer.from(random.secret(18)).toString('base64'),
      find: (user) => tables().users.get(user)?.scram[mechanism],
      pretend: (user) => this.#pretend(user),
    })
  }

  /** The exchange has ended well. */
  proved({ user }: ScramExchange, host: string): Session {
    this.#failures.succeeded(clientOf(host))
    return this.#session(`User:${user}`, host, 'scram', this.#keyOf(user))
  }

  /** The exchange has gone wrong. */
  unproved({ user }: ScramExchange, host: string): TailraceError {
    return this.#refusal(host, `user ${JSON.stringify(user)}`)
  }

  /**
   * A certificate that a trusted CA has signed. Those of brokers and cascade brokers name them (`broker-3`,
   * `cascade-101`); null: no rule makes a name of its subject.
   */
  certificate({ names, subject, validUntil }: PeerCertificate, host: string): Session | null {
    const session = (principal: string): Session => ({
      ...this.#session(principal, host, 'certificate', ''),
      expiresAt: validUntil,
    })
    const broker = brokerOfNames(names)
    if (broker !== null) return session(broker)
    const name = nameOfSubject(this.#certificateRules, subject)
    return name === null || !isPrincipalName(name) ? null : session(`User:${name}`)
  }

  /** Why a session must end, or null. Looked at every second, so that an end takes effect within seconds. */
  problemOf({ kind, principal, credential, expiresAt, vouchedBy }: Session): TailraceError | null {
    if (vouchedBy !== undefined) return this.problemOf(vouchedBy)
    const { clock, tables } = this.#deps
    const ended = (why: string) => new TailraceError('AUTHENTICATION_REQUIRED', why)
    if (expiresAt !== null && expiresAt <= clock.now()) return ended('The credential has expired.')
    if (kind === 'token' && !tables().tokens.has(credential)) return ended('The token has been revoked.')
    if (kind === 'admin-token' && credential !== this.#adminCredential) return ended('There is another admin token.')
    if (kind === 'scram' && this.#keyOf(principal.slice('User:'.length)) !== credential)
      return ended('The user has been deleted, or has another password.')
    return null
  }

  #session(principal: string, host: string, kind: CredentialKind, credential: string): Session {
    return { principal, groups: [], host, kind, credential, expiresAt: null, scope: null, via: [] }
  }

  get #adminCredential(): string {
    return Buffer.from(this.#deps.adminToken?.() ?? []).toString('base64')
  }

  #keyOf(user: string): string {
    return this.#deps.tables().users.get(user)?.scram['SCRAM-SHA-256']?.storedKey ?? ''
  }

  /** The audit says more than the client learns. */
  #refusal(host: string, shown: string): TailraceError {
    const { audit, clock } = this.#deps
    this.#failures.failed(clientOf(host), clock.monotonic())
    const login = { principal: '', host, action: 'login', target: shown } as const
    const error = new TailraceError('AUTHENTICATION_FAILED')
    audit.note({ ...login, outcome: 'refused', code: error.code }, error)
    return error
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    // One that fails holds up none of those behind it.
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #waitFor<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MOST_WAITING) throw new TailraceError('OVERLOADED', 'Too many clients show credentials.')
    this.#waiting++
    try {
      return await work()
    } finally {
      this.#waiting--
    }
  }

  #pretend(user: string): ScramCredential {
    const { crypto } = this.#deps
    const salt = crypto.hmac('sha256', this.#pretence, new TextEncoder().encode(user)).subarray(0, 16)
    const none = Buffer.from(this.#pretence).toString('base64')
    return {
      salt: Buffer.from(salt).toString('base64'),
      iterations: SCRAM_ITERATIONS,
      storedKey: none,
      serverKey: none,
    }
  }
}

/** As passwords are when they are set; one that has no such form is the password of nobody. */
function prepared(password: string): string {
  try {
    return preparePassword(password)
  } catch {
    return password
  }
}
