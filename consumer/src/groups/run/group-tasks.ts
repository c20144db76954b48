import type { ConsumerRecord } from '../../record.ts'
import type { Intake } from '../../run/intake.ts'
import type { Task, TaskSource } from '../../run/task.ts'
import type { GroupCounts } from '../group-counts.ts'
import type { GroupMember } from '../group-member.ts'
import { FINISH_MS } from '../group-options.ts'
import { GroupRecord, type RecordActions } from '../group-record.ts'
import type { HandedRecord, LeasedPartition } from '../leases/leased-partition.ts'
import { actionsOf } from '../record-actions.ts'

/** Handles one record. It is done when the promise resolves; what it throws makes it come again. */
export type Handler<Data = string> = (record: HandledRecord<Data>) => unknown
/** `run` commits by itself, what is done without a gap. */
export type HandledRecord<Data = string> = Omit<GroupRecord<Data>, 'commit'>

export interface GroupTasksParts<Data, Read> {
  readonly member: GroupMember<Data>
  /** What the handler gets. What it throws is the record's own mistake: another attempt would change nothing. */
  readonly read: (record: ConsumerRecord<Data>) => ConsumerRecord<Read>
  readonly counts: GroupCounts
}

/** The records of a member, to be handled. */
export class GroupTasks<Data, Read> implements TaskSource<LeasedPartition<Data>, GroupRecord<Read>> {
  readonly intake: Intake<LeasedPartition<Data>>
  readonly #parts: GroupTasksParts<Data, Read>
  readonly #actions: RecordActions

  constructor(parts: GroupTasksParts<Data, Read>) {
    this.#parts = parts
    this.#actions = actionsOf(parts.member, parts.counts, false)
    this.intake = parts.member.intake
  }

  take(partition: LeasedPartition<Data>, now: number): GroupTask<Data, Read> | undefined {
    const handed = this.intake.mayGoOn(partition, now) ? partition.takeRecord() : undefined
    return handed && new GroupTask(this.#parts, handed, this.#actions)
  }

  offerAgain(partition: LeasedPartition<Data>): void {
    this.#parts.member.offerAgain(partition)
  }

  close(): Promise<void> {
    return this.#parts.member.close(FINISH_MS)
  }
}

class GroupTask<Data, Read> implements Task<GroupRecord<Read>> {
  attempts: number
  readonly #parts: GroupTasksParts<Data, Read>
  readonly #handed: HandedRecord<Data>
  readonly #actions: RecordActions

  constructor(parts: GroupTasksParts<Data, Read>, handed: HandedRecord<Data>, actions: RecordActions) {
    this.#parts = parts
    this.#handed = handed
    this.#actions = actions
    this.attempts = this.attemptsBefore
  }

  get record(): ConsumerRecord<Data> {
    return this.#handed.content
  }

  get partition(): LeasedPartition<Data> {
    return this.#handed.partition
  }

  get attemptsBefore(): number {
    return this.#handed.due?.attempt ?? 0
  }

  get isWanted(): boolean {
    return !this.#parts.member.intake.isOver && this.partition.isWanted(this.#handed)
  }

  get isPutOff(): boolean {
    return this.#handed.isPutOff
  }

  begin(now: number): void {
    this.partition.begin(this.#handed, now)
  }

  given(): GroupRecord<Read> {
    return new GroupRecord(this.#parts.read(this.record), this.attempts, this.#handed, this.#actions)
  }

  rest(): void {
    this.partition.rest(this.#handed)
  }

  finish(isDone: boolean): void {
    this.#parts.member.finish(this.#handed, isDone)
  }
}
