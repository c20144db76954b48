import { type ClientSurroundings, callChannel, delay, type OpenTelemetryApi } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { ConsumerRecord } from '../record.ts'
import { type HandledAttempt, HandlerSpans } from './handler-spans.ts'
import type { HandlerFailure, HandlingSettings } from './handling-options.ts'
import { Lanes, type Turn } from './lanes.ts'
import { retryDelayMs } from './retries.ts'
import type { Task, TaskPartition, TaskSource } from './task.ts'

/** Publishes a record that could not be handled. */
export type DeadLetterSink = (record: ConsumerRecord<unknown>, attempts: number, error: unknown) => Promise<void>

/** Each attempt of `run` at a record, for subscribers: `{ topic, partition, offset, attempt, group }`. */
const handled = callChannel('tailrace:consumer:handle')
/** Records that wait for their turn; in bytes they are bounded by what is received ahead. */
const MOST_WAITING = 10_000
/** Of a partition whose records are handled one after the other, so that others get their share. */
const MOST_OF_PARTITION = 100
/** Records that are taken from a partition before others have their turn. */
const IN_TURN = 16
/** While nothing may be begun, it is looked for so often. */
const LOOK_MS = 20

/** What a run has done: records that were handled, attempts that failed, records that went to the dead letters. */
export interface RunCounts {
  handled: number
  failedAttempts: number
  deadLetters: number
}

export interface HandlerRunParts<Partition extends TaskPartition, Given extends HandledAttempt['record']> {
  readonly source: TaskSource<Partition, Given>
  readonly settings: HandlingSettings
  readonly handler: (given: Given) => unknown
  /** Undefined: it reads alone. */
  readonly group: string | undefined
  /** Undefined: no spans. */
  readonly openTelemetry: OpenTelemetryApi | undefined
  /** Undefined: a record that cannot be handled ends the run. */
  readonly deadLetter: DeadLetterSink | undefined
  readonly counts: RunCounts
  readonly surroundings: ClientSurroundings
}

/** Calls a handler for each record of a source: several at once, in order where that is asked for. */
export class HandlerRun<Partition extends TaskPartition, Given extends HandledAttempt['record']> {
  readonly #parts: HandlerRunParts<Partition, Given>
  readonly #lanes: Lanes<Task<Given>>
  readonly #most: number
  readonly #mostOfPartition: number
  /** More is taken from a partition when so many of its records are left. */
  readonly #refillAt: number
  readonly #spans: HandlerSpans | undefined
  readonly #ended = new AbortController()
  #forRoom: (() => void) | undefined

  constructor(parts: HandlerRunParts<Partition, Given>) {
    this.#parts = parts
    const { concurrency, orderBy } = parts.settings
    this.#lanes = new Lanes(concurrency)
    if (parts.openTelemetry !== undefined) this.#spans = new HandlerSpans(parts.openTelemetry)
    this.#most = MOST_WAITING + concurrency
    this.#mostOfPartition = orderBy === 'partition' ? MOST_OF_PARTITION : this.#most
    // Those of a partition that are handled one after the other cannot hold up each other by being there.
    this.#refillAt = orderBy === 'partition' ? MOST_OF_PARTITION / 2 : this.#most - 1
  }

