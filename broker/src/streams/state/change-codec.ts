import type { Timestamp } from '@tailrace/schemas'
import { BatchWriter, Compression, decodeBatch, formatTable, NO_PRODUCER } from '@tailrace/schemas'

/** A key of the state store without its prefix, with its value; null: the key is removed. */
export type StreamChange = readonly [key: string, value: Uint8Array | null]

const VERSION = formatTable.streamChanges.version
/** Of a batch and of a record in it, beside key and value. */
const BATCH_BYTES = 200
const RECORD_BYTES = 40

/**
 * One batch, ready to be proposed. Its first record has no key, and says which version the entry has; each of the
 * others is a change, as in a compacted topic.
 */
export function encodeChanges(changes: readonly StreamChange[], timestamp: Timestamp): Uint8Array {
  const writer = new BatchWriter(changes.reduce((sum, change) => sum + bytesOf(change), BATCH_BYTES))
  writer.append({ timestamp, key: null, value: JSON.stringify({ version: VERSION }) })
  for (const [key, value] of changes) writer.append({ timestamp, key, value })
  return writer.finish({ producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

/** Of a change in an entry, at most. */
export function bytesOf([key, value]: StreamChange): number {
  return 3 * key.length + (value?.length ?? 0) + RECORD_BYTES
}

/** Null for anything that is no entry of changes of a version that is known here. Never throws. */
export function decodeChanges(batch: Uint8Array): StreamChange[] | null {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const [first, ...records] = decodeBatch(batch, 0, {})
    const head = JSON.parse(decoder.decode(first!.value!)) as { readonly version?: unknown }
    if (first!.key !== null || head?.version !== VERSION) return null
    // The batch's own bytes belong to the log, which uses them again.
    return records.map(({ key, value }) => [decoder.decode(key!), value?.slice() ?? null])
  } catch {
    return null
  }
}
