import type { Crc32c } from '../crc32c.ts'
import type { ProducerId } from '../ids.ts'
import * as layout from './layout.ts'
import { writeInt16, writeInt32, writeInt64 } from './numbers.ts'

export interface BatchProducer {
  readonly producerId: ProducerId
  readonly producerEpoch: number
  readonly baseSequence: number
}

/**
 * A copy of the batch, whose records are the same, as another producer sends it: with its id, epoch and sequence, and
 * without the place that a log has given it.
 */
export function withProducer(batch: Uint8Array, producer: BatchProducer, crc: Crc32c): Uint8Array {
  const copy = batch.slice()
  writeInt64(copy, layout.BASE_OFFSET_AT, 0)
  writeInt32(copy, layout.LEADER_EPOCH_AT, -1)
  stampProducer(copy, producer, crc)
  return copy
}

/** Makes it a batch of this producer, with the checksum that it has then. */
export function stampProducer(batch: Uint8Array, producer: BatchProducer, crc: Crc32c): void {
  writeInt64(batch, layout.PRODUCER_ID_AT, producer.producerId)
  writeInt16(batch, layout.PRODUCER_EPOCH_AT, producer.producerEpoch)
  writeInt32(batch, layout.BASE_SEQUENCE_AT, producer.baseSequence)
  writeInt32(batch, layout.CRC_AT, crc(batch, layout.ATTRIBUTES_AT, batch.length))
}
