import { machine } from '@tailrace/client'
import type { ConsumerRecord } from '../../record.ts'
import { Intake } from '../intake.ts'
import type { Task, TaskPartition, TaskSource } from '../task.ts'

export type ManualRecord = ConsumerRecord<string>

/** The records of one partition, to be handled as long as its lease is valid, which the test says. */
export class ManualTasks implements TaskSource<TaskPartition, ManualRecord> {
  isValid = true
  /** How often it was asked whether the lease is valid, since it is not. */
  looks = 0
  readonly begun: number[] = []
  readonly partition = { key: 't/0', taken: 0, isOffered: false, isOpen: true, hasNext: true }
  readonly intake = new Intake<TaskPartition>({
    now: machine.monotonic,
    mayHandOut: () => {
      if (!this.isValid) this.looks++
      return this.isValid
    },
    surroundings: machine,
  })
  #left: ManualRecord[]

  constructor(records: number) {
    const fields = { topic: 't', partition: 0, timestamp: 0, key: null, value: '', headers: {} }
    this.#left = Array.from({ length: records }, (_, offset) => ({ ...fields, offset }))
    this.intake.offer(this.partition)
  }

  take(partition: TaskPartition): Task<ManualRecord> | undefined {
    const record = this.#left.shift()
    if (record === undefined) return undefined
    this.partition.taken++
    const { intake, begun } = this
    return {
      record,
      partition,
      attempts: 0,
      attemptsBefore: 0,
      isPutOff: false,
      get isWanted() {
        return !intake.isOver
      },
      begin: () => begun.push(record.offset),
      given: () => record,
      rest: () => {},
      finish: () => this.partition.taken--,
    }
  }

  offerAgain(partition: TaskPartition): void {
    if (this.#left.length > 0) this.intake.offer(partition)
  }

  async close(): Promise<void> {
    this.intake.close()
  }
}
