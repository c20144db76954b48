import { attributesAt, CONTROL_BIT, decodeBatch, formatTable, newerFormat } from '@tailrace/schemas'

const MAGIC_AT = 16
const KEY_BYTES = 4
/** The control records that this version knows: LEADER_CHANGE, KRAFT_VOTERS, Tailrace's fencing token and deletion. */
const KNOWN_TYPES = [2, 6, 20_000, 20_001]

/**
 * For a batch in the log whose checksums are right and that cannot be read: a newer version may have written it.
 * @throws TailraceError NEWER_FORMAT
 */
export function refuseNewerBatch(batch: Uint8Array, where: string): void {
  const magic = batch[MAGIC_AT]!
  if (magic > formatTable.recordBatch.version) throw newerFormat('recordBatch', magic, where)
  refuseNewerControl(batch, where)
}

/** As `refuseNewerBatch`, where no checksum covers the magic: the CRC of a batch covers only the bytes after itself. */
export function refuseNewerControl(batch: Uint8Array, where: string): void {
  if ((attributesAt(batch, 0) & CONTROL_BIT) === 0) return
  const key = keyOf(batch)
  if (key?.length !== KEY_BYTES) return
  const [version, type] = [key[0]! * 256 + key[1]!, key[2]! * 256 + key[3]!]
  if (version > formatTable.controlRecord.version) throw newerFormat('controlRecord', version, where)
  if (!KNOWN_TYPES.includes(type)) throw newerFormat('controlRecord', `${version}, type ${type}`, where)
}

function keyOf(batch: Uint8Array): Uint8Array | null {
  try {
    return decodeBatch(batch, 0, {})[0]?.key ?? null
  } catch {
    return null
  }
}
