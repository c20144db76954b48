import { Producer } from '@tailrace/producer'
import { build, type Histogram } from 'hdr-histogram-js'

const TICK_MS = 2

/**
 * Publishes at a steady rate, each record when it is due, and measures from then to its acknowledgement (no coordinated
 * omission).
 */
export class PacedPublisher {
  readonly #producer: Producer
  readonly #topic: string
  readonly #value: Uint8Array
  readonly #perSecond: number
  readonly #timer: NodeJS.Timeout
  #latencies = newHistogram()
  #due = performance.now()
  failures = 0

  constructor(servers: readonly string[], topic: string, recordBytes: number, perSecond: number) {
    this.#producer = new Producer({ servers, lingerMs: 0 })
    this.#topic = topic
    this.#value = new Uint8Array(recordBytes).fill(120)
    this.#perSecond = perSecond
    this.#timer = setInterval(() => this.#publishWhatIsDue(), TICK_MS)
  }

  /** Milliseconds, for records acknowledged since the last call. */
  take(): { p50: number; p99: number; most: number; count: number } {
    const taken = this.#latencies
    this.#latencies = newHistogram()
    const ms = (microseconds: number): number => microseconds / 1000
    const [p50, p99] = [taken.getValueAtPercentile(50), taken.getValueAtPercentile(99)]
    return { p50: ms(p50), p99: ms(p99), most: ms(taken.maxValue), count: taken.totalCount }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#producer.close()
  }

  #publishWhatIsDue(): void {
    for (; this.#due <= performance.now(); this.#due += 1000 / this.#perSecond) {
      const due = this.#due
      this.#producer.send(this.#topic, { value: this.#value }).then(
        () => this.#latencies.recordValue(Math.max(1, Math.round((performance.now() - due) * 1000))),
        () => {
          this.failures += 1
        },
      )
    }
  }
}

function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 })
}
