import type { ClientSurroundings, OpenTelemetryApi } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { BatchSource } from '../feed/batch-source.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { Positions } from '../positions.ts'
import type { OnUnreadable } from '../readable-records.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import { HandlerRun } from '../run/handler-run.ts'
import type { HandlingSettings } from '../run/handling-options.ts'
import type { TopicPositions } from '../topics/topic-positions.ts'
import { CheckpointSaver } from './checkpoint-saver.ts'
import type { CheckpointSettings } from './reader-run-options.ts'
import { ReaderTasks, type RunRecord } from './reader-tasks.ts'

/** Handles one record of `run` of a consumer. It is done when the promise resolves. */
export type RecordHandler<Data = string> = (record: RunRecord<Data>) => unknown

/** How long what is handled may take when the program closes the consumer, or a run fails. */
const FINISH_MS = 5_000

/** What is read: batches, and the positions before which they have been handled. */
export interface ReadSource extends BatchSource {
  readonly positions: Positions | TopicPositions
  /** @throws what has ended it */
  whenStarted(): Promise<void>
}

export interface ReaderRunParts<Held, Read> {
  readonly source: ReadSource
  readonly batchOf: (received: ReceivedBatch) => RecordsBatch<Held>
  readonly read: (record: ConsumerRecord<Held>) => ConsumerRecord<Read>
  readonly onUnreadable: OnUnreadable
  readonly handler: RecordHandler<Read>
  readonly handling: HandlingSettings
  readonly checkpoint: CheckpointSettings | undefined
  /** Its start is saved before the first record is handled. */
  readonly savesStart: boolean
  readonly openTelemetry: OpenTelemetryApi | undefined
  readonly surroundings: ClientSurroundings
}

/** Calls a handler for each record that a consumer reads, without a group. */
export class ReaderRun<Held, Read> {
  readonly #parts: ReaderRunParts<Held, Read>
  readonly #tasks: ReaderTasks<Held, Read>
  readonly #saver: CheckpointSaver | undefined

  constructor(parts: ReaderRunParts<Held, Read>) {
    const { source, checkpoint, surroundings } = parts
    this.#parts = parts
    this.#tasks = new ReaderTasks({ ...parts, finishMs: FINISH_MS })
    if (checkpoint === undefined) return
    const failed = (error: unknown): void => this.#tasks.intake.fail(error)
    this.#saver = new CheckpointSaver({ ...checkpoint, position: () => source.positions, failed, surroundings })
  }

  /** Until everything is handled, or it is closed. @throws what ends it */
  async run(): Promise<void> {
    const { handler, handling, openTelemetry, surroundings } = this.#parts
    try {
      await this.#start()
      const run = new HandlerRun({
        source: this.#tasks,
        settings: handling,
        handler,
        group: undefined,
        openTelemetry,
        deadLetter: undefined,
        counts: { handled: 0, failedAttempts: 0, deadLetters: 0 },
        surroundings,
      })
      await run.run()
    } catch (error) {
      await this.close()
      throw error
    }
    await this.#tasks.close()
    await this.#saver?.stop()
  }

  /**
   * Hands out nothing more, waits for what is being handled (for 5 s at most), and saves progress. Never rejects: `run`
   * tells what the store has thrown.
   */
  async close(): Promise<void> {
    await this.#tasks.close()
    await this.#saver?.stop().catch(() => {})
  }

  async #start(): Promise<void> {
    const { source, savesStart } = this.#parts
    this.#tasks.begin()
    this.#saver?.begin()
    if (!savesStart) return
    await source.whenStarted().catch((error) => {
      // As closed as a run that has begun.
      if (TailraceError.from(error).code !== 'CLOSED') throw error
    })
    await this.#saver?.save()
  }
}
