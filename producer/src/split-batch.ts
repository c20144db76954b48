import { codecs, crc32c } from '@tailrace/client'
import * as schemas from '@tailrace/schemas'
import type { Batch } from './batch.ts'
import { sequenceAfter } from './identity.ts'

/**
 * Two batches with the records of one that brokers refuse for its size (KIP-126). Together they have the sequences of
 * that batch, so that nothing behind it changes. Only for a batch that no broker has, or can still receive: its records
 * would be in the log twice.
 */
export function halves(batch: Batch): [Batch, Batch] {
  const bytes = batch.bytes!
  const first = Math.ceil(batch.count / 2)
  const writers = [new schemas.BatchWriter(bytes.length), new schemas.BatchWriter(bytes.length)] as const
  let at = 0
  schemas.readRecords(bytes, 0, codecs.decompressors, (record) => {
    writers[at < first ? 0 : 1].append(record)
    at++
  })
  const [left, right] = batch.split(first)
  const baseSequence = schemas.baseSequenceAt(bytes, 0)
  left.bytes = finish(writers[0], bytes, baseSequence)
  right.bytes = finish(writers[1], bytes, sequenceAfter(baseSequence, first))
  return [left, right]
}

function finish(writer: schemas.BatchWriter, whole: Uint8Array, baseSequence: number): Uint8Array {
  const compression = schemas.attributesAt(whole, 0) & schemas.COMPRESSION_MASK
  const compress = codecs.compressors[schemas.compressionName(compression)!]
  const producer = { producerId: schemas.producerIdAt(whole, 0), producerEpoch: schemas.producerEpochAt(whole, 0) }
  return writer.finish({ ...producer, baseSequence, compression, crc: crc32c, ...(compress && { compress }) })
}
