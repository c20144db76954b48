import { type ClientSurroundings, callChannel, delay, type OpenTelemetryApi } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { ConsumerRecord } from '../../record.ts'
import type { GroupCounts } from '../group-counts.ts'
import type { GroupMember } from '../group-member.ts'
import { FINISH_MS } from '../group-options.ts'
import { GroupRecord } from '../group-record.ts'
import type { Handed, LeasedPartition } from '../leases/leased-partition.ts'
import { actionsOf } from '../record-actions.ts'
import { HandlerSpans } from './handler-spans.ts'
import { Lanes, type Turn } from './lanes.ts'
import { retryDelayMs } from './retries.ts'
import type { HandlerFailure, RunSettings } from './run-options.ts'

/** Handles one record. It is done when the promise resolves; what it throws makes it come again. */
export type Handler<Data = string> = (record: HandledRecord<Data>) => unknown
/** `run` commits by itself, what is done without a gap. */
export type HandledRecord<Data = string> = Omit<GroupRecord<Data>, 'commit'>

/** Publishes a record that could not be handled. */
export type DeadLetterSink<Data> = (record: ConsumerRecord<Data>, attempts: number, error: unknown) => Promise<void>

/** Each attempt of `run` at a record, for subscribers: `{ topic, partition, offset, attempt, group }`. */
const handled = callChannel('tailrace:consumer:handle')
/** Records that wait for their turn; in bytes they are bounded by what is received ahead. */
const MOST_WAITING = 10_000
/** Of a partition whose records are handled one after the other, so that others get their share. */
const MOST_OF_PARTITION = 100
/** Records that are taken from a partition before others have their turn. */
const IN_TURN = 16

interface Task<Data> {
  readonly partition: LeasedPartition<Data>
  readonly handed: Handed
  readonly record: ConsumerRecord<Data>
  attempts: number
}

export interface HandlerRunParts<Data, Read> {
  readonly member: GroupMember<Data>
  readonly settings: RunSettings
  /** What the handler gets. What it throws is the record's own mistake: another attempt would change nothing. */
  readonly read: (record: ConsumerRecord<Data>) => ConsumerRecord<Read>
  readonly handler: Handler<Read>
  readonly group: string
  /** Undefined: no spans. */
  readonly openTelemetry: OpenTelemetryApi | undefined
  readonly deadLetter: DeadLetterSink<Data>
  readonly counts: GroupCounts
  readonly surroundings: ClientSurroundings
}

/** Calls a handler for each record of a member: several at once, in order where that is asked for. */
export class HandlerRun<Data, Read = Data> {
  readonly #parts: HandlerRunParts<Data, Read>
  readonly #lanes: Lanes<Task<Data>>
  readonly #most: number
  readonly #mostOfPartition: number
  readonly #spans: HandlerSpans | undefined
  readonly #ended = new AbortController()
  #forRoom: (() => void) | undefined

  constructor(parts: HandlerRunParts<Data, Read>) {
    this.#parts = parts
    const { concurrency, orderBy } = parts.settings
    this.#lanes = new Lanes(concurrency)
    if (parts.openTelemetry !== undefined) this.#spans = new HandlerSpans(parts.openTelemetry)
    this.#most = MOST_WAITING + concurrency
    this.#mostOfPartition = orderBy === 'partition' ? MOST_OF_PARTITION : this.#most
  }

