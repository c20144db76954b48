import type { Clock, TimerHandle } from '../../platform/clock.ts'

export interface OpenStream {
  /** Shows that it lives. */
  beat(): void
  /** The broker stops. */
  shutDown(): void
}

/** From one heartbeat of a stream to the next. Proxies close what is silent for 30 to 60 seconds. */
const heartbeatSeconds = 15

/** All streams of a broker. Their heartbeats are spread over the seconds, so that no turn has to send them all. */
export class EventStreams {
  readonly #clock: Clock
  readonly #turns = Array.from({ length: heartbeatSeconds }, () => new Set<OpenStream>())
  #second = 0
  #open = 0
  /** Null: there are no streams. */
  #timer: TimerHandle | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns how to take it out. */
  add(stream: OpenStream): () => void {
    const turn = this.#turns.reduce((least, next) => (next.size < least.size ? next : least))
    turn.add(stream)
    this.#open++
    this.#timer ??= this.#clock.every(1_000, () => this.#beat())
    return () => {
      if (!turn.delete(stream) || --this.#open > 0) return
      this.#timer?.cancel()
      this.#timer = null
    }
  }

  close(): void {
    for (const turn of this.#turns) for (const stream of turn) stream.shutDown()
  }

  #beat(): void {
    this.#second = (this.#second + 1) % heartbeatSeconds
    for (const stream of this.#turns[this.#second]!) stream.beat()
  }
}
