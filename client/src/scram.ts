import { TailraceError } from '@tailrace/schemas'
import type { ScramMechanism } from './credentials.ts'
import type { ClientSurroundings } from './surroundings.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A broker that asks for more would keep this program busy for seconds. */
const MOST_ITERATIONS = 1_000_000
const NONCE_BYTES = 18

/**
 * The client's side of SCRAM (RFC 5802), on Web Crypto, which Node and browsers have; a browser only on pages that came
 * over TLS or from this machine.
 */
export class ScramClient {
  readonly mechanism: ScramMechanism
  readonly #password: string
  readonly #nonce: string
  readonly #first: string
  #server = ''

  constructor(mechanism: ScramMechanism, username: string, password: string, { secret }: ClientSurroundings) {
    this.mechanism = mechanism
    this.#password = password
    this.#nonce = base64(secret(NONCE_BYTES))
    this.#first = `n=${username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.#nonce}`
  }

  /** client-first-message */
  begin(): string {
    return `n,,${this.#first}`
  }

  /** server-first-message to client-final-message. @throws TailraceError AUTHENTICATION_FAILED */
  async prove(challenge: string): Promise<string> {
    const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d{1,9})$/.exec(challenge) ?? []
    const count = Number(iterations)
    if (!nonce?.startsWith(this.#nonce) || nonce.length === this.#nonce.length || !(count >= 1)) throw notOurs()
    if (count > MOST_ITERATIONS) throw notOurs()
    const salted = await this.#salted(bytesOf(salt!), count)
    const clientKey = await this.#hmac(salted, utf8('Client Key'))
    const storedKey = new Uint8Array(await subtle().digest(this.#hash, clientKey))
    const unproved = `c=biws,r=${nonce}`
    const text = utf8(`${this.#first},${challenge},${unproved}`)
    const signature = await this.#hmac(storedKey, text)
    this.#server = base64(await this.#hmac(await this.#hmac(salted, utf8('Server Key')), text))
    return `${unproved},p=${base64(clientKey.map((byte, at) => byte ^ signature[at]!))}`
  }

  /** server-final-message: the broker knows the password, too. @throws TailraceError AUTHENTICATION_FAILED */
  check(final: string): void {
    if (this.#server === '' || final !== `v=${this.#server}`) throw notOurs()
  }

  get #hash(): 'SHA-256' | 'SHA-512' {
    return this.mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512'
  }

  async #salted(salt: Bytes, iterations: number): Promise<Bytes> {
    const password = utf8(this.#password.normalize('NFKC'))
    const key = await subtle().importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
    const bits = this.mechanism === 'SCRAM-SHA-256' ? 256 : 512
    return new Uint8Array(await subtle().deriveBits({ name: 'PBKDF2', salt, iterations, hash: this.#hash }, key, bits))
  }

  async #hmac(secret: Bytes, text: Bytes): Promise<Bytes> {
    const key = await subtle().importKey('raw', secret, { name: 'HMAC', hash: this.#hash }, false, ['sign'])
    return new Uint8Array(await subtle().sign('HMAC', key, text))
  }
}

function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (found !== undefined) return found
  const detail = 'A browser proves a password only on pages that came over TLS. Use a token.'
  throw new TailraceError('AUTHENTICATION_FAILED', detail)
}

function notOurs(): TailraceError {
  return new TailraceError('AUTHENTICATION_FAILED', 'The broker has not proved that it knows the password.')
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

function base64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes))
}

function bytesOf(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    throw notOurs()
  }
}
