import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'

/** A subscriber over its quota gets nothing until what was sent has been made good: the records come later. */
export class QuotaPause {
  readonly #quotas: Pick<SenderQuotas, 'postpone'>
  readonly #clock: Clock
  readonly #onOver: () => void
  #timer: TimerHandle | null = null

  /** `onOver`: it may go on. */
  constructor(quotas: Pick<SenderQuotas, 'postpone'>, clock: Clock, onOver: () => void) {
    this.#quotas = quotas
    this.#clock = clock
    this.#onOver = onOver
  }

  get isOn(): boolean {
    return this.#timer !== null
  }

  /** Whether it must wait, from now on or already. */
  mustWait(): boolean {
    if (this.isOn) return true
    const ms = this.#quotas.postpone('fetchBytesPerSecond')
    if (ms === 0) return false
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = null
      this.#onOver()
    })
    return true
  }

  cancel(): void {
    this.#timer?.cancel()
  }
}
