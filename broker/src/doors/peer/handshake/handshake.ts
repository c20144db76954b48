import {
  type BrokerId,
  errorTold,
  type Frame,
  type Message,
  type MessageDecoder,
  ownDecoder,
  protocolFingerprint,
  TailraceError,
} from '@tailrace/schemas'
import { writtenProtocolJson } from '@tailrace/schemas/foreign-protocol'
import type { PeerIdentity } from '../../../partition/peers.ts'
import { errorFields } from '../error-fields.ts'
import { foreignDecoder } from '../foreign-decoder.ts'
import type { FrameChannel } from '../frame-channel.ts'
import { checkCertificate, checkIsOfBroker } from './certificate-identity.ts'
import type { HandshakeProof, Role } from './handshake-proof.ts'
import {
  checkChallengeVersion,
  checkHandshakeVersion,
  PLAIN_VERSION,
  PROVEN_VERSION,
  refusalOfHello,
} from './handshake-version.ts'
import { helloOf, helloReplyOf, identityIn, identityOf, nobody } from './identity-frames.ts'

export interface HandshakeDeps {
  readonly self: () => PeerIdentity
  /** What this side proves itself with; undefined without a cluster key, and for a dialler that is to prove nothing. */
  readonly proof: HandshakeProof | undefined
  /** Whether a broker that proves nothing is refused. */
  readonly proofRequired: boolean
  /** See checkCertificate. */
  readonly certificateNames: ReadonlyMap<BrokerId, string>
  /** Throws to refuse the peer. */
  readonly admit: (identity: PeerIdentity) => void
  readonly done: (identity: PeerIdentity, decoder: MessageDecoder) => void
  /**
   * `identity`: of the other side, if it has sent one. `byUs`: the other side has been told and closes, or is closed
   * for being late.
   */
  readonly refused: (error: TailraceError, identity: PeerIdentity | undefined, byUs: boolean) => void
}

/**
 * How two brokers introduce themselves on a new connection:
 *
 *     dialler   Challenge ->           a nonce
 *     acceptor           <- Challenge  its nonce, and the proof that it has the cluster key
 *     dialler   Hello ->               its identity, the fingerprint of its protocol, the proof of both
 *     acceptor           <- Hello
 *     dialler   HelloReply ->          its whole protocol, if the fingerprints differ
 *     acceptor           <- HelloReply
 *
 * Without a cluster key it begins with Hello, and nothing is proved. Each side sends one frame and waits, so that no
 * frame in the peer's schemas arrives before it can be read. Either may answer with a HelloReply that carries an error
 * instead; the side that receives it closes. No side says who it is before the other one has proved that it has the
 * key, or shown the certificate of a broker where the connection has one. The dialler's link is up once it has the last
 * frame.
 */
export class Handshake {
  readonly #channel: FrameChannel
  readonly #role: Role
  readonly #deps: HandshakeDeps
  readonly #proof: HandshakeProof | undefined
  /** The other side has sent its Challenge, and this side goes on with proofs. */
  #challenged = false
  #identity: PeerIdentity | undefined
  #sameProtocol = true
  #over = false

  constructor(channel: FrameChannel, role: Role, deps: HandshakeDeps) {
    this.#channel = channel
    this.#role = role
    this.#deps = deps
    this.#proof = deps.proof
  }

