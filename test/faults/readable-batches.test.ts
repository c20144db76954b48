import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readRun } from '../../broker/src/doors/json/read-records.ts'
import { decompressors } from '../../broker/src/platform/decompressors.ts'
import { codecs as inBrowsers } from '../../client/src/compression/browser.ts'
import { Cursor } from '../../consumer/src/feed/cursor.ts'
import { receive } from '../../consumer/src/feed/received-batch.ts'
import { bytesRecord } from '../../consumer/src/record.ts'
import { RecordsBatch } from '../../consumer/src/records-batch.ts'
import {
  checkBatch,
  checkRecords,
  crc32c,
  decodeBatch,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  maxDecompressedBytes,
  recordsCountAt,
} from '../../schemas/src/index.ts'
import { changedBatches } from '../../schemas/src/testing/changed-batches.ts'

const MAX_BATCH_BYTES = 1 << 20
const limits = {
  maxDecompressedBytes: maxDecompressedBytes(MAX_BATCH_BYTES),
  oldestTimestamp: MIN_TIMESTAMP,
  newestTimestamp: MAX_TIMESTAMP,
}
/** More with BATCHES=1000000 SEED=5 npx vitest run test/faults/readable-batches */
const batches = Number(process.env.BATCHES ?? 4_000)
const seed = Number(process.env.SEED ?? 11)

function isTaken(batch: Uint8Array): boolean {
  try {
    checkBatch(batch, crc32c, MAX_BATCH_BYTES)
    checkRecords(batch, decompressors, limits)
    return true
  } catch {
    return false
  }
}

/** How many records each kind of reader gets out of a batch. */
const readers: Record<string, (batch: Uint8Array) => number> = {
  'HTTP and JSON': (batch) => {
    const { records } = readRun({ batches: [batch], nextOffset: recordsCountAt(batch, 0) }, 0, 1 << 30)
    return (JSON.parse(JSON.stringify(records)) as unknown[]).length
  },
  'the consumer in Node': (batch) => {
    let count = 0
    receive(new Cursor(0, { kind: 'OFFSET', value: 0 }), batch, recordsCountAt(batch, 0), (received) => {
      count += new RecordsBatch('t', received, bytesRecord).records().length
    })
    return count
  },
  'the consumer in a browser': (batch) => decodeBatch(batch, 0, inBrowsers.decompressors).length,
  'the command line': (batch) =>
    decodeBatch(batch, 0, decompressors).filter(({ timestamp }) => new Date(timestamp).toISOString() !== '').length,
}

test('every reader can read any batch that a leader takes', { timeout: 600_000 }, async () => {
  // A page loads it with the first such batch.
  for (const compression of [1, 4]) await inBrowsers.load(compression)
  const seen = { taken: 0, refused: 0 }
  for (const batch of changedBatches(batches, seed, { 1: gzipSync, 4: zstdCompressSync })) {
    if (!isTaken(batch)) {
      seen.refused++
      continue
    }
    seen.taken++
    // As a broker places it.
    batch.fill(0, 0, 8)
    for (const [reader, read] of Object.entries(readers)) {
      try {
        if (read(batch) !== recordsCountAt(batch, 0)) throw new Error('not all records')
      } catch (error) {
        expect.fail(`${reader} cannot read ${Buffer.from(batch).toString('hex')}: ${error}`)
      }
    }
  }
  expect(seen.taken).toBeGreaterThan(batches / 10)
  expect(seen.refused).toBeGreaterThan(batches / 10)
})
