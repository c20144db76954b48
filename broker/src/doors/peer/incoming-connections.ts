import { type BrokerId, type Frame, type MessageDecoder, TailraceError } from '@tailrace/schemas'
import type { PeerHandlers, PeerIdentity } from '../../partition/peers.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import type { ByteStream } from '../../platform/network.ts'
import type { PeerDeps } from './deps.ts'
import { FrameChannel } from './frame-channel.ts'
import { Handshake } from './handshake/handshake.ts'
import { proofFor } from './handshake/handshake-proof.ts'
import { IncomingPeer } from './incoming-peer.ts'

/** A connection whose other end is not known yet. */
interface Stranger {
  readonly channel: FrameChannel
  readonly timer: TimerHandle
}

export interface Doorkeeper {
  /** Throws to refuse. */
  admit(identity: PeerIdentity): void
  /** A broker has connected and been admitted: it is up. */
  arrived(identity: PeerIdentity): void
}

/**
 * Everything that connects to the peer port: strangers until they have shaken hands, then one connection for each
 * broker.
 */
export class IncomingConnections {
  readonly #deps: PeerDeps
  readonly #door: Doorkeeper
  readonly #handlers: PeerHandlers
  /** In order of arrival. */
  readonly #strangers = new Set<Stranger>()
  readonly #peers = new Map<BrokerId, IncomingPeer>()
  /** Problems that were logged lately, by where they came from: one line for each change, not for each attempt. */
  readonly #problems = new Map<string, string>()

  constructor(deps: PeerDeps, door: Doorkeeper, handlers: PeerHandlers) {
    this.#deps = deps
    this.#door = door
    this.#handlers = handlers
  }

  get strangers(): number {
    return this.#strangers.size
  }

  accept(stream: ByteStream): void {
    const { limits, clock, self, clusterKeys } = this.#deps
    this.#makeRoom()
    const channel = new FrameChannel(
      stream,
      {
        onFrame: (frame: Frame) => handshake.receive(frame),
        onClose: (error) => {
          this.#forget(stranger)
          if (error instanceof TailraceError) this.#note(channel, undefined, error)
        },
      },
      this.#deps,
    )
    const stranger: Stranger = {
      channel,
      timer: clock.after(limits.handshakeTimeoutMs, () => {
        this.#forget(stranger)
        channel.close()
      }),
    }
    this.#strangers.add(stranger)
    const handshake = new Handshake(channel, 'acceptor', {
      self,
      proof: proofFor('acceptor', this.#deps),
      proofRequired: clusterKeys?.required === true,
      certificateNames: this.#deps.certificateNames ?? new Map(),
      admit: (identity) => this.#door.admit(identity),
      done: (identity, decoder) => this.#welcome(stranger, identity, decoder),
      refused: (error, identity, byUs) => this.#refused(stranger, error, identity, byUs),
    })
  }

  /** Gives up connections that have been silent for too long: their brokers are gone without closing them. */
  tick(): void {
    for (const [id, peer] of this.#peers) {
      if (peer.tick(2 * this.#deps.limits.maxSilentProbes)) continue
      this.#peers.delete(id)
      peer.close()
    }
  }

  hangUp(broker: BrokerId): void {
    const peer = this.#peers.get(broker)
    this.#peers.delete(broker)
    peer?.close()
  }

  close(): void {
    for (const stranger of this.#strangers) {
      stranger.timer.cancel()
      stranger.channel.close()
    }
    for (const peer of this.#peers.values()) peer.close()
    this.#strangers.clear()
    this.#peers.clear()
  }

  /** The oldest is dropped: a broker needs two round trips, so a connection that takes longer is not one. */
  #makeRoom(): void {
    if (this.#strangers.size < this.#deps.limits.maxUnknownConnections) return
    const [oldest] = this.#strangers
    this.#forget(oldest!)
    oldest!.channel.close()
  }

  #forget(stranger: Stranger): void {
    stranger.timer.cancel()
    this.#strangers.delete(stranger)
  }

  #welcome(stranger: Stranger, identity: PeerIdentity, decoder: MessageDecoder): void {
    const { channel } = stranger
    this.#forget(stranger)
    const peer = new IncomingPeer(channel, identity, this.#handlers, this.#deps)
    channel.upgrade(this.#deps.limits.maxFrameBytes, decoder, {
      onFrame: (frame) => peer.receive(frame),
      onTooLarge: (frame, bytes) => peer.refuseTooLarge(frame, bytes),
      onUnknown: (correlation) => peer.refuseUnknown(correlation),
      onClose: (error) => {
        this.#peers.delete(identity.brokerId)
        if (error instanceof TailraceError) this.#note(channel, identity, error)
      },
    })
    // A broker has one connection to us: an older one is dead, or would bring old messages behind new ones.
    this.#peers.get(identity.brokerId)?.close()
    this.#peers.set(identity.brokerId, peer)
    this.#problems.delete(placeOf(channel, identity))
    this.#door.arrived(identity)
  }

  /**
   * A broker that was refused closes the connection itself, so that it surely reads why. If it does not, the
   * handshake's timer does.
   */
  #refused(stranger: Stranger, error: TailraceError, identity: PeerIdentity | undefined, byUs: boolean): void {
    this.#note(stranger.channel, identity, error)
    if (byUs) {
      this.#deps.stats.handshakesRefused++
      return
    }
    this.#forget(stranger)
    stranger.channel.close()
  }

  #note(channel: FrameChannel, identity: PeerIdentity | undefined, error: TailraceError): void {
    const place = placeOf(channel, identity)
    if (this.#problems.get(place) === error.message) return
    if (this.#problems.size >= MAX_PROBLEMS) this.#problems.clear()
    this.#problems.set(place, error.message)
    const fields = { remote: channel.remote, peer: identity?.brokerId, problem: error.message }
    if (error.code === 'INTERNAL') this.#deps.log.error({ ...fields, err: error.cause }, 'dropped a peer connection')
    else this.#deps.log.warn(fields, 'dropped a peer connection')
  }
}

/** Problems kept in mind to log each once. */
const MAX_PROBLEMS = 256

/** Without the port, which is another one at each attempt. */
function placeOf(channel: FrameChannel, identity: PeerIdentity | undefined): string {
  return identity === undefined ? channel.remote.replace(/:\d+$/, '') : `broker ${identity.brokerId}`
}