  /** The dialler's first frame. */
  start(): void {
    try {
      checkIsOfBroker(this.#channel.certificate, this.#deps.certificateNames)
    } catch (error) {
      this.#refuse(error)
      return
    }
    if (this.#proof === undefined) this.#sendHello()
    else this.#channel.send('Challenge', { protocol: PROVEN_VERSION }, this.#proof.ask())
  }

  /** The broker that was dialled has not answered the Challenge: it has no key, or is of an earlier version. */
  get unanswered(): boolean {
    return this.#role === 'dialler' && this.#proof !== undefined && !this.#challenged
  }

  /** @throws TailraceError MALFORMED_FRAME for anything that does not belong into a handshake */
  receive(frame: Frame): void {
    if (this.#over) throw outOfPlace(frame.name)
    if (frame.name === 'Challenge' && !this.#challenged && this.#identity === undefined)
      this.#challenge(frame.fields, frame.body)
    else if (frame.name === 'Hello' && this.#identity === undefined) this.#hello(frame.fields, frame.body)
    else if (frame.name === 'HelloReply' && frame.body.length === 0) this.#helloReply(frame.fields)
    else throw outOfPlace(frame.name)
  }

  #challenge(fields: Message<'Challenge'>, body: Uint8Array): void {
    try {
      checkChallengeVersion(fields)
      if (this.#proof === undefined) throw notAuthenticated('The broker here has no cluster key, the other one has.')
      if (this.#role === 'dialler') this.#proof.checkAnswer(body)
      else this.#channel.send('Challenge', { protocol: PROVEN_VERSION }, this.#proof.answer(body))
    } catch (error) {
      this.#challenged = true
      this.#refuse(error)
      return
    }
    this.#challenged = true
    if (this.#role === 'dialler') this.#sendHello()
  }

  #hello(fields: Message<'Hello'>, body: Uint8Array): void {
    const isProven = fields.protocol === PROVEN_VERSION
    if (this.unanswered || isProven !== this.#challenged || (body.length > 0 && !isProven)) throw outOfPlace('Hello')
    try {
      this.#check(fields, body)
      const { certificate } = this.#channel
      const said = identityOf(fields)
      checkCertificate(certificate, said.brokerId, this.#deps.certificateNames)
      const identity = this.#challenged || certificate !== null ? { ...said, proved: true } : said
      this.#identity = identity
      checkHandshakeVersion(fields, this.#deps.self().brokerId)
      this.#deps.admit(identity)
    } catch (error) {
      this.#refuse(error)
      return
    }
    this.#sameProtocol = fields.schemas === protocolFingerprint
    if (!this.#sameProtocol) this.#channel.awaitSchemas()
    if (this.#role === 'dialler') this.#sendReply()
    else this.#sendHello()
  }

  /** Before anything of the Hello is believed. */
  #check(fields: Message<'Hello'>, body: Uint8Array): void {
    if (this.#challenged) this.#proof!.check(fields, body)
    else if (this.#deps.proofRequired) {
      const here = 'the broker here takes only those with the cluster key'
      throw notAuthenticated(`Broker ${fields.brokerId} has proved nothing; ${here}.`)
    }
  }

  #helloReply(fields: Message<'HelloReply'>): void {
    if (fields.error !== null) {
      this.#over = true
      const identity = this.#identity ?? identityIn(fields)
      const error = errorTold(fields.error)
      const isOfHello = this.#identity === undefined && identity !== undefined
      const shown = isOfHello ? refusalOfHello(error, identity.brokerId, this.#deps.self().brokerId) : error
      this.#deps.refused(shown, identity, false)
      return
    }
    if (this.#identity === undefined) throw outOfPlace('HelloReply')
    let decoder: MessageDecoder
    try {
      decoder = this.#sameProtocol ? ownDecoder : foreignDecoder(fields.protocolJson)
    } catch (error) {
      this.#refuse(error)
      return
    }
    this.#over = true
    if (this.#role === 'acceptor') this.#sendReply()
    this.#deps.done(this.#identity, decoder)
  }

  #sendHello(): void {
    const hello = helloOf(this.#deps.self(), this.#challenged ? PROVEN_VERSION : PLAIN_VERSION)
    this.#channel.send('Hello', hello, this.#challenged ? [this.#proof!.prove(hello)] : [])
  }

  #sendReply(): void {
    const schemas = this.#sameProtocol ? '' : writtenProtocolJson()
    this.#channel.send('HelloReply', helloReplyOf(this.#deps.self(), schemas, null))
  }

  #refuse(error: unknown): void {
    this.#over = true
    // A side that was to prove itself, and has not, learns why it is refused and nothing else.
    const hadToProve = this.#deps.proofRequired || this.#channel.certificate !== null
    const self = hadToProve && this.#identity === undefined ? nobody : this.#deps.self()
    this.#channel.send('HelloReply', helloReplyOf(self, '', errorFields(error)))
    this.#deps.refused(TailraceError.from(error), this.#identity, true)
  }
}

function notAuthenticated(detail: string): TailraceError {
  return new TailraceError('PEER_NOT_AUTHENTICATED', detail)
}

function outOfPlace(name: string): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `${name} does not belong here in the handshake.`)
}