  /** Until the member is closed. @throws what ends it */
  async run(): Promise<void> {
    const { member } = this.#parts
    try {
      for (;;) {
        const partition = await member.intake.next()
        if (partition === undefined) return
        this.#takeFrom(partition)
        this.#pump()
        this.#offerAgain(partition)
        if (this.#lanes.size >= this.#most) await this.#room()
      }
    } finally {
      await member.close(FINISH_MS)
      this.#ended.abort()
    }
  }

  #takeFrom(partition: LeasedPartition<Data>): void {
    const { intake } = this.#parts.member
    for (let count = 0; count < IN_TURN && partition.taken < this.#mostOfPartition; count++) {
      const taken = intake.mayGoOn(partition, this.#parts.member.now()) ? partition.takeRecord() : undefined
      if (taken === undefined) return
      const task = { partition, ...taken, attempts: taken.handed.due?.attempt ?? 0 }
      this.#lanes.add(this.#laneOf(task), task)
    }
  }

  #offerAgain(partition: LeasedPartition<Data>): void {
    if (partition.taken < this.#mostOfPartition) this.#parts.member.offerAgain(partition)
  }

  #laneOf({ partition: { key }, record }: Task<Data>): string | null {
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
    for (let turn = this.#lanes.start(); turn !== undefined; turn = this.#lanes.start()) {
      const { partition, handed } = turn.item
      if (!partition.isWanted(handed)) this.#end(turn, false)
      else void this.#handle(turn)
    }
    if (this.#lanes.size >= this.#most) return
    const wake = this.#forRoom
    this.#forRoom = undefined
    wake?.()
  }

  async #handle(turn: Turn<Task<Data>>): Promise<void> {
    const { read, counts, member } = this.#parts
    const { partition, handed, record } = turn.item
    const attempt = ++turn.item.attempts
    partition.begin(handed, member.now())
    const actions = actionsOf(member, partition, handed, { attempt: () => attempt, counts, canCommit: false })
    let isRead = false
    try {
      const given = read(record)
      isRead = true
      await this.#call(new GroupRecord(given, partition.lease.token, attempt, actions))
      counts.handled++
      this.#end(turn, true)
    } catch (error) {
      counts.failedAttempts++
      // It was put off before it failed: it comes again anyway.
      if (handed.isPutOff) this.#end(turn, true)
      else if (isRead) await this.#failed(turn, error)
      else await this.#unreadable(turn, error)
    }
    this.#pump()
  }

  /** Told to those who watch; without them a handler is called as it is. */
  #call(record: GroupRecord<Read>): unknown {
    const { handler, group } = this.#parts
    const spans = this.#spans
    if (spans === undefined && !handled.hasSubscribers) return handler(record)
    const { topic, partition, offset, attempt } = record
    const call = async () => handler(record)
    const spanned = spans === undefined ? call : () => spans.run({ record, group, attempt }, call)
    return handled.tell({ topic, partition, offset, attempt, group }, spanned)
  }

  async #failed(turn: Turn<Task<Data>>, error: unknown): Promise<void> {
    const { settings } = this.#parts
    const { partition, handed, attempts } = turn.item
    const retryInMs = retryDelayMs(
      settings.retry,
      attempts - (handed.due?.attempt ?? 0),
      this.#parts.surroundings.random(),
    )
    if (retryInMs !== undefined) {
      this.#tell(turn.item, error, { retryInMs })
      partition.rest(handed)
      this.#lanes.pause(turn)
      void this.#again(turn, retryInMs)
    } else if (settings.deadLetters === false) this.#endRun(turn, error)
    else await this.#bury(turn, error)
  }

  async #unreadable(turn: Turn<Task<Data>>, error: unknown): Promise<void> {
    const isOfRecord = TailraceError.from(error).code === 'INVALID_RECORD'
    if (isOfRecord && this.#parts.settings.deadLetters !== false) await this.#bury(turn, error)
    else this.#endRun(turn, error)
  }

  #endRun(turn: Turn<Task<Data>>, error: unknown): void {
    this.#tell(turn.item, error, 'end')
    this.#end(turn, false)
    this.#parts.member.intake.fail(TailraceError.from(error))
  }

  async #again(turn: Turn<Task<Data>>, ms: number): Promise<void> {
    await delay(ms, this.#ended.signal, this.#parts.surroundings).catch(() => {})
    this.#lanes.resume(turn)
    this.#pump()
  }

  async #bury(turn: Turn<Task<Data>>, error: unknown): Promise<void> {
    const { deadLetter, counts, member } = this.#parts
    const { record, attempts } = turn.item
    this.#tell(turn.item, error, 'dead-letters')
    try {
      await deadLetter(record, attempts, error)
      counts.deadLetters++
      this.#end(turn, true)
    } catch (failure) {
      this.#end(turn, false)
      member.intake.fail(TailraceError.from(failure))
    }
  }

  #end(turn: Turn<Task<Data>>, isDone: boolean): void {
    const { partition, handed } = turn.item
    this.#parts.member.finish(partition, handed, isDone)
    this.#lanes.finish(turn)
    this.#offerAgain(partition)
  }

  #tell({ record, attempts }: Task<Data>, error: unknown, next: HandlerFailure['next']): void {
    const { topic, partition, offset } = record
    try {
      this.#parts.settings.onFailure({ topic, partition, offset, attempt: attempts, error, next })
    } catch (thrown) {
      this.#parts.member.intake.fail(TailraceError.from(thrown))
    }
  }
}

/** Records with the same key have the same lane; null: there is no key. */
function laneOfKey(key: unknown): string | null {
  if (key === null || typeof key === 'string') return key
  return Array.from(key as Uint8Array, (byte) => String.fromCharCode(byte)).join('')
}
