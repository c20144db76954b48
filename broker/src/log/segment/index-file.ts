import type { Crc32c } from '../../platform/checksum.ts'
import type { DiskFile } from '../../platform/disk.ts'
import { INDEX_ENTRY_BYTES, SparseIndex } from './sparse-index.ts'

/**
 * The first `places` entries of an index file. Null where it has fewer, or they do not match their checksums or the
 * given one, which is that of the last.
 */
export async function readIndexFile(
  file: DiskFile,
  places: number,
  checksum: number,
  crc: Crc32c,
): Promise<SparseIndex | null> {
  const length = places * INDEX_ENTRY_BYTES
  // The number of places comes from a checkpoint: no memory is taken for it before the file has as many.
  if ((await file.size()) < length) return null
  const bytes = new Uint8Array(length)
  const count = await file.read(bytes, 0)
  return SparseIndex.decode(bytes.subarray(0, count), places, checksum, crc)
}
