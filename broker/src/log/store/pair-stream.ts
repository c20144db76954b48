import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log-storage.ts'

const CHUNK_BYTES = 64 * 1024

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
 * The pairs of `piecesOf`, all in memory: the state has to fit into it on every broker anyway. `what`, for people: "A
 * snapshot of the metadata".
 * @throws TailraceError STORAGE_CORRUPT
 */
export async function readPairs(chunks: AsyncIterable<Uint8Array>, what: string): Promise<Map<string, Uint8Array>> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const chunk of chunks) {
    parts.push(chunk.slice())
    total += chunk.length
  }
  const bytes = new Uint8Array(total)
  let end = 0
  for (const part of parts) {
    bytes.set(part, end)
    end += part.length
  }
  const view = new DataView(bytes.buffer)
  const pairs = new Map<string, Uint8Array>()
  let at = 0
  const next = (): Uint8Array => {
    const length = at + 4 <= total ? view.getUint32(at) : total
    if (at + 4 + length > total) throw new TailraceError('STORAGE_CORRUPT', `${what} ends too early.`)
    at += 4 + length
    return bytes.slice(at - length, at)
  }
  while (at < total) pairs.set(new TextDecoder().decode(next()), next())
  return pairs
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
