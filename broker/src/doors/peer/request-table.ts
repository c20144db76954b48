import { errorTold, type Frame, type MessageName, peerRequestNames, TailraceError } from '@tailrace/schemas'
import type { PeerReply, RequestName } from '../../partition/peers.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { PeerLimits } from './limits.ts'

/**
 * Deadlines are looked at this often: one timer for all requests, which may therefore fail so many milliseconds late.
 */
const SWEEP_MS = 50

interface PendingRequest {
  readonly replyName: MessageName
  readonly bodyBytes: number
  /** On the monotonic clock. */
  readonly deadline: number
  readonly resolve: (reply: PeerReply<RequestName>) => void
  readonly reject: (error: TailraceError) => void
}

/** Requests to one peer that wait for their answers. */
export class RequestTable {
  readonly #clock: Clock
  readonly #limits: PeerLimits
  readonly #pending = new Map<number, PendingRequest>()
  #pendingBytes = 0
  #nextCorrelation = 1
  #sweep: TimerHandle | undefined

  constructor(clock: Clock, limits: PeerLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#pending.size
  }

  /** @throws TailraceError OVERLOADED, FRAME_TOO_LARGE: then nothing may be sent */
  checkRoom(bodyBytes: number): void {
    if (bodyBytes > this.#limits.maxFrameBytes - this.#limits.maxHeaderBytes) {
      throw new TailraceError('FRAME_TOO_LARGE', `${bodyBytes} bytes do not fit into one frame between brokers.`)
    }
    const fits = this.#pendingBytes === 0 || this.#pendingBytes + bodyBytes <= this.#limits.maxRequestBytes
    if (this.#pending.size >= this.#limits.maxRequests || !fits) {
      throw new TailraceError('OVERLOADED', `${this.#pending.size} requests to the broker are not answered yet.`)
    }
  }

  /** The number for the next request. */
  newCorrelation(): number {
    return this.#nextCorrelation++
  }

  /**
   * Waits for the answer to a request. The promise fails with TIMED_OUT, CONNECTION_LOST or the error that the peer
   * answers.
   */
  add(correlation: number, name: RequestName, bodyBytes: number, timeoutMs: number): Promise<PeerReply<RequestName>> {
    const deadline = this.#clock.monotonic() + timeoutMs
    const reply = new Promise<PeerReply<RequestName>>((resolve, reject) => {
      this.#pending.set(correlation, { replyName: `${name}Reply`, bodyBytes, deadline, resolve, reject })
    })
    this.#pendingBytes += bodyBytes
    this.#sweep ??= this.#clock.after(SWEEP_MS, () => this.#dropLate())
    return reply
  }

  /**
   * Whether the frame was an answer. An answer to a request that timed out is swallowed.
   * @throws TailraceError MALFORMED_FRAME when it is the answer to another kind of request
   */
  settle(frame: Frame): boolean {
    if (!isAnswer(frame)) return false
    const { correlation } = frame.fields
    const request = this.#pending.get(correlation)
    if (request === undefined) return true
    if (frame.name !== 'Failure' && frame.name !== request.replyName) {
      throw new TailraceError('MALFORMED_FRAME', `${frame.name} answers a request that waits for ${request.replyName}.`)
    }
    this.#remove(correlation, request)
    if (frame.name === 'Failure') request.reject(errorTold(frame.fields.error))
    else request.resolve(frame)
    return true
  }

  failAll(error: TailraceError): void {
    this.#sweep?.cancel()
    this.#sweep = undefined
    for (const [correlation, request] of this.#pending) {
      this.#remove(correlation, request)
      request.reject(error)
    }
  }

  #remove(correlation: number, request: PendingRequest): void {
    this.#pending.delete(correlation)
    this.#pendingBytes -= request.bodyBytes
  }

  #dropLate(): void {
    const now = this.#clock.monotonic()
    for (const [correlation, request] of this.#pending) {
      if (request.deadline > now) continue
      this.#remove(correlation, request)
      request.reject(new TailraceError('TIMED_OUT', 'The broker that was asked has not answered.'))
    }
    this.#sweep = this.#pending.size > 0 ? this.#clock.after(SWEEP_MS, () => this.#dropLate()) : undefined
  }
}

type AnswerName = `${RequestName}Reply` | 'Failure'

const answerNames: ReadonlySet<MessageName> = new Set<AnswerName>([
  'Failure',
  ...peerRequestNames.map((name) => `${name}Reply` as const),
])

function isAnswer(frame: Frame): frame is Extract<Frame, { name: AnswerName }> {
  return answerNames.has(frame.name)
}
