import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { BLOCK_BYTES, BLOCK_HEADER_BYTES, openBlock } from './block.ts'
import { RECORD_HEADER_BYTES, type RecordOwner, RecordType, RecordWriter } from './record.ts'
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

test('nor do such blocks where they have rotted as well', () => {
  for (const bytes of [round(SEQUENCE - 8, EPOCH, [1, 2]), round(SEQUENCE, EPOCH - 1, [1, 2])]) {
    // In the last record: the checksum of the one before it is still right.
    bytes[BLOCK_HEADER_BYTES + openBlock(bytes, 0, crc32c)!.used - 1]! ^= 1
    expect(openBlock(bytes, 0, crc32c)).toBeNull()
    expect(found(bytes)).toBe('?')
  }
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

/** Writes a record of each type that has a body. */
const writers: Readonly<Record<string, (writer: RecordWriter, owner: RecordOwner, batch: Uint8Array) => void>> = {
  HardState: (writer, owner) => writer.hardState(owner, { term: 3, votedFor: 2 }),
  Cut: (writer, owner) => writer.cut(owner, 3, 8),
  Entry: (writer, owner, batch) => writer.entry(owner, 3, batch),
  Reference: (writer, owner) => {
    const run = { first: 3, count: 2, endOffset: 9, segmentBase: 2, position: 0, bytes: 90, syncedWithRound: false }
    writer.reference(owner, { ...run, terms: [{ term: 2, index: 3, offset: 4 }] })
  },
  Damage: (writer, owner) => writer.damage(owner, 3, { lastIndex: 2, endOffset: 8, lastTerm: 1, reason: '' }),
  Configuration: (writer, owner, batch) => writer.configuration(owner, 3, batch),
  Prefix: (writer, owner) => writer.prefix(owner, 3, { prevTerm: 1, startOffset: 3 }),
}

/** A round of the record, its body `shorter` by so many bytes, and of one of group 2 behind it. */
function beforeAnother(name: string, shorter: number, change: (view: DataView) => void = () => {}): Uint8Array {
  const owner = { id: 1, incarnation: 1, counter: 1 }
  const alone = new Staging(crc32c)
  writers[name]!(new RecordWriter(alone, crc32c), owner, new Uint8Array(61))
  const sealed = alone.seal(SEQUENCE, EPOCH)
  const { used } = openBlock(sealed, 0, crc32c)!
  const record = sealed.slice(32, 32 + used - shorter)
  const view = new DataView(record.buffer)
  view.setUint32(20, record.length - RECORD_HEADER_BYTES, true)
  change(view)
  const staging = new Staging(crc32c)
  staging.beginRecord()
  staging.put(record, 0, record.length)
  new RecordWriter(staging, crc32c).hardState({ ...owner, id: 2 }, { term: 3, votedFor: 2 })
  return staging.seal(SEQUENCE, EPOCH).slice()
}

test.each(Object.keys(writers))(
  'a record of type %s that is too short, or counts by a number that counts nothing, is unreadable; the next one is read',
  (name) => {
    expect(found(beforeAnother(name, 0), true)).toBe('1 2')
    const least = { Reference: 21, Damage: 1 }[name] ?? 1
    expect(found(beforeAnother(name, least), true)).toBe('? 2')
    for (const index of [Number.NaN, -1, 0.5, 1e300])
      expect(
        found(
          beforeAnother(name, 0, (view) => view.setFloat64(24, index, true)),
          true,
        ),
      ).toBe('? 2')
    if (!['Cut', 'Reference', 'Damage', 'Prefix'].includes(name)) return
    const wrong = (view: DataView) => view.setFloat64(RECORD_HEADER_BYTES, Number.NaN, true)
    expect(found(beforeAnother(name, 0, wrong), true)).toBe('? 2')
  },
)

test('a reference to a term that begins nowhere is unreadable, and a record of a newer type is passed on', () => {
  const nowhere = (view: DataView) => view.setFloat64(RECORD_HEADER_BYTES + 40, Number.NaN, true)
  expect(found(beforeAnother('Reference', 0, nowhere), true)).toBe('? 2')
  const newer = (view: DataView) => view.setUint32(4, RecordType.Install + 1, true)
  expect(found(beforeAnother('Cut', 8, newer), true)).toBe('1 2')
})