  /** Until the source has nothing more, or is closed. @throws what ends it */
  async run(): Promise<void> {
    const { source } = this.#parts
    try {
      for (;;) {
        const partition = await source.intake.next()
        if (partition === undefined) return
        this.#takeFrom(partition)
        this.#pump()
        if (partition.taken < this.#mostOfPartition) source.offerAgain(partition)
        if (this.#lanes.size >= this.#most) await this.#room()
      }
    } finally {
      await source.close()
      this.#ended.abort()
    }
  }

  #takeFrom(partition: Partition): void {
    const { source } = this.#parts
    // Without a look at the clock for each: that comes when it is begun.
    const now = source.intake.now()
    for (let count = 0; count < IN_TURN && partition.taken < this.#mostOfPartition; count++) {
      const task = source.take(partition, now)
      if (task === undefined) return
      this.#lanes.add(this.#laneOf(task), task)
    }
  }

  #laneOf({ partition: { key }, record }: Task<Given>): string | null {
    const { orderBy } = this.#parts.settings
    if (orderBy === 'partition') return key
    const lane = orderBy === 'key' ? laneOfKey(record.key) : null
    return lane === null ? null : `${key}/${lane}`
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#forRoom = resolve
    })
  }

  #pump(): void {
    const { intake } = this.#parts.source
    for (let turn = this.#lanes.start(); turn !== undefined; turn = this.#lanes.start()) {
      const now = intake.now()
      if (!intake.mayBegin(now)) {
        this.#startLater(turn, LOOK_MS)
        break
      }
      if (turn.item.isWanted) void this.#handle(turn, now)
      else this.#end(turn, false)
    }
    // Not for one record alone: each time costs as much as a few records.
    if (this.#lanes.size > this.#most - IN_TURN) return
    const wake = this.#forRoom
    this.#forRoom = undefined
    wake?.()
  }

  async #handle(turn: Turn<Task<Given>>, now: number): Promise<void> {
    const { counts } = this.#parts
    const task = turn.item
    task.attempts++
    task.begin(now)
    let isRead = false
    try {
      const given = task.given()
      isRead = true
      await this.#call(given, task.attempts)
      counts.handled++
      this.#end(turn, true)
    } catch (error) {
      counts.failedAttempts++
      // It was put off before it failed: it comes again anyway.
      if (task.isPutOff) this.#end(turn, true)
      else if (isRead) await this.#failed(turn, error)
      else await this.#unreadable(turn, error)
    }
    this.#pump()
  }

  /** Told to those who watch; without them a handler is called as it is. */
  #call(given: Given, attempt: number): unknown {
    const { handler, group } = this.#parts
    const spans = this.#spans
    if (spans === undefined && !handled.hasSubscribers) return handler(given)
    const { topic, partition, offset } = given
    const call = async () => handler(given)
    const spanned = spans === undefined ? call : () => spans.run({ record: given, group, attempt }, call)
    return handled.tell({ topic, partition, offset, attempt, group }, spanned)
  }

  async #failed(turn: Turn<Task<Given>>, error: unknown): Promise<void> {
    const { settings, surroundings, deadLetter } = this.#parts
    const task = turn.item
    const retryInMs = retryDelayMs(settings.retry, task.attempts - task.attemptsBefore, surroundings.random())
    if (retryInMs !== undefined) {
      this.#tell(task, error, { retryInMs })
      task.rest()
      this.#startLater(turn, retryInMs)
    } else if (deadLetter === undefined) this.#endRun(turn, error)
    else await this.#bury(turn, error, deadLetter)
  }

  async #unreadable(turn: Turn<Task<Given>>, error: unknown): Promise<void> {
    const { deadLetter } = this.#parts
    const isOfRecord = TailraceError.from(error).code === 'INVALID_RECORD'
    if (isOfRecord && deadLetter !== undefined) await this.#bury(turn, error, deadLetter)
    else this.#endRun(turn, error)
  }

  /** No other record is begun: not one behind it either, which has its lane now. */
  #endRun(turn: Turn<Task<Given>>, error: unknown): void {
    this.#tell(turn.item, error, 'end')
    this.#parts.source.intake.fail(error)
    this.#end(turn, false)
  }

  /** Its lane waits for it, and others go on. */
  #startLater(turn: Turn<Task<Given>>, ms: number): void {
    this.#lanes.pause(turn)
    void this.#again(turn, ms)
  }

  async #again(turn: Turn<Task<Given>>, ms: number): Promise<void> {
    await delay(ms, this.#ended.signal, this.#parts.surroundings).catch(() => {})
    this.#lanes.resume(turn)
    this.#pump()
  }

  async #bury(turn: Turn<Task<Given>>, error: unknown, deadLetter: DeadLetterSink): Promise<void> {
    const { counts, source } = this.#parts
    const { record, attempts } = turn.item
    this.#tell(turn.item, error, 'dead-letters')
    try {
      await deadLetter(record, attempts, error)
      counts.deadLetters++
      this.#end(turn, true)
    } catch (failure) {
      source.intake.fail(failure)
      this.#end(turn, false)
    }
  }

  #end(turn: Turn<Task<Given>>, isDone: boolean): void {
    const partition = turn.item.partition as Partition
    turn.item.finish(isDone)
    this.#lanes.finish(turn)
    if (partition.taken <= this.#refillAt) this.#parts.source.offerAgain(partition)
  }

  #tell({ record, attempts }: Task<Given>, error: unknown, next: HandlerFailure['next']): void {
    const { topic, partition, offset } = record
    try {
      this.#parts.settings.onFailure({ topic, partition, offset, attempt: attempts, error, next })
    } catch (thrown) {
      this.#parts.source.intake.fail(thrown)
    }
  }
}

/** Records with the same key have the same lane; null: there is no key. */
function laneOfKey(key: unknown): string | null {
  if (key === null || typeof key === 'string') return key
  return Array.from(key as Uint8Array, (byte) => String.fromCharCode(byte)).join('')
}
