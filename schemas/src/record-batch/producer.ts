import type { Crc32c } from '../crc32c.ts'
import type { ProducerId } from '../ids.ts'
import * as layout from './layout.ts'

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
  const view = new DataView(copy.buffer)
  view.setBigInt64(layout.BASE_OFFSET_AT, 0n)
  view.setInt32(layout.LEADER_EPOCH_AT, -1)
  view.setBigInt64(layout.PRODUCER_ID_AT, BigInt(producer.producerId))
  view.setInt16(layout.PRODUCER_EPOCH_AT, producer.producerEpoch)
  view.setInt32(layout.BASE_SEQUENCE_AT, producer.baseSequence)
  view.setUint32(layout.CRC_AT, crc(copy, layout.ATTRIBUTES_AT, copy.length))
  return copy
}
