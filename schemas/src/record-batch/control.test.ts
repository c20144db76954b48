import { expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import { EntryKind } from '../entry.ts'
import { verifyBatch } from './check.ts'
import {
  configurationBatch,
  deletionBatch,
  entryKindAt,
  readControl,
  TERM_START_BYTES,
  termStartBatch,
} from './control.ts'
import { readBatchHeader } from './header.ts'
import { Compression } from './layout.ts'
import { BatchWriter } from './write.ts'

test('a term start is always of the same length, and says term, place and leader', () => {
  for (const fields of [
    { term: 1, baseOffset: 0, timestamp: 0, leader: 1 },
    { term: 0x7fffffff, baseOffset: 2 ** 52, timestamp: 1.8e12, leader: 0x7fffffff },
  ]) {
    const batch = termStartBatch(fields)
    expect(batch.length).toBe(TERM_START_BYTES)
    expect(verifyBatch(batch, 0, batch.length, crc32c)).toBe(true)
    expect(readBatchHeader(batch)).toMatchObject({
      baseOffset: fields.baseOffset,
      leaderEpoch: fields.term,
      attributes: 0x20,
      isControl: true,
      recordsCount: 1,
      maxTimestamp: fields.timestamp,
      producerId: -1,
    })
    expect(readControl(batch, 0)).toEqual({ kind: EntryKind.TermStart, leader: fields.leader })
  }
})

test('a configuration carries its JSON', () => {
  const json = JSON.stringify({ voters: [1, 2, 3], note: 'Grüße' })
  const batch = configurationBatch({ term: 3, baseOffset: 9, timestamp: 5, json })
  expect(verifyBatch(batch, 0, batch.length, crc32c)).toBe(true)
  expect(readBatchHeader(batch)).toMatchObject({ baseOffset: 9, leaderEpoch: 3, attributes: 0x20, recordsCount: 1 })
  expect(readControl(batch, 0)).toEqual({ kind: EntryKind.Configuration, json })
})

test('a deletion carries its offset', () => {
  for (const before of [0, 7, Number.MAX_SAFE_INTEGER]) {
    const batch = deletionBatch({ term: 3, baseOffset: 9, timestamp: 5, before })
    expect(verifyBatch(batch, 0, batch.length, crc32c)).toBe(true)
    expect(readControl(batch, 0)).toEqual({ kind: EntryKind.Deletion, before })
    expect(entryKindAt(batch, 0)).toBe(EntryKind.Deletion)
  }
})

test('the kind of an entry is seen from its batch', () => {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: null, value: 'v' })
  const records = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
  const termStart = termStartBatch({ term: 1, baseOffset: 0, timestamp: 0, leader: 1 })
  expect(entryKindAt(records, 0)).toBe(EntryKind.Records)
  expect(entryKindAt(termStart, 0)).toBe(EntryKind.TermStart)
  expect(entryKindAt(configurationBatch({ term: 1, baseOffset: 0, timestamp: 0, json: '{}' }), 0)).toBe(
    EntryKind.Configuration,
  )
  expect(() => readControl(records, 0)).toThrow(/no control batch/)
})
