import type { Clock, TimerHandle } from '../../../broker/src/platform/clock.ts'
import type { Network } from '../../../broker/src/platform/network.ts'
import type { EventLoop } from './event-loop.ts'

/** A machine's clocks: how fast they run, and what the one for people shows. */
export interface Timepiece {
  /** Milliseconds that it counts in a true one. */
  rate: number
  /** Milliseconds that `now` is ahead; monotonic time does not jump. */
  aheadMs: number
}

const EPOCH_MS = 1_700_000_000_000
const NEVER: TimerHandle = { cancel: () => {} }

/** One life of a broker. When it is dead its timers stay silent, and nothing that it still waits for ever comes. */
export class SimProcess {
  alive = true
  readonly clock: Clock
  readonly #loop: EventLoop
  readonly #timepiece: Timepiece

  constructor(loop: EventLoop, timepiece: Timepiece) {
    this.#loop = loop
    this.#timepiece = timepiece
    this.clock = {
      now: () => Math.floor(EPOCH_MS + this.#timepiece.aheadMs + this.#localMs()),
      monotonic: () => this.#localMs(),
      after: (ms, call) => this.#after(ms, call),
      every: (ms, call) => this.#every(ms, call),
      soon: (call) => void this.#after(0, call),
    }
  }

  /** The network as this life sees it: a connection that comes about after its death is dropped. */
  network(host: Network): Network {
    return {
      listen: (address, onStream) => host.listen(address, onStream),
      connect: async (address, timeoutMs) => {
        const stream = await host.connect(address, timeoutMs)
        if (this.alive) return stream
        stream.destroy()
        return new Promise(() => {})
      },
    }
  }

  #localMs(): number {
    return (this.#loop.now / 1000) * this.#timepiece.rate
  }

  #after(ms: number, call: () => void): TimerHandle {
    if (!this.alive) return NEVER
    return this.#loop.after((ms * 1000) / this.#timepiece.rate, () => {
      if (this.alive) call()
    })
  }

  #every(ms: number, call: () => void): TimerHandle {
    const again = (): void => {
      handle = this.#after(ms, again)
      call()
    }
    let handle = this.#after(ms, again)
    return { cancel: () => handle.cancel() }
  }
}
