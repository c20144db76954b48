import type { ConsumerRecord } from '../record.ts'
import type { Intake, TakenFrom } from './intake.ts'

/** A partition whose records are handled. */
export interface TaskPartition extends TakenFrom {
  /** Tells it from all others. */
  readonly key: string
  /** Records that were taken and are not finished. */
  readonly taken: number
}

/** A record that was taken, to be handled. `Given`: what the handler gets. */
export interface Task<Given> {
  /** As it was received. */
  readonly record: ConsumerRecord<unknown>
  readonly partition: TaskPartition
  /** Attempts in all, with the one that is made. */
  attempts: number
  /** Those that were made before it was put off. */
  readonly attemptsBefore: number
  /** It is still to be handled. */
  readonly isWanted: boolean
  /** It comes again later, whatever becomes of this attempt. */
  readonly isPutOff: boolean
  /** It is handled from now on; `now` is of the clock of the intake. */
  begin(now: number): void
  /** For the attempt that is made. @throws the record's own mistake: another attempt would change nothing */
  given(): Given
  /** It is not handled for the time being. */
  rest(): void
  /** The end of it. `isDone` false: it was given up, and comes again. */
  finish(isDone: boolean): void
}

/** Where the records of a run come from. */
export interface TaskSource<Partition extends TaskPartition, Given> {
  readonly intake: Intake<Partition>
  /** The next record of a partition; undefined: there is none, or others have their turn first. */
  take(partition: Partition, now: number): Task<Given> | undefined
  /** Others have their turn before it, if something can still be taken from it. */
  offerAgain(partition: Partition): void
  /** Nothing more is handed out. Resolves when what is handled is finished, or was waited for long enough. */
  close(): Promise<void>
}
