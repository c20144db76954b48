import type { Clock, TimerHandle } from '../../../broker/src/platform/clock.ts'
import type { Network } from '../../../broker/src/platform/network.ts'
import type { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import { GatedStream } from './gated-stream.ts'

/** A machine's clocks: their speed, and the time that the one for people shows. */
export interface Timepiece {
  /** Milliseconds that it counts in a true one. */
  rate: number
  /** Milliseconds that `now` is ahead; monotonic time does not jump. */
  aheadMs: number
}

const EPOCH_MS = 1_700_000_000_000
const NEVER: TimerHandle = { cancel: () => {} }

/** One life of a broker. When it is dead its timers do not fire, and the answers that it waits for do not come. */
export class SimProcess {
  alive = true
  /** It has stood still once: times that it counts in ticks may be outdated. */
  stoodStill = false
  /** The calls that the process will get when it continues; null while it runs. */
  #missed: (() => void)[] | null = null
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

  /** Calls into the process: nothing when it is dead, later when it stands still. */
  run(call: () => void): void {
    if (!this.alive) return
    if (this.#missed === null) call()
    else this.#missed.push(call)
  }

  /** The process stands still, as on SIGSTOP or in a machine that is moved; its clocks go on. */
  pause(): void {
    this.#missed ??= []
    this.stoodStill = true
  }

  resume(): void {
    const missed = this.#missed ?? []
    this.#missed = null
    for (const call of missed) this.run(call)
  }

  /** The network as this life sees it: a connection that is made after its death is dropped. */
  network(host: Network): Network {
    return {
      listen: (address, onStream) =>
        host.listen(address, (stream) => {
          const gated = new GatedStream(stream, this)
          this.run(() => onStream(gated))
        }),
      connect: async (address, timeoutMs) => {
        const stream = await host.connect(address, timeoutMs)
        if (this.alive) return new GatedStream(stream, this)
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
      this.run(call)
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
