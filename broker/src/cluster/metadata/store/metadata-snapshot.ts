import type { LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import type { MachineSnapshot, MachineSnapshots } from '../../../partition/group.ts'
import { MetadataState } from '../metadata-state.ts'
import type { MetadataWriter } from './metadata-store.ts'
import { loadMetadata, METADATA_KEYS } from './metadata-store.ts'

const CHUNK_BYTES = 64 * 1024

export interface MetadataSnapshotsDeps {
  readonly store: StateStore
  readonly state: MetadataState
  readonly writer: MetadataWriter
  /** The state is another one from now on: earlier knowledge of it does not hold. */
  readonly onRestored: () => void
}

/**
 * The metadata as a snapshot: the pairs of the state store, each key and value behind its length (u32, big endian), in
 * key order. The store's own snapshot is the copy on write (M44): it stays the same while more of the log is applied.
 */
export function metadataSnapshots({ store, state, writer, onRestored }: MetadataSnapshotsDeps): MachineSnapshots {
  return {
    async flush() {
      const index = state.head.appliedIndex
      await writer.settled()
      await store.flush()
      return index
    },
    async take() {
      await writer.settled()
      const snapshot = store.snapshot()
      const taken = new MetadataState()
      await loadHead(snapshot, taken)
      return {
        index: taken.head.appliedIndex,
        chunks: () => piecesOf(snapshot.range(METADATA_KEYS.from, METADATA_KEYS.to)),
        close: async () => snapshot.close(),
      } satisfies MachineSnapshot
    },
    async restore(index, chunks) {
      const pairs = await readPairs(chunks)
      // Read once before it counts: an unreadable state must not replace a readable one.
      const checked = new MetadataState()
      await loadMetadata(sourceOf(pairs), checked)
      checkIndex(checked, index)
      await writer.discard()
      const changes: [string, Uint8Array | null][] = []
      for await (const [key] of store.range(METADATA_KEYS.from, METADATA_KEYS.to)) {
        if (!pairs.has(key)) changes.push([key, null])
      }
      await store.write([...changes, ...pairs])
      await store.flush()
      state.clear()
      await loadMetadata(sourceOf(pairs), state)
      onRestored()
    },
  }
}

async function loadHead(source: Parameters<typeof loadMetadata>[0], into: MetadataState): Promise<void> {
  await loadMetadata({ get: (key) => source.get(key), async *range() {} }, into)
}

function checkIndex(state: MetadataState, index: LogIndex): void {
  if (state.head.appliedIndex === index) return
  throw new TailraceError(
    'STORAGE_CORRUPT',
    `A snapshot of the metadata is as of ${state.head.appliedIndex}, not ${index}.`,
  )
}

function sourceOf(pairs: ReadonlyMap<string, Uint8Array>): Parameters<typeof loadMetadata>[0] {
  const keys = [...pairs.keys()].sort()
  return {
    get: async (key) => pairs.get(key) ?? null,
    async *range(from, to) {
      for (const key of keys) if (key >= from && key < to) yield [key, pairs.get(key)!] as const
    },
  }
}

async function* piecesOf(pairs: AsyncIterable<readonly [string, Uint8Array]>): AsyncIterable<Uint8Array> {
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

/** The whole state has to fit into memory on every broker anyway. */
async function readPairs(chunks: AsyncIterable<Uint8Array>): Promise<Map<string, Uint8Array>> {
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
    if (at + 4 + length > total)
      throw new TailraceError('STORAGE_CORRUPT', 'A snapshot of the metadata ends too early.')
    at += 4 + length
    return bytes.slice(at - length, at)
  }
  while (at < total) pairs.set(new TextDecoder().decode(next()), next())
  return pairs
}
