import { encodeFrame, type Message, TailraceError } from '@tailrace/schemas'
import type { Crypto } from '../../../platform/crypto.ts'
import type { Random } from '../../../platform/random.ts'
import type { PeerDeps } from '../deps.ts'

export type Role = 'dialler' | 'acceptor'

/** The first part of what is proved: there is room for what only the two ends of an encrypted connection know. */
const NO_BINDING = new Uint8Array(0)

const NONCE_BYTES = 32
const PROOF_BYTES = 32

export interface ProofDeps {
  readonly crypto: Crypto
  readonly random: Random
  readonly keys: readonly Uint8Array[]
}

/** The proof of one side of a new connection; undefined without a cluster key. */
export function proofFor(
  role: Role,
  { crypto, random, clusterKeys }: Pick<PeerDeps, 'crypto' | 'random' | 'clusterKeys'>,
): HandshakeProof | undefined {
  return clusterKeys === null ? undefined : new HandshakeProof(role, { crypto, random, keys: clusterKeys.current() })
}

/**
 * What one side of a connection proves and checks: that each side has a key of the cluster, and is the broker that its
 * Hello says. A proof is an HMAC-SHA-256 over the role of its sender and all that was said before, the nonces of both
 * sides first. So it fits no other connection, no other identity, and not the other direction.
 */
export class HandshakeProof {
  readonly #role: Role
  readonly #other: Role
  readonly #deps: ProofDeps
  readonly #nonce: Uint8Array
  /** What both sides have said, in order. */
  #said: Uint8Array[] = []

  constructor(role: Role, deps: ProofDeps) {
    this.#role = role
    this.#other = role === 'dialler' ? 'acceptor' : 'dialler'
    this.#deps = deps
    this.#nonce = deps.random.secret(NONCE_BYTES)
  }

  /** The body of the dialler's Challenge: it proves nothing yet, since it does not know whom it has reached. */
  ask(): Uint8Array[] {
    return [this.#nonce]
  }

  /**
   * The body of the acceptor's Challenge, which answers the dialler's.
   * @throws TailraceError MALFORMED_FRAME
   */
  answer(body: Uint8Array): Uint8Array[] {
    if (body.length !== NONCE_BYTES) throw malformed('Challenge', body)
    this.#begin(body, this.#nonce)
    return [this.#nonce, this.#prove()]
  }

  /**
   * The acceptor's Challenge has come.
   * @throws TailraceError PEER_NOT_AUTHENTICATED, MALFORMED_FRAME
   */
  checkAnswer(body: Uint8Array): void {
    if (body.length !== NONCE_BYTES + PROOF_BYTES) throw malformed('Challenge', body)
    this.#begin(this.#nonce, body.slice(0, NONCE_BYTES))
    this.#check(body.subarray(NONCE_BYTES))
  }

  /** The body of this side's Hello. */
  prove(hello: Message<'Hello'>): Uint8Array {
    this.#say(hello)
    return this.#prove()
  }

  /** @throws TailraceError PEER_NOT_AUTHENTICATED, MALFORMED_FRAME */
  check(hello: Message<'Hello'>, body: Uint8Array): void {
    if (body.length !== PROOF_BYTES) throw malformed('Hello', body)
    this.#say(hello)
    this.#check(body)
  }

  #begin(ofDialler: Uint8Array, ofAcceptor: Uint8Array): void {
    this.#said = [NO_BINDING, Uint8Array.from(ofDialler), Uint8Array.from(ofAcceptor)]
  }

  /** As it is on the wire: Hello has one encoding. */
  #say(hello: Message<'Hello'>): void {
    this.#said.push(encodeFrame('Hello', hello)[0]!)
  }

  #prove(): Uint8Array {
    return this.#proofOf(this.#role, this.#deps.keys[0]!)
  }

  /** With every key, so that the time does not tell which one it was. */
  #check(proof: Uint8Array): void {
    const { keys, crypto } = this.#deps
    const right = keys.map((key) => crypto.equal(this.#proofOf(this.#other, key), proof))
    if (right.includes(true)) return
    throw new TailraceError('PEER_NOT_AUTHENTICATED', 'The two brokers have different cluster keys.')
  }

  #proofOf(sender: Role, key: Uint8Array): Uint8Array {
    const label = new TextEncoder().encode(`Tailrace handshake 3, ${sender}`)
    return this.#deps.crypto.hmac('sha256', key, joinedParts([label, ...this.#said]))
  }
}

/** Each part behind its length, so that no two lists of parts have the same bytes. */
function joinedParts(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  return bytes
}

function malformed(name: string, body: Uint8Array): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `The body of ${name} has ${body.length} bytes.`)
}
