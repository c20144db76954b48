import { crc32c } from '../crc32c.ts'
import * as layout from '../record-batch/layout.ts'
import { writeInt16, writeInt32 } from '../record-batch/numbers.ts'
import { BatchWriter } from '../record-batch/write.ts'

/** The batch with its length and CRC made right. */
export function sealed(batch: Uint8Array): Uint8Array {
  writeInt32(batch, layout.BATCH_LENGTH_AT, batch.length - layout.LENGTH_PREFIX_BYTES)
  writeInt32(batch, layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT, batch.length))
  return batch
}

/** By compression number; handed in, since schemas know no zlib. */
export type Compressors = Readonly<Record<number, (records: Uint8Array) => Uint8Array>>

/** Bytes with a meaning: lengths, counts, signs of varints. */
const telling = [0, 1, 2, 3, 4, 6, 12, 14, 16, 0x7f, 0x80, 0x81, 0xff]

/**
 * Batches as a hostile or broken producer may send them: sound ones of every kind with some bytes changed, cut out or
 * put in, then given a right length and CRC. Half of them are compressed, most of those after the change. The same seed
 * gives the same batches.
 */
export function* changedBatches(count: number, seed: number, compressors: Compressors): Generator<Uint8Array> {
  const below = dice(seed)
  for (let i = 0; i < count; i++) {
    const records = soundRecords(below)
    const compression = [0, 0, 0, layout.Compression.gzip, layout.Compression.zstd][below(5)]!
    const changes = below(4) === 0 ? 0 : 1 + below(3)
    if (compression === layout.Compression.none || below(4) > 0) {
      yield compressed(changed(records, changes, below), compression, compressors)
    } else {
      const packed = compressed(records, compression, compressors)
      yield sealed(Uint8Array.from([...packed.subarray(0, 61), ...changed(packed, changes, below).subarray(61)]))
    }
  }
}

function soundRecords(below: (limit: number) => number): Uint8Array {
  const writer = new BatchWriter()
  for (let left = 1 + below(3); left > 0; left--) {
    const headers = Array.from({ length: below(3) }, (_, at) => [`h${at}`, below(2) === 0 ? 'x' : null] as const)
    const value = 'v'.repeat(below(4) === 0 ? 70 : below(4))
    writer.append({ timestamp: 1e12 + below(200), key: below(2) === 0 ? null : 'k', value, headers })
  }
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: layout.Compression.none })
}

function changed(batch: Uint8Array, changes: number, below: (limit: number) => number): Uint8Array {
  const bytes = [...batch]
  for (let left = changes; left > 0; left--) {
    // Mostly in the records; now and then in the header's counts and times.
    const at = below(5) === 0 ? 23 + below(38) : layout.RECORDS_AT + below(bytes.length - layout.RECORDS_AT)
    const value = below(2) === 0 ? telling[below(telling.length)]! : below(256)
    const kind = at < layout.RECORDS_AT ? 0 : below(6)
    if (kind === 1 && bytes.length > layout.RECORDS_AT + 1) bytes.splice(at, 1)
    else if (kind === 2) bytes.splice(at, 0, value)
    else bytes[at] = kind === 3 ? bytes[at]! ^ 1 : value
  }
  return sealed(Uint8Array.from(bytes))
}

function compressed(batch: Uint8Array, compression: number, compressors: Compressors): Uint8Array {
  if (compression === layout.Compression.none) return batch
  const packed = compressors[compression]!(batch.subarray(layout.RECORDS_AT))
  const whole = Uint8Array.from([...batch.subarray(0, layout.RECORDS_AT), ...packed])
  writeInt16(whole, layout.ATTRIBUTES_AT, compression)
  return sealed(whole)
}

/** Whole numbers below a limit, by xorshift. */
function dice(seed: number): (limit: number) => number {
  let state = seed | 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}
