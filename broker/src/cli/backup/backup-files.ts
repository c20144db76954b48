import type { Offset, PartitionNumber } from '@tailrace/schemas'

/**
 * A folder of backups: `records/TOPIC-ID/PARTITION/` holds chunks, which all of them share, and `backups/NAME.json`
 * what belongs to one of them.
 */
export interface Chunk {
  readonly file: string
  /** Of its first record. */
  readonly base: Offset
  /** One more than that of its last record. */
  readonly end: Offset
  /** Of all its bytes, in hexadecimal: it is in the name, so that an unfinished backup can go on. */
  readonly sha256: string
}

/** A chunk is written as soon as it has this many bytes: what an interrupted backup reads again at most. */
export const CHUNK_BYTES = 16 << 20
/** Of a chunk: its last batch may be as long as a frame of the SDKs (64 MiB). */
export const MOST_CHUNK_BYTES = CHUNK_BYTES + (64 << 20)
/** Half of the longest text that Node.js can hold. */
export const MOST_MANIFEST_BYTES = 1 << 28

const OFFSET_DIGITS = 20
const chunkPattern = /^(\d{20})-(\d{20})-([0-9a-f]{64})\.batches$/
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const manifestPattern = /^(.+)\.json$/

export function chunkFile(base: Offset, end: Offset, sha256: string): string {
  const [first, last] = [base, end].map((offset) => String(offset).padStart(OFFSET_DIGITS, '0'))
  return `${first}-${last}-${sha256}.batches`
}

/** Null: the file is no chunk. */
export function readChunkFile(file: string): Chunk | null {
  const [, first, last, sha256] = chunkPattern.exec(file) ?? []
  if (sha256 === undefined) return null
  const [base, end] = [Number(first), Number(last)]
  return Number.isSafeInteger(end) && base < end ? { file, base, end, sha256 } : null
}

/** The name of a backup, or the id of a topic: part of a path. */
export function isFileName(name: string): boolean {
  return namePattern.test(name)
}

export function partitionFolder(topicId: string, partition: PartitionNumber): string {
  return `records/${topicId}/${partition}`
}

export const MANIFESTS = 'backups'

export function manifestFile(name: string): string {
  return `${MANIFESTS}/${name}.json`
}

/** Null: the file is no manifest. */
export function nameOfManifest(file: string): string | null {
  const name = manifestPattern.exec(file)?.[1]
  return name !== undefined && isFileName(name) ? name : null
}
