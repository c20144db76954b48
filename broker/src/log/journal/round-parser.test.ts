import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { BLOCK_BYTES } from './block.ts'
import { RECORD_HEADER_BYTES, RecordWriter } from './record.ts'
import { parseRound } from './round-parser.ts'
import { Staging } from './staging.ts'

const SEQUENCE = 9
const EPOCH = 4

/** The blocks of a round that tells of these groups' terms. */
function round(sequence: number, epoch: number, groups: readonly number[]): Uint8Array {
  const staging = new Staging(crc32c)
  const writer = new RecordWriter(staging, crc32c)
  for (const id of groups) writer.hardState({ id, incarnation: 1, counter: 1 }, { term: 3, votedFor: 2 })
  return staging.seal(sequence, epoch).slice()
}

/** The result where round 9 should stand: groups of which there is a record, and '?' where some may be lost. */
function found(bytes: Uint8Array, sound = false): string {
  const seen: string[] = []
  const sink = {
    onRecord: ({ group }: { group: number }) => void seen.push(String(group)),
    onUnreadable: () => void seen.push('?'),
  }
  parseRound({ sequence: SEQUENCE, epoch: EPOCH, bytes, sound, place: null }, crc32c, sink)
  return seen.join(' ')
}

test('a block that was never written in the place of a round may have held records of any group', () => {
  expect(found(new Uint8Array(BLOCK_BYTES))).toBe('?')
})

test('a block of an earlier use of the file tells nothing of the round in whose place it stands', () => {
  expect(found(round(SEQUENCE - 8, EPOCH, [1, 2]))).toBe('?')
})

test('nor does a block that a torn round before the last opening has left there', () => {
  expect(found(round(SEQUENCE, EPOCH - 1, [1, 2]))).toBe('?')
})

test('a foreign block between sound ones costs the records in its place, and no others', () => {
  const groups = Array.from({ length: 300 }, (_, at) => at + 1)
  const bytes = round(SEQUENCE, EPOCH, groups)
  const blocks = bytes.length / BLOCK_BYTES
  expect(blocks).toBeGreaterThan(2)
  bytes.set(round(1, 1, [7000, 7001]), BLOCK_BYTES)
  const seen = found(bytes)
  expect(seen).toContain('?')
  expect(seen).not.toContain('7000')
  expect(seen.split(' ').at(-1)).toBe('300')
})

test('a length that has rotted hides the records after it: all groups are in doubt, though the remaining records prove themselves', () => {
  const bytes = round(SEQUENCE, EPOCH, [1, 2])
  const view = new DataView(bytes.buffer)
  view.setUint16(28, view.getUint16(28, true) / 2, true)
  expect(found(bytes)).toBe('1 ?')
})

test('the rest of a block after its last record may be a record of any group, however short it is', () => {
  for (const sound of [true, false]) {
    for (const left of [0, 1, RECORD_HEADER_BYTES - 1]) {
      const bytes = round(SEQUENCE, EPOCH, [1, 2])
      const view = new DataView(bytes.buffer)
      view.setUint16(28, view.getUint16(28, true) + left, true)
      expect(found(bytes, sound), `${left} bytes`).toBe(left === 0 ? '1 2' : '1 2 ?')
    }
  }
})
