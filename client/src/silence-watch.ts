import { type ClientSurroundings, machine, type Timer } from './surroundings.ts'

/**
 * Notices a peer that has fallen silent: a frozen process or a dead network path leaves a TCP connection open for many
 * minutes. It counts ticks of a timer and not elapsed time: when this process itself was busy for long, only one tick
 * fires, and messages that the peer sent meanwhile are read before the next.
 */
export class SilenceWatch {
  readonly #timer: Timer
  #silentTicks = 0

  /**
   * After one silent tick `probe` is called once, after `deadAfterTicks` of them `dead`. `expecting`: whether an answer
   * is owed soon.
   */
  constructor(
    tickMs: number,
    events: { expecting(): boolean; probe(): void; dead(): void },
    { every }: ClientSurroundings = machine,
  ) {
    const idleTicks = 5
    const deadAfterTicks = 3
    let probedAt = 0
    this.#timer = every(tickMs, () => {
      this.#silentTicks++
      // A peer that owes nothing is asked less often: ten thousand idle consumers must cost their broker nothing.
      const patience = events.expecting() ? 1 : idleTicks
      if (this.#silentTicks === 1) probedAt = 0
      if (probedAt === 0 && this.#silentTicks >= patience) {
        probedAt = this.#silentTicks
        events.probe()
      } else if (probedAt !== 0 && this.#silentTicks >= probedAt + deadAfterTicks - 1) {
        events.dead()
      }
    })
  }

  heard(): void {
    this.#silentTicks = 0
  }

  stop(): void {
    this.#timer.cancel()
  }
}
