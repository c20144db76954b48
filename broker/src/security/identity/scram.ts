import { type ScramMechanism, scramMechanisms } from '../../api/security-api.ts'
import type { Crypto, HashName } from '../../platform/crypto.ts'
import type { ScramCredential } from '../security-tables.ts'

/** As RFC 7677 asks of SCRAM-SHA-256 at least. */
export const SCRAM_ITERATIONS = 4096
/** Longer messages are none of an honest client. */
const MOST_CHARACTERS = 2_000

export function hashOf(mechanism: ScramMechanism): HashName {
  return mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
}

export function scramMechanism(name: string): ScramMechanism | undefined {
  return scramMechanisms.find((known) => known === name)
}

/** What is stored of a password (RFC 5802 §3). */
export async function scramCredential(
  crypto: Crypto,
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  iterations = SCRAM_ITERATIONS,
): Promise<ScramCredential> {
  const hash = hashOf(mechanism)
  const salted = await crypto.pbkdf2(hash, utf8(password), salt, iterations)
  return {
    salt: base64(salt),
    iterations,
    storedKey: base64(crypto.hash(hash, crypto.hmac(hash, salted, utf8('Client Key')))),
    serverKey: base64(crypto.hmac(hash, salted, utf8('Server Key'))),
  }
}

export interface ScramDeps {
  readonly crypto: Crypto
  /** The broker's part of the nonce. */
  readonly nonce: string
  /** Undefined: there is no such user. */
  readonly find: (user: string) => ScramCredential | undefined
  /** For a user that does not exist: a salt that stays the same, so that nobody learns who exists. */
  readonly pretend: (user: string) => ScramCredential
}

/** The broker's side of one SCRAM exchange (RFC 5802), without channel binding. Null in place of a message: refused. */
export class ScramExchange {
  readonly #hash: HashName
  readonly #deps: ScramDeps
  #first = ''
  #challenge = ''
  #binding = ''
  #user = ''
  #known: ScramCredential | undefined
  #step = 0

  constructor(mechanism: ScramMechanism, deps: ScramDeps) {
    this.#hash = hashOf(mechanism)
    this.#deps = deps
  }

  /** Of the client's first message; its identity is proved only when `finish` has given an answer. */
  get user(): string {
    return this.#user
  }

  /** client-first-message to server-first-message. */
  begin(message: string): string | null {
    // gs2-header, then n=user,r=nonce and extensions, of which none is known: mandatory ones begin with m.
    const [, binding, bare, name, nonce] = /^([ny],,)(n=([^,]+),r=([!-+--~]+)(?:,.*)?)$/s.exec(message) ?? []
    const user = name === undefined ? null : unescaped(name)
    if (this.#step++ > 0 || message.length > MOST_CHARACTERS || user === null || bare === undefined) return null
    this.#user = user
    this.#first = bare
    this.#binding = base64(utf8(binding!))
    this.#known = this.#deps.find(user)
    const { salt, iterations } = this.#known ?? this.#deps.pretend(user)
    this.#challenge = `r=${nonce}${this.#deps.nonce},s=${salt},i=${iterations}`
    return this.#challenge
  }

  /** client-final-message to server-final-message, which proves the broker to the client. */
  finish(message: string): string | null {
    const { crypto } = this.#deps
    const [, unproved, binding, nonce, proof] = /^(c=([^,]*),r=([!-+--~]+)(?:,.*)?),p=([^,]+)$/s.exec(message) ?? []
    if (this.#step++ !== 1 || message.length > MOST_CHARACTERS || unproved === undefined) return null
    if (binding !== this.#binding || !this.#challenge.startsWith(`r=${nonce},`)) return null
    const known = this.#known
    if (known === undefined) return null
    const text = utf8(`${this.#first},${this.#challenge},${unproved}`)
    const storedKey = bytes(known.storedKey)
    const signature = crypto.hmac(this.#hash, storedKey, text)
    const given = bytes(proof!)
    if (given.length !== signature.length) return null
    const clientKey = given.map((byte, at) => byte ^ signature[at]!)
    if (!crypto.equal(crypto.hash(this.#hash, clientKey), storedKey)) return null
    return `v=${base64(crypto.hmac(this.#hash, bytes(known.serverKey), text))}`
  }
}

/** RFC 5802 §5.1: =2C is a comma, =3D an equals sign, and there is no other =. */
function unescaped(name: string): string | null {
  if (/=(?!2C|3D)/.test(name)) return null
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function base64(raw: Uint8Array): string {
  return Buffer.from(raw).toString('base64')
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
