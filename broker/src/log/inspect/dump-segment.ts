import type { LogIndex } from '@tailrace/schemas'
import { EntryKind, verifyBatch } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { headerOrNull } from '../entry-header.ts'
import { scanBatches } from '../segment/batch-scan.ts'
import { type DumpedItem, damageAt, entryFields } from './dumped-item.ts'

const PIECE_BYTES = 64 * 1024

/** The batches of a segment. `first`: the index of the first one. */
export async function* dumpSegment(disk: Disk, path: string, first: LogIndex, crc: Crc32c): AsyncGenerator<DumpedItem> {
  const file = await disk.open(path)
  try {
    const size = await file.size()
    let index = first
    let position = 0
    while (position < size) {
      const items: DumpedItem[] = []
      const from = position
      position = await scanBatches(file, from, size, PIECE_BYTES, (bytes, at, end, place) => {
        // A piece at a time, so that the reader of the items sets the pace.
        if (place - from >= PIECE_BYTES) return false
        items.push(itemOf(bytes.subarray(at, end), place, index++, crc))
        return true
      })
      yield* items
      if (items.length > 0) continue
      yield damageAt(position, `no whole batch follows; ${size - position} bytes are left`)
      return
    }
  } finally {
    await file.close()
  }
}

function itemOf(batch: Uint8Array, position: number, index: LogIndex, crc: Crc32c): DumpedItem {
  const isSound = verifyBatch(batch, 0, batch.length, crc)
  const header = headerOrNull(batch, 0, batch.length, index)
  const { length: bytes } = batch
  if (header === null)
    return { position, kind: 'entry', fields: { index, entry: 'unknown', bytes, crc: isSound ? 'ok' : 'wrong' } }
  const isRecords = isSound && header.kind === EntryKind.Records
  const fields = entryFields(header, batch, isSound)
  return { position, kind: 'entry', fields, endOffset: header.lastOffset + 1, ...(isRecords && { batch }) }
}
