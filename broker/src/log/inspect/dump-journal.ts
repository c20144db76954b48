import { EntryKind, verifyBatch } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { headerOrNull } from '../entry-header.ts'
import { BLOCK_BYTES, type BlockHeader } from '../journal/block.ts'
import { BlockReader, type BlockView } from '../journal/block-reader.ts'
import { JournalFile } from '../journal/journal-file.ts'
import {
  type RecordHeader,
  RecordType,
  readCutOffset,
  readDamage,
  readPrefix,
  readReference,
  readVotedFor,
} from '../journal/record.ts'
import { parseRound } from '../journal/round-parser.ts'
import { type DumpedItem, damageAt, entryFields } from './dumped-item.ts'

/**
 * The records of a journal file, round by round. Behind the newest round stand rounds of an earlier use of the file;
 * their items say so.
 */
export async function* dumpJournal(disk: Disk, folder: string, name: string, crc: Crc32c): AsyncGenerator<DumpedItem> {
  const file = await JournalFile.open(disk, folder, name, 0)
  try {
    const reader = new BlockReader(crc)
    const blocks = Math.ceil(file.writtenBytes / BLOCK_BYTES)
    let newest = 0
    for (let block = 0; block < blocks; ) {
      const view = await reader.view(file, block)
      const position = block * BLOCK_BYTES
      if (typeof view === 'string' || view.placeInRound !== 0) {
        if (view === 'unsound') yield damageAt(position, 'the block is not as it was written')
        block++
        continue
      }
      const length = await wholeBlocks(reader, file, block, view)
      const sound = length === view.roundBlocks
      if (!sound)
        yield damageAt(position, `the round has ${length} of ${view.roundBlocks} blocks: torn, or overwritten`)
      const earlier = view.sequence < newest
      newest = Math.max(newest, view.sequence)
      yield* roundItems(await reader.copy(file, block, length), position, view, { sound, earlier }, crc)
      block += length
    }
  } finally {
    await file.close()
  }
}

/** How many blocks of the round stand here, one behind the other. */
async function wholeBlocks(reader: BlockReader, file: JournalFile, first: number, round: BlockHeader): Promise<number> {
  let count = 1
  while (count < round.roundBlocks && isNext(await reader.view(file, first + count), round, count)) count++
  return count
}

function isNext(view: BlockView, round: BlockHeader, place: number): boolean {
  return typeof view !== 'string' && view.sequence === round.sequence + place && view.epoch === round.epoch
}

function roundItems(
  bytes: Uint8Array,
  position: number,
  { sequence, epoch }: BlockHeader,
  { sound, earlier }: { readonly sound: boolean; readonly earlier: boolean },
  crc: Crc32c,
): DumpedItem[] {
  const items: DumpedItem[] = []
  const round = { block: sequence, epoch, ...(earlier && { earlierUse: true }) }
  parseRound({ sequence, epoch, bytes, sound, place: null }, crc, {
    onRecord(record, body) {
      const { kind, fields, ...rest } = itemOf(record, body, crc)
      const { group, incarnation, counter } = record
      const owner = record.type === RecordType.Open ? {} : { group, incarnation, counter }
      items.push({ position, kind, fields: { ...round, ...owner, ...fields }, ...rest, group })
    },
    onUnreadable: () => void items.push(damageAt(position, 'records of this round cannot be read')),
  })
  return items
}

type Described = Pick<DumpedItem, 'kind' | 'fields' | 'endOffset' | 'batch'>

/** What each type of record says, in the words of the log. */
const describers: Readonly<Record<number, (record: RecordHeader, body: Uint8Array) => Described>> = {
  [RecordType.Open]: () => ({ kind: 'open', fields: {} }),
  [RecordType.Create]: () => ({ kind: 'create', fields: {} }),
  [RecordType.Remove]: () => ({ kind: 'remove', fields: {} }),
  [RecordType.Repaired]: () => ({ kind: 'repaired', fields: {} }),
  [RecordType.HardState]: ({ index: term }, body) => {
    return { kind: 'hard-state', fields: { term, votedFor: readVotedFor(body) } }
  },
  [RecordType.Cut]: ({ index: from }, body) => ({ kind: 'cut', fields: { from, endOffset: readCutOffset(body) } }),
  [RecordType.Reference]: ({ index }, body) => {
    const { first, count, endOffset, segmentBase, position, bytes } = readReference(index, body)
    return { kind: 'reference', fields: { first, count, endOffset, segmentBase, position, bytes }, endOffset }
  },
  [RecordType.Damage]: ({ index: from }, body) => {
    const { lastIndex, endOffset, lastTerm, reason } = readDamage(body)
    return { kind: 'quarantine', fields: { from, lastIndex, endOffset, lastTerm, reason } }
  },
  [RecordType.Configuration]: ({ index }, { length: bytes }) => ({ kind: 'configuration', fields: { index, bytes } }),
  [RecordType.Prefix]: ({ index: prevIndex }, body) => {
    return { kind: 'prefix', fields: { prevIndex, ...readPrefix(body) } }
  },
  [RecordType.Install]: (_, { length: bytes }) => ({ kind: 'install', fields: { bytes } }),
}

function itemOf(record: RecordHeader, body: Uint8Array, crc: Crc32c): Described {
  if (record.type === RecordType.Entry) return entryOf(record, body, crc)
  const describe = describers[record.type]
  return (
    describe?.(record, body) ?? { kind: `type-${record.type}`, fields: { index: record.index, bytes: body.length } }
  )
}

function entryOf({ index }: RecordHeader, batch: Uint8Array, crc: Crc32c): Described {
  const isSound = verifyBatch(batch, 0, batch.length, crc)
  const header = isSound ? headerOrNull(batch, 0, batch.length, index) : null
  if (header === null) return { kind: 'entry', fields: { index, bytes: batch.length, crc: isSound ? 'ok' : 'wrong' } }
  const isRecords = header.kind === EntryKind.Records
  const fields = entryFields(header, batch, isSound)
  return { kind: 'entry', fields, endOffset: header.lastOffset + 1, ...(isRecords && { batch }) }
}
