import type { GroupId, Offset, PartitionNumber } from '@tailrace/schemas'
import { baseOffsetAt, decodeBatch, lastOffsetDeltaAt, verifyBatch } from '@tailrace/schemas'
import type { FetchResult, PublishResult } from '../../../../broker/src/partition/requests.ts'
import { nodeCrc32c } from '../../../../broker/src/platform/node/checksum.ts'
import { Finding } from '../finding.ts'

/** The value of one record: its producer, and its number there. */
export interface Value {
  readonly producer: number
  readonly sequence: number
}

/** All answers to clients about one partition. An answer that is given once must hold permanently, at every broker. */
export class PartitionLedger {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly group: GroupId
  acknowledged = 0
  shown = 0
  /** The bytes of each batch that was shown, by base offset. */
  readonly #batches = new Map<Offset, Uint8Array>()
  /** The value at an offset, from reads and acknowledgements; and where each was. */
  readonly #valueAt = new Map<Offset, string>()
  readonly #offsetOf = new Map<string, Offset>()
  readonly #sent = new Set<string>()
  /** Values that were acknowledged, in the order of their offsets at each producer. */
  readonly #acknowledged = new Map<string, Offset>()

  constructor(topic: string, partition: PartitionNumber, group: GroupId) {
    this.topic = topic
    this.partition = partition
    this.group = group
  }

  sending(values: readonly Value[]): void {
    for (const value of values) this.#sent.add(textOf(value))
  }

  /** A publish of these values was acknowledged. @throws Finding */
  acknowledge(values: readonly Value[], { baseOffset, lastOffset }: PublishResult): void {
    if (lastOffset - baseOffset + 1 !== values.length)
      throw this.#finding('acknowledged-once-in-order', `${values.length} records got ${baseOffset} to ${lastOffset}`)
    values.forEach((value, at) => {
      const text = textOf(value)
      this.#place(text, baseOffset + at)
      this.#acknowledged.set(text, baseOffset + at)
      this.acknowledged++
    })
  }

  /**
   * An answer to a fetch at `offset`. `committedEnd`: the end of the committed records by the knowledge of all.
   * @throws Finding
   */
  show(offset: Offset, { batches, nextOffset, highWatermark }: FetchResult, committedEnd: Offset): void {
    if (highWatermark > committedEnd)
      throw this.#finding('never-beyond-commit', `the high watermark is ${highWatermark}, ${committedEnd} is committed`)
    let next = -1
    for (const batch of batches) {
      if (!verifyBatch(batch, 0, batch.length, nodeCrc32c))
        throw this.#finding('checksums-hold', `a batch served at ${offset} does not match its checksum`)
      const base = baseOffsetAt(batch, 0)
      const last = base + lastOffsetDeltaAt(batch, 0)
      if (next < 0 ? base > offset || last < offset : base !== next)
        throw this.#finding('gapless-offsets', `asked for ${next < 0 ? offset : next}, got ${base} to ${last}`)
      if (last >= committedEnd)
        throw this.#finding('never-beyond-commit', `offset ${last} is shown, ${committedEnd} is committed`)
      this.#batch(base, last, batch)
      next = last + 1
    }
    if (batches.length > 0 ? nextOffset !== next : nextOffset !== offset)
      throw this.#finding('gapless-offsets', `after ${next - 1} the next offset is said to be ${nextOffset}`)
  }

  /**
   * After everything up to `end` was read: every acknowledged value was among it, each producer's in order. Retention
   * may have deleted records before `start` before any client read them.
   * @throws Finding
   */
  checkComplete(start: Offset, end: Offset): void {
    const newest = new Map<number, number>()
    for (let offset = 0; offset < end; offset++) {
      const text = this.#valueAt.get(offset)
      if (text === undefined && offset < start) continue
      if (text === undefined)
        throw this.#finding('gapless-offsets', `no client was ever shown offset ${offset} of ${end}`)
      const { producer, sequence } = parse(text)
      if (sequence <= (newest.get(producer) ?? -1))
        throw this.#finding('acknowledged-once-in-order', `${text} at ${offset} comes after ${newest.get(producer)}`)
      newest.set(producer, sequence)
    }
    for (const [text, offset] of this.#acknowledged) {
      if (offset >= end)
        throw this.#finding('acknowledged-once-in-order', `${text}, acknowledged at ${offset}, is gone`)
    }
  }

  #batch(base: Offset, last: Offset, batch: Uint8Array): void {
    const known = this.#batches.get(base)
    if (known !== undefined) {
      if (Buffer.compare(known, batch) === 0) return
      throw this.#finding('same-bytes-everywhere', `the batch at ${base} is not the one that was shown before`)
    }
    this.#batches.set(base, batch.slice())
    for (const { offset, value } of decodeBatch(batch, 0, {})) {
      const text = new TextDecoder().decode(value!).split(' ')[0]!
      if (!this.#sent.has(text))
        throw this.#finding('acknowledged-once-in-order', `no producer published "${text}" at ${offset}`)
      this.#place(text, offset)
    }
    this.shown += last - base + 1
  }

  /** Notes that the value is at the offset: no other is there, and it is nowhere else. */
  #place(text: string, offset: Offset): void {
    const there = this.#valueAt.get(offset)
    if (there !== undefined && there !== text)
      throw this.#finding('never-taken-back', `offset ${offset} was ${there} and is ${text} now`)
    const before = this.#offsetOf.get(text)
    if (before !== undefined && before !== offset)
      throw this.#finding('acknowledged-once-in-order', `${text} is at ${before} and at ${offset}`)
    this.#valueAt.set(offset, text)
    this.#offsetOf.set(text, offset)
  }

  #finding(property: ConstructorParameters<typeof Finding>[0], detail: string): Finding {
    return new Finding(property, `${this.topic}/${this.partition}: ${detail}`)
  }
}

export function textOf({ producer, sequence }: Value): string {
  return `${producer}:${sequence}`
}

function parse(text: string): Value {
  const [producer, sequence] = text.split(':').map(Number)
  return { producer: producer!, sequence: sequence! }
}
