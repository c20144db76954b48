import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log-storage.ts'

const CHUNK_BYTES = 64 * 1024
/** No key or value is longer: a larger length is damage, and nothing is allocated for it. */
const MOST_PART_BYTES = 256 * 1024 * 1024

/**
 * Pairs of a state store as pieces of 64 KiB at most: each key and value behind its length (u32, big endian), in the
 * order in which they come.
 */
export async function* piecesOf(pairs: AsyncIterable<readonly [string, Uint8Array]>): AsyncIterable<Uint8Array> {
  let buffer = new Uint8Array(CHUNK_BYTES)
  let used = 0
  for await (const [key, value] of pairs) {
    for (const part of [new TextEncoder().encode(key), value]) {
      for (const bytes of [lengthOf(part), part]) {
        for (let at = 0; at < bytes.length; ) {
          const taken = Math.min(bytes.length - at, CHUNK_BYTES - used)
          buffer.set(bytes.subarray(at, at + taken), used)
          at += taken
          used += taken
          if (used < CHUNK_BYTES) continue
          yield buffer
          buffer = new Uint8Array(CHUNK_BYTES)
          used = 0
        }
      }
    }
  }
  if (used > 0) yield buffer.subarray(0, used)
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return length
}

/**
 * The pairs of `piecesOf`, all in memory: for a state that has to fit into it on every broker anyway. `what`, for
 * people: "A snapshot of the metadata".
 * @throws TailraceError STORAGE_CORRUPT
 */
export async function readPairs(chunks: AsyncIterable<Uint8Array>, what: string): Promise<Map<string, Uint8Array>> {
  const pairs = new Map<string, Uint8Array>()
  for await (const [key, value] of pairsOf(chunks, what)) pairs.set(key, value)
  return pairs
}

/**
 * The pairs of `piecesOf`, one after the other: no more than the next one is in memory.
 * @throws TailraceError STORAGE_CORRUPT
 */
export async function* pairsOf(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
): AsyncIterable<readonly [string, Uint8Array]> {
  let key: string | null = null
  for await (const part of partsOf(chunks, what)) {
    if (key === null) key = new TextDecoder().decode(part)
    else {
      yield [key, part]
      key = null
    }
  }
  if (key !== null) throw new TailraceError('STORAGE_CORRUPT', `${what} ends too early.`)
}

/** Keys and values in turns, each without its length. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>, what: string): AsyncIterable<Uint8Array> {
  const lengthBytes = new Uint8Array(4)
  let have = 0
  let part: Uint8Array | null = null
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const into: Uint8Array = part ?? lengthBytes
      const taken = Math.min(into.length - have, chunk.length - at)
      into.set(chunk.subarray(at, at + taken), have)
      have += taken
      at += taken
      if (have < into.length) continue
      have = 0
      if (part !== null) {
        yield part
        part = null
        continue
      }
      const length = new DataView(lengthBytes.buffer).getUint32(0)
      if (length > MOST_PART_BYTES) throw new TailraceError('STORAGE_CORRUPT', `${what} has a part of ${length} bytes.`)
      if (length === 0) yield new Uint8Array(0)
      else part = new Uint8Array(length)
    }
  }
  if (part !== null || have > 0) throw new TailraceError('STORAGE_CORRUPT', `${what} ends too early.`)
}

/** Pairs in memory, to be read as those of a store. */
export function sourceOf(pairs: ReadonlyMap<string, Uint8Array>): Pick<StateStore, 'get' | 'range'> {
  const keys = [...pairs.keys()].sort()
  return {
    get: async (key) => pairs.get(key) ?? null,
    async *range(from, to) {
      for (const key of keys) if (key >= from && key < to) yield [key, pairs.get(key)!] as const
    },
  }
}
