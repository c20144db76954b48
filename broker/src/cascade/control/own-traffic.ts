import type { CascadeReport } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'

/** Bytes of batches since the start. */
export interface TrafficBytes {
  /** To clients and to brokers below. */
  readonly sent: number
  /** Thereof to brokers below. */
  readonly sentBelow: number
  /** From sources. */
  readonly copied: number
}

type Rates = Required<Pick<CascadeReport, 'sentBytesPerSecond' | 'clientBytesPerSecond' | 'copiedBytesPerSecond'>>

/** What was further back than this counts for a third. */
const memoryMs = 20_000
/** Counters are not looked at more often: a beat that is sent at once would see the bytes of a moment. */
const leastMs = 500

/** The rates of this broker's traffic, over the last seconds, so that a short burst is no reason to move anybody. */
export class OwnTraffic {
  readonly #clock: Clock
  readonly #bytes: () => TrafficBytes
  #last: TrafficBytes
  #at: number
  #rates: TrafficBytes = { sent: 0, sentBelow: 0, copied: 0 }

  constructor(clock: Clock, bytes: () => TrafficBytes) {
    this.#clock = clock
    this.#bytes = bytes
    this.#last = bytes()
    this.#at = clock.monotonic()
  }

  /** Bytes a second, whole. */
  rates(): Rates {
    this.#look()
    const { sent, sentBelow, copied } = this.#rates
    return {
      sentBytesPerSecond: Math.round(sent),
      clientBytesPerSecond: Math.round(Math.max(0, sent - sentBelow)),
      copiedBytesPerSecond: Math.round(copied),
    }
  }

  #look(): void {
    const now = this.#clock.monotonic()
    const ms = now - this.#at
    if (ms < leastMs) return
    const [bytes, last, rates] = [this.#bytes(), this.#last, this.#rates]
    const share = 1 - Math.exp(-ms / memoryMs)
    const next = (of: keyof TrafficBytes): number => {
      const rate = ((bytes[of] - last[of]) / ms) * 1_000
      return rates[of] + share * (rate - rates[of])
    }
    this.#rates = { sent: next('sent'), sentBelow: next('sentBelow'), copied: next('copied') }
    this.#last = bytes
    this.#at = now
  }
}
