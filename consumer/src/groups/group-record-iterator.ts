import { WaitingCalls } from '../waiting-calls.ts'
import type { GroupRecord } from './group-record.ts'
import type { HandOut } from './hand-out.ts'
import type { HandedRecord, LeasedPartition } from './leases/leased-partition.ts'

type Result<Data> = IteratorResult<GroupRecord<Data>, undefined>

/**
 * The records of a member one by one. A record counts as processed when the next one is asked for. Records that are
 * there are given without waiting: an async generator would make three promises for each.
 */
export class GroupRecordIterator<Data> implements AsyncGenerator<GroupRecord<Data>, undefined> {
  readonly #join: () => Promise<HandOut<Data>>
  #hand: HandOut<Data> | undefined
  /** From which records are taken as long as there are some and others need not be asked. */
  #partition: LeasedPartition<Data> | undefined
  /** The record that was given last, until the next one is asked for. */
  #given: HandedRecord<Data> | undefined
  #isOver = false
  readonly #waiting = new WaitingCalls()

  /** Joins with the first call. */
  constructor(join: () => Promise<HandOut<Data>>) {
    this.#join = join
  }

  next(): Promise<Result<Data>> {
    if (this.#waiting.isEmpty && this.#hand !== undefined) {
      try {
        const value = this.#take(this.#hand)
        if (value !== undefined) return Promise.resolve({ value, done: false })
      } catch (error) {
        return this.throw(error)
      }
    }
    return this.#waiting.add(() => this.#wait())
  }

  /** The loop is left: the record that it has is not processed, and the member leaves the group. */
  async return(): Promise<Result<Data>> {
    await this.#leave()
    await this.#waiting.settled()
    return { value: undefined, done: true }
  }

  async throw(error?: unknown): Promise<Result<Data>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #wait(): Promise<Result<Data>> {
    try {
      if (!this.#isOver) this.#hand ??= await this.#join()
      while (!this.#isOver) {
        const value = this.#take(this.#hand!)
        if (value !== undefined) return { value, done: false }
        this.#partition = await this.#hand!.member.intake.next()
        if (this.#partition === undefined) break
      }
    } catch (error) {
      await this.#leave()
      throw error
    }
    await this.#leave()
    return { value: undefined, done: true }
  }

  /** The record before is processed. Undefined: there is none without waiting. */
  #take(hand: HandOut<Data>): GroupRecord<Data> | undefined {
    this.#finish(true)
    const partition = this.#partition
    if (partition === undefined) return undefined
    const { member } = hand
    const now = member.now()
    const handed = member.intake.mayGoOn(partition, now) ? partition.takeRecord() : undefined
    if (handed !== undefined) {
      partition.begin(handed, now)
      this.#given = handed
      return hand.recordOf(handed)
    }
    this.#partition = undefined
    member.offerAgain(partition)
    return undefined
  }

  #finish(isDone: boolean): void {
    const given = this.#given
    if (given === undefined) return
    this.#given = undefined
    this.#hand!.member.finish(given, isDone)
  }

  async #leave(): Promise<void> {
    this.#isOver = true
    this.#partition = undefined
    this.#finish(false)
    await this.#hand?.member.close(0)
  }
}
