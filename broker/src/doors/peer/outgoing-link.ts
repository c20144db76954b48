import { Backoff, type BrokerId, type Frame, type MessageDecoder, TailraceError } from '@tailrace/schemas'
import type { PeerIdentity } from '../../partition/peers.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import type { ByteStream } from '../../platform/network.ts'
import type { PeerDeps } from './deps.ts'
import { FrameChannel } from './frame-channel.ts'
import { Handshake } from './handshake/handshake.ts'
import { proofFor } from './handshake/handshake-proof.ts'
import { LiveLink } from './live-link.ts'

export interface LinkOwner {
  admit(identity: PeerIdentity): void
  /** False: there is a link to this broker already, under another address; this one waits until it is needed. */
  up(link: OutgoingLink, identity: PeerIdentity): boolean
  down(link: OutgoingLink, identity: PeerIdentity): void
}

type State = 'new' | 'waiting' | 'connecting' | 'handshake' | 'up' | 'parked' | 'closed'

/**
 * The connection that this broker keeps to one address, as long as it runs: dials, shakes hands, and starts over when
 * it is lost. All requests and messages of this broker to the other use this connection, in order; the other direction
 * carries answers only, since the other broker dials too.
 */
export class OutgoingLink {
  readonly address: string
  readonly #deps: PeerDeps
  readonly #owner: LinkOwner
  readonly #backoff: Backoff
  #state: State = 'new'
  #channel: FrameChannel | undefined
  #handshake: Handshake | undefined
  /** At the next attempt: the broker there has not answered a challenge, and one without a key will do. */
  #provesNothing = false
  #live: LiveLink | undefined
  #timer: TimerHandle | undefined
  #upSince = 0
  #leadsTo: BrokerId | undefined
  /** Why this side refused the broker, until that closes the connection. */
  #refusal: TailraceError | undefined
  /** Why the broker there refused this one at the last attempt. */
  #refusedWith: TailraceError | undefined
  /** The last problem that was logged. */
  #problem = ''

  constructor(address: string, deps: PeerDeps, owner: LinkOwner) {
    this.address = address
    this.#deps = deps
    this.#owner = owner
    const { random, limits } = deps
    const { minBackoffMs, maxBackoffMs } = limits
    this.#backoff = new Backoff({ firstMs: minBackoffMs, maxMs: maxBackoffMs }, (bound) => random.below(bound))
  }

  /** The working connection, if there is one. */
  get live(): LiveLink | undefined {
    return this.#live?.open ? this.#live : undefined
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** The broker that was admitted at the address last. */
  get leadsTo(): BrokerId | undefined {
    return this.#leadsTo
  }

  /** Why the broker at the address refuses this one; until it answers otherwise, or not at all. */
  get refusedWith(): TailraceError | undefined {
    return this.#refusedWith
  }

  /** Dials now, unless that is done or under way: at the start, and when the other side seems to be up. */
  dial(): void {
    if (this.#state !== 'new' && this.#state !== 'waiting' && this.#state !== 'parked') return
    this.#timer?.cancel()
    this.#state = 'connecting'
    this.#deps.network.connect(this.address, this.#deps.limits.connectTimeoutMs).then(
      (stream) => this.#connected(stream),
      (error: unknown) => {
        this.#deps.stats.connectsFailed++
        this.#retry(error)
      },
    )
  }

  /** Dials if it stepped back for another link to the same broker. */
  unpark(): void {
    if (this.#state === 'parked') this.dial()
  }

  /** Gives up the connection and makes a new one. Not to be called within a call of a Peers method. */
  restart(reason: string): void {
    if (this.#state === 'up') this.#lost(new TailraceError('CONNECTION_LOST', reason))
  }

  /** Sends a probe; a link that has not answered the last ones is given up. */
  probe(): void {
    if (this.#live !== undefined && !this.#live.probe(this.#deps.limits.maxSilentProbes)) {
      this.restart('The broker is silent.')
    }
  }

  close(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#channel?.close()
    this.#live?.end(new TailraceError('SHUTTING_DOWN'))
    this.#live = undefined
  }

  #connected(stream: ByteStream): void {
    if (this.#state === 'closed') {
      stream.destroy()
      return
    }
    this.#state = 'handshake'
    const { limits, self, clusterKeys } = this.#deps
    const handlers = {
      onFrame: (frame: Frame) => handshake.receive(frame),
      onClose: (e: Error | null) => this.#retry(e ?? (handshake.unanswered ? unansweredChallenge() : null)),
    }
    const channel = new FrameChannel(stream, handlers, this.#deps)
    const handshake = new Handshake(channel, 'dialler', {
      self,
      proof: this.#provesNothing ? undefined : proofFor('dialler', this.#deps),
      proofRequired: clusterKeys?.required === true,
      certificateNames: this.#deps.certificateNames ?? new Map(),
      admit: (identity) => this.#owner.admit(identity),
      done: (identity, decoder) => this.#done(channel, identity, decoder),
      refused: (error, identity, byUs) => this.#refused(error, identity, byUs),
    })
    this.#channel = channel
    this.#handshake = handshake
    this.#timer = this.#deps.clock.after(limits.handshakeTimeoutMs, () => {
      this.#retry(new TailraceError('TIMED_OUT', 'The broker accepts connections but does not answer.'))
    })
    handshake.start()
  }

  #refused(error: TailraceError, identity: PeerIdentity | undefined, byUs: boolean): void {
    if (identity?.incarnation === this.#deps.self().incarnation) {
      // An address of the join list that leads back here; it will never be another broker.
      this.close()
      return
    }
    this.#deps.stats.handshakesRefused++
    // The side that was told closes the connection; after the handshake's time limit this side does.
    if (byUs) {
      this.#refusal = error
      return
    }
    this.#retry(error)
    this.#refusedWith = error
  }

