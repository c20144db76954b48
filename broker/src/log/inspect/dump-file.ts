import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { readDurableMark } from '../journal/durable-mark.ts'
import { CHECKPOINT_NAMES, type GroupCheckpoint, readCheckpointFile } from '../recovery/checkpoint.ts'
import { parseSegmentName, refuseNewerSegments } from '../segment/segment.ts'
import { INDEX_ENTRY_BYTES, SparseIndex } from '../segment/sparse-index.ts'
import { dumpJournal } from './dump-journal.ts'
import { dumpSegment } from './dump-segment.ts'
import { type DumpedItem, damageAt } from './dumped-item.ts'

/** What a repair or a copy hangs on the name of a segment. */
const HUNG_ON = /\.(repair|repair-part|corrupt|damaged|held-\d+)$/

/**
 * What stands in a file of the log; null where its name is none of a log's.
 * @throws TailraceError NEWER_FORMAT, also while the items are read; DiskError
 */
export function dumpFile(disk: Disk, path: string, crc: Crc32c): AsyncIterable<DumpedItem> | null {
  const slash = path.lastIndexOf('/')
  const [folder, name] = slash < 0 ? ['.', path] : [path.slice(0, slash) || '/', path.slice(slash + 1)]
  refuseNewerSegments(folder, [name])
  if (name.endsWith('.journal')) return dumpJournal(disk, folder, name, crc)
  if ((CHECKPOINT_NAMES as readonly string[]).includes(name)) return dumpCheckpoint(disk, path, crc)
  if (name === 'durable') return dumpMark(disk, folder, crc)
  const segment = parseSegmentName(name.replace(HUNG_ON, '').replace(/\.index$/, '.log'))
  if (segment === null) return null
  return name.endsWith('.index') ? dumpIndex(disk, path, crc) : dumpSegment(disk, path, segment.baseIndex, crc)
}

async function* dumpIndex(disk: Disk, path: string, crc: Crc32c): AsyncGenerator<DumpedItem> {
  const file = await disk.open(path)
  try {
    const size = await file.size()
    const places = Math.floor(size / INDEX_ENTRY_BYTES)
    const bytes = new Uint8Array(places * INDEX_ENTRY_BYTES)
    await file.read(bytes, 0)
    const index = new SparseIndex(crc)
    for (let i = 0; i < places; i++) {
      const isSound = index.addFrom(bytes, i)
      const { index: entry, offset, position } = index.last()
      const fields = {
        index: entry,
        offset,
        position,
        youngestBefore: index.timeAt(index.last()),
        crc: isSound ? 'ok' : 'wrong',
      }
      yield { position: i * INDEX_ENTRY_BYTES, kind: 'place', fields, endOffset: offset + 1 }
      // Each checksum covers those before it: beyond a wrong one none can be judged.
      if (!isSound) return
    }
    if (size > bytes.length) yield damageAt(bytes.length, `${size - bytes.length} bytes are left, too few for a place`)
  } finally {
    await file.close()
  }
}

async function* dumpCheckpoint(disk: Disk, path: string, crc: Crc32c): AsyncGenerator<DumpedItem> {
  const found = await readCheckpointFile(disk, path, (await disk.size(path)) ?? 0, crc)
  if (found === null) {
    yield damageAt(0, 'the checkpoint is not as it was written')
    return
  }
  const { generation, place, nextIncarnation, mayHaveForgotten = false, files = [] } = found
  const journal = { journalFile: place.file, block: place.sequence, epoch: place.epoch }
  yield {
    position: 0,
    kind: 'checkpoint',
    fields: { generation, ...journal, nextIncarnation, mayHaveForgotten, files },
  }
  for (const group of found.groups) yield { position: 0, kind: 'group', fields: groupFields(group), group: group.group }
}

function groupFields(group: GroupCheckpoint): DumpedItem['fields'] {
  const { incarnation, counter, hardState, prev, end, terms, configurations = [], damage, segments } = group
  return {
    group: group.group,
    incarnation,
    counter,
    term: hardState[0],
    votedFor: hardState[1],
    prevIndex: prev[0],
    startOffset: prev[2],
    lastIndex: end[0],
    endOffset: end[1],
    terms: terms.map(([term, index]) => [term, index]),
    configurations: configurations.map(([index]) => index),
    segments: segments.map(([index, , bytes, last]) => [index, last, bytes]),
    quarantine: damage === null ? null : `from entry ${damage.fromIndex} on: ${damage.reason}`,
  }
}

async function* dumpMark(disk: Disk, folder: string, crc: Crc32c): AsyncGenerator<DumpedItem> {
  const block = await readDurableMark(disk, folder, crc)
  yield block === null
    ? damageAt(0, 'the mark is missing, or not as it was written')
    : { position: 0, kind: 'durable', fields: { block } }
}
