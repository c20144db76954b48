import { encodeFrame, type Frame, type GroupId, type Message, TailraceError } from '@tailrace/schemas'
import type { NoteName, PeerIdentity, PeerReply, RequestName } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { errorFields, tooLarge } from './error-fields.ts'
import type { FrameChannel } from './frame-channel.ts'
import { HeartbeatFrames } from './heartbeat-frames.ts'
import type { PeerLimits } from './limits.ts'
import { encodeRaft } from './raft-frames.ts'
import { RequestTable } from './request-table.ts'

/**
 * A connection to a broker from the end of its handshake to its loss: what is sent here arrives in order or not at all.
 */
export class LiveLink {
  readonly identity: PeerIdentity
  readonly #channel: FrameChannel
  readonly #beats: HeartbeatFrames
  readonly #requests: RequestTable
  #heard = true
  #silentProbes = 0

  constructor(channel: FrameChannel, identity: PeerIdentity, clock: Clock, limits: PeerLimits) {
    this.identity = identity
    this.#channel = channel
    this.#beats = new HeartbeatFrames(clock, channel)
    this.#requests = new RequestTable(clock, limits)
  }

  get open(): boolean {
    return this.#channel.open
  }

  get queuedBytes(): number {
    return this.#channel.queuedBytes
  }

  get requestsInFlight(): number {
    return this.#requests.size
  }

  sendRaft(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void {
    if (message.type === 'heartbeat') this.#beats.addHeartbeat(group, message)
    else if (message.type === 'heartbeat-reply') this.#beats.addReply(group, message)
    else this.#channel.write(encodeRaft(group, message, payloads))
  }

  announceLeaders(leaders: Message<'Leaders'>['leaders']): void {
    this.#channel.send('Leaders', { leaders })
  }

  tell<Name extends NoteName>(name: Name, fields: Message<Name>): void {
    this.#channel.send(name, fields)
  }

  /**
   * @throws TailraceError OVERLOADED, FRAME_TOO_LARGE: nothing was sent. The promise fails with what the RequestTable
   * says.
   */
  request<Name extends RequestName>(
    name: Name,
    fields: Omit<Message<Name>, 'correlation'>,
    body: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<PeerReply<Name>> {
    let bodyBytes = 0
    for (const piece of body) bodyBytes += piece.length
    this.#requests.checkRoom(bodyBytes)
    const correlation = this.#requests.newCorrelation()
    const pieces = encodeFrame(name, { correlation, ...fields } as Message<Name>, body)
    this.#channel.write(pieces)
    return this.#requests.add(correlation, name, bodyBytes, timeoutMs) as Promise<PeerReply<Name>>
  }

  /** @throws TailraceError MALFORMED_FRAME for anything but answers */
  receive(frame: Frame): void {
    this.#heard = true
    if (frame.name === 'HeartbeatReplies' || this.#requests.settle(frame)) return
    throw new TailraceError('MALFORMED_FRAME', `${frame.name} is no answer.`)
  }

  /** An answer that does not fit: the request fails with that. */
  refuseTooLarge(frame: Frame, bytes: number): void {
    this.#heard = true
    if (!('correlation' in frame.fields)) throw new TailraceError('MALFORMED_FRAME', `${frame.name} is no answer.`)
    const { correlation } = frame.fields
    const error = errorFields(tooLarge(frame.name, bytes))
    this.#requests.settle({ name: 'Failure', fields: { correlation, error }, body: new Uint8Array(0) })
  }

  /**
   * Sends an empty heartbeat, which the other side answers. False when it has not answered the last `maxSilent` of
   * them.
   */
  probe(maxSilent: number): boolean {
    this.#silentProbes = this.#heard ? 0 : this.#silentProbes + 1
    this.#heard = false
    if (this.#silentProbes >= maxSilent) return false
    this.#channel.send('Heartbeats', { beats: [] })
    return true
  }

  /** The connection is gone: no answer will come. */
  end(error: TailraceError): void {
    this.#requests.failAll(error)
  }
}