  #done(channel: FrameChannel, identity: PeerIdentity, decoder: MessageDecoder): void {
    this.#timer?.cancel()
    const { clock, limits, log } = this.#deps
    const live = new LiveLink(channel, identity, clock, limits)
    channel.upgrade(limits.maxFrameBytes, decoder, {
      onFrame: (frame) => live.receive(frame),
      onTooLarge: (frame, bytes) => live.refuseTooLarge(frame, bytes),
      // New messages of a newer broker answer no request of this one.
      onUnknown: () => {},
      onClose: (error) => this.#lost(error),
    })
    this.#state = 'up'
    this.#leadsTo = identity.brokerId
    this.#refusedWith = undefined
    this.#live = live
    if (!this.#owner.up(this, identity)) {
      channel.close()
      this.#live = undefined
      this.#state = 'parked'
      return
    }
    this.#upSince = clock.monotonic()
    this.#problem = ''
    log.info({ peer: identity.brokerId, address: this.address }, 'link to a broker is up')
  }

  #lost(error: Error | null): void {
    const { identity } = this.#live!
    const lasted = this.#deps.clock.monotonic() - this.#upSince
    if (lasted > this.#deps.limits.maxBackoffMs) this.#backoff.reset()
    this.#live!.end(new TailraceError('CONNECTION_LOST', error?.message, { cause: error ?? undefined }))
    this.#live = undefined
    this.#retry(error)
    this.#owner.down(this, identity)
  }

  #retry(error: unknown): void {
    if (this.#state === 'closed') return
    this.#timer?.cancel()
    this.#channel?.close()
    this.#channel = undefined
    this.#provesNothing = this.#handshake?.unanswered === true && this.#deps.clusterKeys?.required === false
    this.#handshake = undefined
    this.#note(this.#refusal ?? error ?? new TailraceError('CONNECTION_LOST'))
    this.#refusal = undefined
    this.#refusedWith = undefined
    this.#state = 'waiting'
    this.#timer = this.#deps.clock.after(this.#backoff.next(), () => this.dial())
  }

  /** One line for each change, not for each attempt. */
  #note(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error)
    if (problem === this.#problem) return
    this.#problem = problem
    const fields = { address: this.address, problem }
    if (error instanceof TailraceError && error.code === 'INTERNAL')
      this.#deps.log.error({ ...fields, err: error.cause }, 'no link to a broker')
    else this.#deps.log.warn(fields, 'no link to a broker')
  }
}

function unansweredChallenge(): TailraceError {
  const detail = 'It has not answered a challenge: it has no cluster key, or is of an earlier version of Tailrace.'
  return new TailraceError('PEER_NOT_AUTHENTICATED', detail)
}
