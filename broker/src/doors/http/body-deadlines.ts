import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Clock, TimerHandle } from '../../platform/clock.ts'

const sweepMs = 1_000

/**
 * Closes connections whose request has a body that is not whole in time, as Node does with `requestTimeout`. That holds
 * for all requests of a server, and some bodies may take as long as they need.
 */
export class BodyDeadlines {
  readonly #server: Server
  readonly #clock: Clock
  readonly #mostMs: number
  /** Since when, in monotonic milliseconds; the oldest first. */
  readonly #arriving = new Map<IncomingMessage, number>()
  #sweep: TimerHandle | null = null

  /** `mostMs`: from the last header to the last byte. */
  constructor(server: Server, clock: Clock, mostMs: number) {
    this.#server = server
    this.#clock = clock
    this.#mostMs = mostMs
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#watch(request, response))
  }

  /** What reads the body bounds the time for it. */
  leave(request: IncomingMessage): void {
    this.#arriving.delete(request)
    if (this.#arriving.size > 0) return
    this.#sweep?.cancel()
    this.#sweep = null
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (encoding === undefined && (length === undefined || length === '0')) return
    this.#arriving.set(request, this.#clock.monotonic())
    this.#sweep ??= this.#clock.every(sweepMs, () => this.#closeLate())
    // A body that is not wanted is still read behind its answer.
    response.once('close', () => void ((request.complete || request.socket.destroyed) && this.leave(request)))
  }

  #closeLate(): void {
    const oldest = this.#clock.monotonic() - this.#mostMs
    for (const [request, since] of this.#arriving) {
      if (!request.complete && since > oldest) break
      this.leave(request)
      if (request.complete || request.socket.destroyed) continue
      const late = Object.assign(new Error('The body is late.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
      this.#server.emit('clientError', late, request.socket)
    }
  }
}
