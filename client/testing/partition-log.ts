import { codecs } from '@tailrace/client'
import * as schemas from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'

export interface StoredBatch {
  readonly bytes: Uint8Array
  readonly baseOffset: number
  readonly lastOffset: number
}

/** The seal of every token here. */
export const tokenSeal = '00112233aabbccdd'

/** As the broker answers; every batch is an entry, and the term is always 1. */
export interface Appended {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly duplicate: boolean
  readonly term: number
  readonly index: number
  readonly seal: string
}

interface Remembered {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
}
interface ProducerState {
  epoch: number
  readonly batches: Remembered[]
}

/** Of a PublishIf; -1: none. */
export type Condition = Pick<schemas.Message<'PublishIf'>, 'expectedOffset' | 'fence'>
const none: Condition = { expectedOffset: -1, fence: -1 }

/** One partition as a broker keeps it: checks every batch, knows each producer's last five, gives offsets (KIP-98). */
export class PartitionLog {
  readonly batches: StoredBatch[] = []
  /** What is before it is gone. */
  logStart = 0
  /** The highest fencing token. */
  fence = -1
  readonly #producers = new Map<number, ProducerState>()

  get highWatermark(): number {
    return (this.batches.at(-1)?.lastOffset ?? -1) + 1
  }

  /** @throws TailraceError as a broker does */
  append(given: Uint8Array, maxBatchBytes: number, condition: Condition = none): Appended {
    if (given.length === 0) {
      this.#judge(condition)
      const baseOffset = this.highWatermark
      return { baseOffset, lastOffset: baseOffset - 1, duplicate: false, term: 0, index: 0, seal: '' }
    }
    schemas.checkBatch(given, schemas.crc32c, maxBatchBytes)
    schemas.checkRecords(given, codecs.decompressors, {
      maxDecompressedBytes: schemas.maxDecompressedBytes(maxBatchBytes),
      oldestTimestamp: schemas.MIN_TIMESTAMP,
      newestTimestamp: schemas.MAX_TIMESTAMP,
    })
    const header = schemas.readBatchHeader(given)
    const isIdempotent = header.producerId !== -1
    const known = isIdempotent ? this.#producers.get(header.producerId) : undefined
    const lastSequence = (header.baseSequence + header.lastOffsetDelta) % 2 ** 31
    if (known?.epoch === header.producerEpoch) {
      const twin = known.batches.find((b) => b.baseSequence === header.baseSequence && b.lastSequence === lastSequence)
      if (twin !== undefined) {
        const index = this.batches.findIndex((batch) => batch.baseOffset === twin.baseOffset) + 1
        const { baseOffset, lastOffset } = twin
        return { baseOffset, lastOffset, duplicate: true, term: 1, index, seal: tokenSeal }
      }
    }
    this.#checkSequence(known, header)
    this.#judge(condition)
    const baseOffset = this.highWatermark
    const lastOffset = baseOffset + header.lastOffsetDelta
    const bytes = given.slice()
    schemas.placeBatch(bytes, 0, baseOffset, 1)
    this.batches.push({ bytes, baseOffset, lastOffset })
    const kept = known?.epoch === header.producerEpoch ? known.batches.slice(-4) : []
    kept.push({ baseSequence: header.baseSequence, lastSequence, baseOffset, lastOffset })
    if (isIdempotent) this.#producers.set(header.producerId, { epoch: header.producerEpoch, batches: kept })
    return { baseOffset, lastOffset, duplicate: false, term: 1, index: this.batches.length, seal: tokenSeal }
  }

  /** The batches from the one that holds `offset` on, up to `maxBytes` but at least one. */
  read(offset: number, maxBytes: number): StoredBatch[] {
    const found: StoredBatch[] = []
    let bytes = 0
    for (const batch of this.batches) {
      if (batch.lastOffset < offset) continue
      bytes += batch.bytes.length
      if (found.length > 0 && bytes > maxBytes) break
      found.push(batch)
    }
    return found
  }

  #judge({ expectedOffset, fence }: Condition): void {
    const { highWatermark: endOffset } = this
    if (fence >= 0 && fence < this.fence) throw new TailraceError('FENCED', undefined, { fence: this.fence })
    if (expectedOffset >= 0 && expectedOffset !== endOffset) {
      throw new TailraceError('WRONG_EXPECTED_OFFSET', undefined, { endOffset })
    }
    this.fence = Math.max(this.fence, fence)
  }

  #checkSequence(known: ProducerState | undefined, header: schemas.BatchHeader): void {
    if (known === undefined) return
    const detail = `Sequence ${header.baseSequence}.`
    if (header.producerEpoch < known.epoch) throw new TailraceError('INVALID_PRODUCER_EPOCH')
    const expected = header.producerEpoch > known.epoch ? 0 : (known.batches.at(-1)!.lastSequence + 1) % 2 ** 31
    if (header.baseSequence !== expected)
      throw new TailraceError('OUT_OF_ORDER_SEQUENCE', `${detail} Expected ${expected}.`)
  }
}
