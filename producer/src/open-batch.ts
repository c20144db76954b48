import { type ClientSurroundings, codecs, crc32c, machine } from '@tailrace/client'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  Compression,
  type PartitionNumber,
  type RecordInput,
  TailraceError,
} from '@tailrace/schemas'
import { Batch, type Settler } from './batch.ts'
import type { Identity } from './identity.ts'
import type { ProducerSettings } from './options.ts'

/** What a record costs in memory besides its bytes: its promise and its place in the lists. */
const RECORD_OVERHEAD_BYTES = 64

/** How long batches stay small after one was refused for its size. */
const LIMITED_MS = 60_000

/** The batch of a partition that still takes records. */
export class OpenBatch {
  readonly #partition: PartitionNumber
  readonly #settings: ProducerSettings
  readonly #monotonic: () => number
  readonly #writer = new BatchWriter()
  #batch: Batch | undefined
  #fillTo = Number.POSITIVE_INFINITY
  #fillUntil = Number.POSITIVE_INFINITY

  constructor(partition: PartitionNumber, settings: ProducerSettings, { monotonic }: ClientSurroundings = machine) {
    this.#partition = partition
    this.#settings = settings
    this.#monotonic = monotonic
  }

  get isEmpty(): boolean {
    return this.#batch === undefined
  }

  /** Of its records, before compression. */
  get bytes(): number {
    return this.#writer.estimatedBytes
  }

  get isFull(): boolean {
    return this.#writer.estimatedBytes >= Math.min(this.#settings.batchBytes, this.#fillTo)
  }

  /**
   * Fills batches to no more than this for a while: brokers have refused a larger one, and the topic's limit may be
   * raised again.
   */
  limit(bytes: number, now: number): void {
    this.#fillTo = Math.min(this.#fillTo, Math.max(bytes, BATCH_HEADER_BYTES))
    this.#fillUntil = now + LIMITED_MS
  }

  /** The batch as it stands, for calls that wait for it. */
  get current(): Batch | undefined {
    return this.#batch
  }

  /**
   * Whether a record must wait for the next batch, because brokers would refuse this one with it.
   * @throws TailraceError BATCH_TOO_LARGE when no batch can carry it
   */
  mustClose(record: RecordInput): boolean {
    const { maxBatchBytes } = this.#settings
    // The cheap bound first: a UTF-16 unit takes at most three bytes.
    const roughly = 3 * ((record.key?.length ?? 0) + (record.value?.length ?? 0)) + 100
    if (record.headers === undefined && this.#writer.estimatedBytes + roughly <= maxBatchBytes) return false
    const bytes = this.#writer.sizeOf(record)
    if (BATCH_HEADER_BYTES + bytes > maxBatchBytes) {
      throw new TailraceError(
        'BATCH_TOO_LARGE',
        `A record of ${bytes} bytes does not fit into a batch of ${maxBatchBytes}.`,
      )
    }
    return this.#batch !== undefined && this.#writer.estimatedBytes + bytes > maxBatchBytes
  }

  /** Adds a record and returns the bytes it takes of the memory allowance. @throws TailraceError INVALID_RECORD */
  append(record: RecordInput, settler: Settler, position: number): number {
    const before = this.#writer.estimatedBytes
    this.#writer.append(record)
    const bytes = this.#writer.estimatedBytes - before + RECORD_OVERHEAD_BYTES
    if (this.#batch === undefined) {
      const now = this.#monotonic()
      if (now > this.#fillUntil) this.#fillTo = this.#fillUntil = Number.POSITIVE_INFINITY
      this.#batch = new Batch(this.#partition, now)
    }
    this.#batch.add(settler, position, bytes)
    return bytes
  }

  /**
   * Opens a batch of all these records, where there is none, and returns the bytes it takes of the memory allowance.
   * @throws TailraceError BATCH_TOO_LARGE, INVALID_RECORD: there is no batch
   */
  appendAll(records: readonly RecordInput[], settler: Settler): number {
    let bytes = 0
    try {
      for (const [position, record] of records.entries()) {
        if (this.mustClose(record)) {
          const { maxBatchBytes } = this.#settings
          throw new TailraceError('BATCH_TOO_LARGE', `Records under a condition are one batch of ${maxBatchBytes}.`)
        }
        bytes += this.append(record, settler, position)
      }
      return bytes
    } catch (error) {
      if (!this.isEmpty) this.discard()
      throw error
    }
  }

  /** Takes the batch out and gives it its sequence; its bytes are final. The next record opens another one. */
  close(identity: Identity, baseSequence: number): Batch {
    const { compression } = this.#settings
    const compress = codecs.compressors[compression]
    try {
      const bytes = this.#writer.finish({
        producerId: identity.producerId,
        producerEpoch: identity.epoch,
        baseSequence,
        crc: crc32c,
        // Until the code of the compression is loaded, batches leave as they are.
        compression: compress === undefined ? Compression.none : Compression[compression],
        ...(compress && { compress }),
      })
      this.#batch!.bytes = bytes
    } catch (error) {
      this.discard()
      throw error
    }
    return this.discard()
  }

  /** Takes the batch out without its bytes, for one that will not be sent. */
  discard(): Batch {
    const batch = this.#batch!
    this.#batch = undefined
    this.#writer.reset()
    return batch
  }
}
