import { withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { Settler } from '../batch.ts'
import type { ProducerRecord, Sent } from '../record.ts'
import type { Intake, PromisedSend } from '../sends.ts'
import { type ConditionalOptions, togetherOf } from './condition.ts'

/** Records that are written together under a condition, or not at all. */
export class ConditionalSend implements PromisedSend, Settler {
  readonly promise: Promise<Sent[]>
  readonly #records: readonly ProducerRecord[]
  readonly #options: ConditionalOptions
  readonly #sent: Sent[] = []
  readonly #resolve: (sent: Sent[]) => void
  readonly #reject: (error: TailraceError) => void
  #isOver = false

  constructor(records: readonly ProducerRecord[], options: ConditionalOptions) {
    this.#records = records
    this.#options = options
    const { promise, resolve, reject } = withResolvers<Sent[]>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  get remaining(): number {
    return this.#records.length
  }

  feed(intake: Intake): boolean {
    if (this.#isOver) return true
    if (!intake.hasRoom) return false
    try {
      intake.acceptTogether(togetherOf(this.#records, this.#options), this)
    } catch (error) {
      this.fail(TailraceError.from(error))
    }
    return true
  }

  recordAt(position: number): ProducerRecord {
    return this.#records[position]!
  }

  settle(position: number, sent: Sent): void {
    this.#isOver = true
    this.#sent[position] = sent
    if (position === this.#records.length - 1) this.#resolve(this.#sent)
  }

  fail(error: TailraceError): void {
    this.#isOver = true
    this.#reject(error)
  }

  stop(error: TailraceError): void {
    this.fail(error)
  }

  whenSettled(): Promise<unknown> {
    return this.promise.catch(() => {})
  }
}
