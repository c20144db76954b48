import type { RecordInput } from '../../json/record.ts'
import type { BatchOfLines } from './line-target.ts'

/** Making a batch takes some milliseconds, in which the broker does nothing else. */
const mostRecords = 5_000
const mostBytes = 512 * 1024
/** A record takes so many bytes in its batch at most beside its key, its value and its headers. */
const recordBytes = 36
/** What a record costs in memory beside the bytes of its line. */
const heldPerRecord = 250

/** Lines that are published together. */
export class OpenBatch implements BatchOfLines {
  readonly records: RecordInput[] = []
  bytes = 0
  /** Number of the line that an error is about; 0: of none in particular. */
  namedLine = 0
  readonly #numbers: number[] = []
  readonly #room: number

  /** `batchBytes`: what one batch of the topic may have. */
  constructor(batchBytes: number) {
    this.#room = Math.min(mostBytes, batchBytes / 2)
  }

  get isEmpty(): boolean {
    return this.records.length === 0
  }

  /** Number of the last line; 0: there is none. */
  get lastLine(): number {
    return this.#numbers.at(-1) ?? 0
  }

  get heldBytes(): number {
    return this.bytes + this.records.length * heldPerRecord
  }

  hasRoom(lineBytes: number): boolean {
    const { length } = this.records
    if (length === 0) return true
    return length < mostRecords && this.bytes + lineBytes + (length + 1) * recordBytes <= this.#room
  }

  add(record: RecordInput, number: number, lineBytes: number): void {
    this.records.push(record)
    this.#numbers.push(number)
    this.bytes += lineBytes
  }

  readonly nameOf = (index: number): string => {
    this.namedLine = this.#numbers[index] ?? 0
    return `Line ${this.namedLine}`
  }
}
