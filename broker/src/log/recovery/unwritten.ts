import type { GroupId } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { folderName } from '../group-folder.ts'
import { RecordType, type Reference, readReference } from '../journal/record.ts'
import { parseRound } from '../journal/round-parser.ts'
import type { ScannedRound } from '../journal/scan.ts'
import { hasBlankPage } from '../segment/blank-pages.ts'
import { parseSegmentName } from '../segment/segment.ts'

/** A whole number of pages. */
const WINDOW_BYTES = 1024 * 1024

/** Bytes of a segment that were synced at the same time as the round that refers to them. */
export interface SharedSync {
  readonly group: GroupId
  readonly incarnation: number
  readonly reference: Reference
}

export function sharedSyncs(round: ScannedRound, crc: Crc32c): SharedSync[] {
  const found: SharedSync[] = []
  // Reading a round moves its bytes, and it is read again.
  const copy = { ...round, bytes: round.bytes.slice() }
  parseRound(copy, crc, {
    onRecord({ type, group, incarnation, index }, body) {
      if (type !== RecordType.Reference) return
      const reference = readReference(index, body)
      if (reference.syncedWithRound) found.push({ group, incarnation, reference })
    },
    onUnreadable() {},
  })
  return found
}

/**
 * Whether a part of these bytes was never written: the file ends before it, or shows zeros, which none of their pages
 * had. Then the round was never acknowledged. A file that is missing, or ends before bytes that were durable already,
 * proves nothing of that kind.
 * @throws DiskError
 */
export async function areUnwritten(disk: Disk, groupsFolder: string, shared: readonly SharedSync[]): Promise<boolean> {
  for (const { group, incarnation, reference } of shared) {
    const folder = `${groupsFolder}/${folderName(group, incarnation)}`
    const names = await disk.list(folder)
    const name = names.find((candidate) => parseSegmentName(candidate)?.baseIndex === reference.segmentBase)
    if (name !== undefined && (await isUnwritten(disk, `${folder}/${name}`, reference))) return true
  }
  return false
}

async function isUnwritten(disk: Disk, path: string, { position, bytes }: Reference): Promise<boolean> {
  const end = position + bytes
  const size = (await disk.size(path)) ?? 0
  if (size < end) return size >= position
  const file = await disk.open(path)
  try {
    for (let at = position; at < end; ) {
      const count = Math.min(end, at - (at % WINDOW_BYTES) + WINDOW_BYTES) - at
      const window = new Uint8Array(count)
      await file.read(window, at)
      if (hasBlankPage([window], at)) return true
      at += count
    }
    return false
  } finally {
    await file.close()
  }
}
