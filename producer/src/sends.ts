import { abortError, withResolvers } from '@tailrace/client'
import type { TailraceError } from '@tailrace/schemas'
import type { Settler } from './batch.ts'
import type { Together } from './publish-parts/condition.ts'
import type { ProducerRecord, Sent } from './record.ts'

/** Where a send puts its records. */
export interface Intake {
  /** False when the memory allowance is used up. */
  readonly hasRoom: boolean
  /** @throws TailraceError INVALID_RECORD, BATCH_TOO_LARGE, UNKNOWN_PARTITION: this record alone */
  accept(record: ProducerRecord, settler: Settler, position: number): void
  /** As one batch. @throws TailraceError as `accept`: none of them */
  acceptTogether(together: Together, settler: Settler): void
}

/**
 * A call of `send` or `sendBatch`: gives its records to batches when there is room, and answers when their outcomes are
 * known.
 */
export interface Send {
  /** Records that are in no batch yet. */
  readonly remaining: number
  /** Adds records to batches while there is room. True when none is left. */
  feed(intake: Intake): boolean
  /** Adds no further record, and rejects at once. */
  stop(error: TailraceError): void
  /** Resolves, never rejects, when the outcome has been reported. */
  whenSettled(): Promise<unknown>
}

/** One of several records. */
export interface PromisedSend extends Send {
  readonly promise: Promise<Sent[]>
}

// Executors that are not closures: one is made for each record otherwise.
let resolveOfNew: (value: never) => void
let rejectOfNew: (error: TailraceError) => void
const capture = (resolve: (value: never) => void, reject: (error: TailraceError) => void): void => {
  resolveOfNew = resolve
  rejectOfNew = reject
}

/** One record. */
export class SingleSend implements Send, Settler {
  readonly remaining = 1
  readonly promise: Promise<Sent>
  readonly #record: ProducerRecord
  readonly #resolve: (sent: Sent) => void
  readonly #reject: (error: TailraceError) => void
  #isOver = false

  constructor(record: ProducerRecord) {
    this.#record = record
    this.promise = new Promise<Sent>(capture as never)
    this.#resolve = resolveOfNew as (sent: Sent) => void
    this.#reject = rejectOfNew
  }

  feed(intake: Intake): boolean {
    if (this.#isOver) return true
    if (!intake.hasRoom) return false
    try {
      intake.accept(this.#record, this, 0)
    } catch (error) {
      this.fail(error as TailraceError)
    }
    return true
  }

  recordAt(): ProducerRecord {
    return this.#record
  }

  settle(_position: number, sent: Sent): void {
    this.#isOver = true
    this.#resolve(sent)
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

/** Many records and one promise. It rejects with the first error, once every record's outcome is known. */
export class ManySend implements PromisedSend, Settler {
  readonly promise: Promise<Sent[]>
  readonly #records: readonly ProducerRecord[]
  readonly #sent: Sent[]
  readonly #resolve: (sent: Sent[]) => void
  readonly #reject: (error: TailraceError) => void
  #given = 0
  #settled = 0
  #error: TailraceError | undefined

  constructor(records: readonly ProducerRecord[]) {
    this.#records = records
    this.#sent = new Array(records.length)
    const { promise, resolve, reject } = withResolvers<Sent[]>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  get remaining(): number {
    return this.#records.length - this.#given
  }

  feed(intake: Intake): boolean {
    try {
      while (this.#error === undefined && this.#given < this.#records.length) {
        if (!intake.hasRoom) return false
        intake.accept(this.#records[this.#given]!, this, this.#given)
        this.#given++
      }
    } catch (error) {
      this.#error = error as TailraceError
    }
    this.#finish()
    return true
  }

  recordAt(position: number): ProducerRecord {
    return this.#records[position]!
  }

  settle(position: number, sent: Sent): void {
    this.#sent[position] = sent
    this.#settled++
    this.#finish()
  }

  fail(error: TailraceError): void {
    this.#error ??= error
    this.#settled++
    this.#finish()
  }

  stop(error: TailraceError): void {
    this.#error ??= error
    this.#reject(error)
  }

  whenSettled(): Promise<unknown> {
    return this.promise.catch(() => {})
  }

  #finish(): void {
    if (this.#settled < this.#given) return
    if (this.#error !== undefined) this.#reject(this.#error)
    else if (this.#given === this.#records.length) this.#resolve(this.#sent)
  }
}

/** Ends a send when its signal fires. Records that are in a batch already may still be committed. */
export function abortable(send: Send, signal: AbortSignal): void {
  const stop = (): void => send.stop(abortError(signal))
  if (signal.aborted) {
    stop()
  } else {
    signal.addEventListener('abort', stop, { once: true })
    void send.whenSettled().then(() => signal.removeEventListener('abort', stop))
  }
}
