import type { ReplayedGroup } from '../journal/replayed-group.ts'
import { readIndexFile } from '../segment/index-file.ts'
import { INDEX_ENTRY_BYTES, type IndexPlace, type SparseIndex } from '../segment/sparse-index.ts'
import type { LogToInspect, SegmentFile } from './inspected-log.ts'

/** The places that the index file of a segment knows; none where the checkpoint knows of no index. */
export async function inspectIndex(
  log: LogToInspect,
  group: ReplayedGroup,
  segment: SegmentFile,
): Promise<readonly IndexPlace[]> {
  const record = group.segments.find(([index, offset]) => index === segment.baseIndex && offset === segment.baseOffset)
  const [, , , lastIndex, , , , places, checksum] = record ?? []
  // Where entries were discarded since the checkpoint, the file may be another one by now.
  if (places === undefined || places === 0 || group.cutFrom <= lastIndex!) return []
  const path = segment.path.replace(/\.log(\.repair)?$/, '.index')
  const size = await log.disk.size(path)
  let problem = 'it is missing'
  if (size !== null) {
    const index = await readPlaces(log, path, places, checksum!)
    if (index !== null) return [...index.places()]
    problem = size < places * INDEX_ENTRY_BYTES ? 'it is too short' : 'it is not as it was written'
  }
  const advice = 'Nothing is lost: the broker makes the index anew out of the segment.'
  log.report({ severity: 'damage', file: path, position: null, problem, advice })
  return []
}

async function readPlaces(
  { disk, crc32c, onRead }: LogToInspect,
  path: string,
  places: number,
  checksum: number,
): Promise<SparseIndex | null> {
  const file = await disk.open(path)
  try {
    const index = await readIndexFile(file, places, checksum, crc32c)
    if (index !== null) onRead(places * INDEX_ENTRY_BYTES)
    return index
  } finally {
    await file.close()
  }
}
