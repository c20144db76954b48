import { gzipSync, zstdCompressSync } from 'node:zlib'
import {
  BatchWriter,
  Compression,
  checkBatch,
  checkRecords,
  configurationBatch,
  crc32c,
  decodeBatch,
  maxDecompressedBytes,
  placeBatch,
  readControl,
  recordsCountAt,
  termStartBatch,
} from '@tailrace/schemas'
import { readRun } from '../../../broker/src/doors/json/read-records.ts'
import { decompressors } from '../../../broker/src/platform/decompressors.ts'
import { changedBatches, sealed } from '../../../schemas/src/testing/changed-batches.ts'
import { type FuzzTarget, refusedAs } from '../target.ts'

const MAX_BYTES = 128 * 1024
const HEADER_BYTES = 61
const anyTime = { oldestTimestamp: -Infinity, newestTimestamp: Infinity }
const compressors = {
  [Compression.gzip]: (bytes: Uint8Array) => gzipSync(bytes),
  [Compression.zstd]: (bytes: Uint8Array) => zstdCompressSync(bytes),
}

function seal(input: Uint8Array): Uint8Array {
  return input.length < HEADER_BYTES ? input : sealed(input.slice())
}

function sound(): Uint8Array[] {
  const writer = new BatchWriter()
  for (let i = 0; i < 4; i++) {
    writer.append({ timestamp: 1.7e12 + i, key: `key ${i}`, value: 'v'.repeat(40), headers: [['h', 'x']] })
  }
  const fields = { producerId: 7, producerEpoch: 0, baseSequence: 0, compression: Compression.none }
  return [writer.finish(fields), ...changedBatches(60, 11, compressors)]
}

/** Every reader can read a batch that a leader takes. */
export const batches: FuzzTarget = {
  name: 'batch',
  samples: sound(),
  seal,
  run(input) {
    try {
      checkBatch(input, crc32c, MAX_BYTES)
      checkRecords(input, decompressors, { maxDecompressedBytes: maxDecompressedBytes(MAX_BYTES), ...anyTime })
    } catch (error) {
      return refusedAs(error, ['BATCH_TOO_LARGE', 'CORRUPT_BATCH', 'INVALID_BATCH', 'UNSUPPORTED_COMPRESSION'])
    }
    // As the leader does: these fields are its own.
    placeBatch(input, 0, 12, 1)
    const count = recordsCountAt(input, 0)
    const records = decodeBatch(input, 0, decompressors)
    if (records.length !== count) throw new Error(`${records.length} records of ${count}`)
    const base = records[0]!.offset
    const run = readRun({ batches: [input], nextOffset: base + count }, base, Number.MAX_SAFE_INTEGER)
    JSON.stringify(run.records)
    if (run.records.length !== count) throw new Error(`${run.records.length} records of ${count} as JSON`)
    return 'taken'
  },
}

/** Batches from a disk or a peer, which no check of records has seen. */
export const storedBatches: FuzzTarget = {
  name: 'stored-batch',
  samples: sound(),
  seal,
  run(input) {
    try {
      for (const { offset, timestamp } of decodeBatch(input, 0, decompressors)) {
        if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(timestamp)) throw new Error(`${offset} ${timestamp}`)
      }
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_BATCH', 'UNSUPPORTED_COMPRESSION'])
    }
  },
}

export const controlBatches: FuzzTarget = {
  name: 'control-batch',
  samples: [
    termStartBatch({ term: 3, baseOffset: 12, timestamp: 1.7e12, leader: 2 }),
    configurationBatch({ term: 3, baseOffset: 12, timestamp: 1.7e12, json: '{"voters":[1,2,3],"learners":[]}' }),
  ],
  seal,
  run(input) {
    try {
      readControl(input, 0)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_BATCH', 'UNSUPPORTED_COMPRESSION'])
    }
  },
}
