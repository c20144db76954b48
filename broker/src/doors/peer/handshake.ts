import {
  decoderFor,
  type Frame,
  type Message,
  type MessageDecoder,
  ownDecoder,
  protocolFingerprint,
  protocolJson,
  TailraceError,
} from '@tailrace/schemas'
import type { PeerIdentity } from '../../partition/peers.ts'
import { errorFields, errorOf } from './error-fields.ts'
import type { FrameChannel } from './frame-channel.ts'
import { checkHandshakeVersion, refusalOfHello } from './handshake-version.ts'
import { helloOf, helloReplyOf, identityOf } from './identity-frames.ts'

export interface HandshakeDeps {
  readonly self: () => PeerIdentity
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
 *     dialler   Hello ->               its identity, the fingerprint of its protocol
 *     acceptor           <- Hello
 *     dialler   HelloReply ->          its whole protocol, if the fingerprints differ
 *     acceptor           <- HelloReply
 *
 * Each side sends one frame and waits, so that no frame in the peer's schemas arrives before it can be read. Either may
 * answer with a HelloReply that carries an error instead; the side that receives it closes. The dialler's link is up
 * once it has the last frame.
 */
export class Handshake {
  readonly #channel: FrameChannel
  readonly #dialler: boolean
  readonly #deps: HandshakeDeps
  #identity: PeerIdentity | undefined
  #sameProtocol = true
  #over = false

  constructor(channel: FrameChannel, role: 'dialler' | 'acceptor', deps: HandshakeDeps) {
    this.#channel = channel
    this.#dialler = role === 'dialler'
    this.#deps = deps
  }

  /** The dialler's first frame. */
  start(): void {
    this.#channel.send('Hello', helloOf(this.#deps.self()))
  }

  /** @throws TailraceError MALFORMED_FRAME for anything that does not belong into a handshake */
  receive(frame: Frame): void {
    if (this.#over || frame.body.length > 0) throw outOfPlace(frame.name)
    if (frame.name === 'Hello' && this.#identity === undefined) this.#hello(frame.fields)
    else if (frame.name === 'HelloReply') this.#helloReply(frame.fields)
    else throw outOfPlace(frame.name)
  }

  #hello(fields: Message<'Hello'>): void {
    try {
      const identity = identityOf(fields)
      this.#identity = identity
      checkHandshakeVersion(fields, this.#deps.self().brokerId)
      this.#deps.admit(identity)
    } catch (error) {
      this.#refuse(error)
      return
    }
    this.#sameProtocol = fields.schemas === protocolFingerprint
    if (this.#dialler) this.#sendReply()
    else this.#channel.send('Hello', helloOf(this.#deps.self()))
  }

  #helloReply(fields: Message<'HelloReply'>): void {
    if (fields.error !== null) {
      this.#over = true
      const identity = this.#identity ?? identityOf(fields)
      const error = errorOf(fields.error)
      const isOfHello = this.#identity === undefined
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
    if (!this.#dialler) this.#sendReply()
    this.#deps.done(this.#identity, decoder)
  }

  #sendReply(): void {
    this.#channel.send('HelloReply', helloReplyOf(this.#deps.self(), this.#sameProtocol ? '' : protocolJson, null))
  }

  #refuse(error: unknown): void {
    this.#over = true
    this.#channel.send('HelloReply', helloReplyOf(this.#deps.self(), '', errorFields(error)))
    this.#deps.refused(TailraceError.from(error), this.#identity, true)
  }
}

function foreignDecoder(json: string): MessageDecoder {
  try {
    return decoderFor(json)
  } catch (error) {
    if (error instanceof TailraceError && error.code === 'INCOMPATIBLE_PEER') throw error
    throw new TailraceError('INCOMPATIBLE_PEER', String(error), { cause: error })
  }
}

function outOfPlace(name: string): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `${name} does not belong here in the handshake.`)
}
