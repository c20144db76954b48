import type { Supply } from '../ready-iterator.ts'
import type { GroupMember } from './group-member.ts'
import type { GroupRecord } from './group-record.ts'
import type { HandedRecord, LeasedPartition } from './leases/leased-partition.ts'

/** The records of a member. A record counts as processed when the next one is asked for. */
export class MemberRecords<Data> implements Supply<GroupRecord<Data>> {
  readonly #member: GroupMember<Data>
  readonly #recordOf: (handed: HandedRecord<Data>) => GroupRecord<Data>
  /** From which records are taken as long as there are some and others need not be asked. */
  #partition: LeasedPartition<Data> | undefined
  /** The record that was given last, until the next one is asked for. */
  #given: HandedRecord<Data> | undefined

  constructor(member: GroupMember<Data>, recordOf: (handed: HandedRecord<Data>) => GroupRecord<Data>) {
    this.#member = member
    this.#recordOf = recordOf
  }

  take(): GroupRecord<Data> | undefined {
    this.#finish(true)
    const partition = this.#partition
    if (partition === undefined) return undefined
    const { intake } = this.#member
    const now = this.#member.now()
    const handed = intake.mayGoOn(partition, now) ? partition.takeRecord() : undefined
    if (handed !== undefined) {
      partition.begin(handed, now)
      this.#given = handed
      return this.#recordOf(handed)
    }
    this.#partition = undefined
    this.#member.offerAgain(partition)
    return undefined
  }

  async more(): Promise<boolean> {
    this.#partition = await this.#member.intake.next()
    return this.#partition !== undefined
  }

  /** The record that was given last is not processed, and the member leaves the group. */
  async end(): Promise<void> {
    this.#partition = undefined
    this.#finish(false)
    await this.#member.close(0)
  }

  #finish(isDone: boolean): void {
    const given = this.#given
    if (given === undefined) return
    this.#given = undefined
    this.#member.finish(given, isDone)
  }
}
