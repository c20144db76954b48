import {
  type BrokerId,
  encodeFrame,
  type Frame,
  type Message,
  type MessageName,
  peerRequestNames,
  TailraceError,
} from '@tailrace/schemas'
import type { PeerHandlers, RequestName } from '../../partition/peers.ts'
import type { Logger } from '../../platform/logger.ts'
import { errorFields } from './error-fields.ts'
import type { FrameChannel } from './frame-channel.ts'
import type { PeerLimits } from './limits.ts'

const requestNames: ReadonlySet<MessageName> = new Set(peerRequestNames)

/**
 * Answers the requests that come in on one connection. Requests beyond the limits are refused with OVERLOADED and not
 * left unread: Raft's messages share the connection, and a leader that stops reading them can never commit, so it would
 * never answer.
 */
export class RequestAnswerer {
  readonly #from: BrokerId
  readonly #channel: FrameChannel
  readonly #handlers: PeerHandlers
  readonly #limits: PeerLimits
  readonly #log: Logger
  #unanswered = 0
  #unansweredBytes = 0

  constructor(from: BrokerId, channel: FrameChannel, handlers: PeerHandlers, limits: PeerLimits, log: Logger) {
    this.#from = from
    this.#channel = channel
    this.#handlers = handlers
    this.#limits = limits
    this.#log = log
  }

  /** Whether the frame was a request. */
  receive(frame: Frame): boolean {
    if (!isRequest(frame)) return false
    const { maxInboundRequests, maxInboundRequestBytes } = this.#limits
    const bytes = this.#unansweredBytes + frame.body.length
    if (this.#unanswered >= maxInboundRequests || bytes > maxInboundRequestBytes) {
      const error = new TailraceError('OVERLOADED', `${this.#unanswered} requests of this broker are not answered yet.`)
      this.refuse(frame.fields.correlation, error)
      return true
    }
    this.#unanswered++
    this.#unansweredBytes = bytes
    void this.#answer(frame.name, frame.fields, frame.body)
    return true
  }

  async #answer<Name extends RequestName>(name: Name, fields: Message<Name>, body: Uint8Array): Promise<void> {
    const { correlation } = fields
    try {
      const reply = await this.#handlers.request(this.#from, name, fields, body)
      const replyName: `${Name}Reply` = `${name}Reply`
      const replyFields = { correlation, ...reply.fields } as unknown as Message<typeof replyName>
      const pieces = encodeFrame(replyName, replyFields, reply.body)
      this.#checkLength(name, pieces)
      this.#channel.write(pieces)
    } catch (error) {
      if (!(error instanceof TailraceError))
        this.#log.error({ err: error, request: name, peer: this.#from }, 'a request of a peer failed')
      this.refuse(correlation, error)
    } finally {
      this.#unanswered--
      this.#unansweredBytes -= body.length
    }
  }

  refuse(correlation: number, error: unknown): void {
    this.#channel.send('Failure', { correlation, error: errorFields(error) })
  }

  /** The peer drops a connection on which a longer frame comes, with all frames in flight. */
  #checkLength(name: RequestName, pieces: readonly Uint8Array[]): void {
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    if (bytes <= this.#limits.maxFrameBytes) return
    throw new TailraceError('FRAME_TOO_LARGE', `The answer to ${name} has ${bytes} bytes.`)
  }
}

function isRequest(frame: Frame): frame is Extract<Frame, { name: RequestName }> {
  return requestNames.has(frame.name)
}
