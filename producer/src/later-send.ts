import { withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { PublishParts } from './publish-parts/node.ts'
import type { Sent } from './record.ts'
import type { Intake, PromisedSend } from './sends.ts'
import { type SpecialCall, specialSend, type WaitForParts } from './special-send.ts'

/** A send whose code is loaded first. Those behind it wait as well, so that sends keep their order. */
export class LaterSend implements PromisedSend {
  readonly promise: Promise<Sent[]>
  readonly #call: SpecialCall
  readonly #reject: (error: TailraceError) => void
  readonly #over: () => void
  #send: PromisedSend | undefined
  #isOver = false

  constructor(call: SpecialCall, load: (signal: AbortSignal) => Promise<PublishParts>, wait: WaitForParts) {
    const { promise, resolve, reject } = withResolvers<Sent[]>()
    this.promise = promise
    this.#reject = reject
    this.#over = wait.over
    const { topic, records, options, openTelemetry } = call
    const begun = { context: openTelemetry?.context.active(), startTime: new Date(wait.surroundings.now()) }
    this.#call = { topic, records: [...records], options: { ...options }, openTelemetry, begun, outcome: promise }
    void this.#load(load, wait).then(resolve, reject)
  }

  get remaining(): number {
    return this.#send?.remaining ?? this.#call.records.length
  }

  feed(intake: Intake): boolean {
    return this.#isOver || (this.#send?.feed(intake) ?? false)
  }

  stop(error: TailraceError): void {
    this.#isOver = true
    this.#send?.stop(error)
    this.#reject(error)
    // Not at once: the queue in which it waits may be what stops it.
    queueMicrotask(this.#over)
  }

  whenSettled(): Promise<unknown> {
    return this.promise.catch(() => {})
  }

  async #load(load: (signal: AbortSignal) => Promise<PublishParts>, wait: WaitForParts): Promise<Sent[]> {
    const late = () => this.stop(new TailraceError('TIMED_OUT', 'Its code was not loaded within deliveryTimeoutMs.'))
    const timer = wait.surroundings.after(wait.timeoutMs, late)
    try {
      // Also if it is over by now: its span tells so.
      this.#send = specialSend(this.#call, await load(wait.ended))
      if (this.#isOver) this.#send.stop(new TailraceError('ABORTED'))
      return this.#send.promise
    } catch (error) {
      this.#isOver = true
      throw error
    } finally {
      timer.cancel()
      wait.over()
    }
  }
}
