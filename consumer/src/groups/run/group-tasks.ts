import type { ConsumerRecord } from '../../record.ts'
import type { Intake } from '../../run/intake.ts'
import type { Task, TaskSource } from '../../run/task.ts'
import type { GroupCounts } from '../group-counts.ts'
import type { GroupMember } from '../group-member.ts'
import { FINISH_MS } from '../group-options.ts'
import { GroupRecord } from '../group-record.ts'
import type { LeasedPartition, TakenRecord } from '../leases/leased-partition.ts'
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

  constructor(parts: GroupTasksParts<Data, Read>) {
    this.#parts = parts
    this.intake = parts.member.intake
  }

  take(partition: LeasedPartition<Data>): GroupTask<Data, Read> | undefined {
    const taken = this.intake.mayGoOn(partition, this.#parts.member.now()) ? partition.takeRecord() : undefined
    return taken && new GroupTask(this.#parts, partition, taken)
  }

  offerAgain(partition: LeasedPartition<Data>): void {
    this.#parts.member.offerAgain(partition)
  }

  close(): Promise<void> {
    return this.#parts.member.close(FINISH_MS)
  }
}

class GroupTask<Data, Read> implements Task<GroupRecord<Read>> {
  readonly record: ConsumerRecord<Data>
  readonly partition: LeasedPartition<Data>
  attempts: number
  readonly #parts: GroupTasksParts<Data, Read>
  readonly #taken: TakenRecord<Data>

  constructor(parts: GroupTasksParts<Data, Read>, partition: LeasedPartition<Data>, taken: TakenRecord<Data>) {
    this.record = taken.record
    this.partition = partition
    this.#parts = parts
    this.#taken = taken
    this.attempts = this.attemptsBefore
  }

  get attemptsBefore(): number {
    return this.#taken.handed.due?.attempt ?? 0
  }

  get isWanted(): boolean {
    return !this.#parts.member.intake.isOver && this.partition.isWanted(this.#taken.handed)
  }

  get isPutOff(): boolean {
    return this.#taken.handed.isPutOff
  }

  begin(): void {
    this.partition.begin(this.#taken.handed, this.#parts.member.now())
  }

  given(): GroupRecord<Read> {
    const { member, read, counts } = this.#parts
    const { partition, attempts } = this
    const actions = actionsOf(member, partition, this.#taken.handed, {
      attempt: () => attempts,
      counts,
      canCommit: false,
    })
    return new GroupRecord(read(this.record), partition.lease.token, attempts, actions)
  }

  rest(): void {
    this.partition.rest(this.#taken.handed)
  }

  finish(isDone: boolean): void {
    this.#parts.member.finish(this.partition, this.#taken.handed, isDone)
  }
}
