import { type Frame, TailraceError } from '@tailrace/schemas'
import type { NoteName, PeerHandlers, PeerIdentity } from '../../partition/peers.ts'
import type { PeerDeps } from './deps.ts'
import { tooLarge } from './error-fields.ts'
import type { FrameChannel } from './frame-channel.ts'
import { RaftReceiver } from './raft-receiver.ts'
import { RequestAnswerer } from './request-answerer.ts'
import type { PeerStats } from './stats.ts'

const notes: ReadonlySet<string> = new Set<NoteName>(['NodeBeat', 'SleepingGroups', 'WakeGroups', 'Lives', 'Witness'])

function isNote(frame: Frame): frame is Extract<Frame, { name: NoteName }> {
  return notes.has(frame.name)
}

export type IncomingDeps = Pick<PeerDeps, 'crc32c' | 'log' | 'limits' | 'stats' | 'self'>

/**
 * The connection that another broker keeps to this one: its Raft messages and requests, and the way back for the
 * answers.
 */
export class IncomingPeer {
  readonly identity: PeerIdentity
  readonly #channel: FrameChannel
  readonly #handlers: PeerHandlers
  readonly #raft: RaftReceiver
  readonly #requests: RequestAnswerer
  readonly #stats: PeerStats
  #heard = true
  #silentTicks = 0

  constructor(channel: FrameChannel, identity: PeerIdentity, handlers: PeerHandlers, deps: IncomingDeps) {
    this.identity = identity
    this.#channel = channel
    this.#handlers = handlers
    this.#stats = deps.stats
    const { brokerId } = identity
    this.#raft = new RaftReceiver(brokerId, deps.self().brokerId, handlers, deps.crc32c, deps.stats)
    this.#requests = new RequestAnswerer(brokerId, channel, handlers, deps.limits, deps.log)
  }

  /** @throws TailraceError MALFORMED_FRAME for a frame that no broker sends this way */
  receive(frame: Frame): void {
    this.#heard = true
    if (frame.name === 'Heartbeats' && frame.fields.beats.length === 0) {
      this.#channel.send('HeartbeatReplies', { beats: [] })
    } else if (frame.name === 'Leaders') {
      this.#stats.unheard += this.#handlers.leaders(this.identity.brokerId, frame.fields.leaders)
    } else if (isNote(frame)) {
      this.#handlers.told(this.identity.brokerId, frame.name, frame.fields)
    } else if (!this.#raft.receive(frame) && !this.#requests.receive(frame)) {
      throw new TailraceError('MALFORMED_FRAME', `${frame.name} is no message that brokers send each other.`)
    }
  }

  /** The sender has larger limits than this broker. Only the frame is lost, never the link. */
  refuseTooLarge(frame: Frame, bytes: number): void {
    this.#heard = true
    if (frame.name === 'Append') this.#handlers.tooLarge(this.identity.brokerId, frame.fields.group, bytes)
    else if ('correlation' in frame.fields) this.#requests.refuse(frame.fields.correlation, tooLarge(frame.name, bytes))
    else throw new TailraceError('MALFORMED_FRAME', `${frame.name} has ${bytes} bytes.`)
  }

  /**
   * A newer broker sends a message that this one does not know: Raft tolerates the loss of a message, and a request
   * gets a Failure.
   */
  refuseUnknown(correlation: number | null): void {
    this.#heard = true
    if (correlation !== null) this.#requests.refuse(correlation, new TailraceError('UNSUPPORTED_MESSAGE'))
  }

  /**
   * Called once a probe interval, in which the other side has sent a probe at least. False after `maxSilent` intervals
   * without.
   */
  tick(maxSilent: number): boolean {
    this.#silentTicks = this.#heard ? 0 : this.#silentTicks + 1
    this.#heard = false
    return this.#silentTicks < maxSilent
  }

  close(): void {
    this.#channel.close()
  }
}
