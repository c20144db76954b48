import type { LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import { piecesOf, readPairs, sourceOf } from '../../../log/store/pair-stream.ts'
import type { MachineSnapshot, MachineSnapshots } from '../../../partition/group.ts'
import { MetadataState } from '../metadata-state.ts'
import type { MetadataWriter } from './metadata-store.ts'
import { loadMetadata, METADATA_KEYS } from './metadata-store.ts'

export interface MetadataSnapshotsDeps {
  readonly store: StateStore
  readonly state: MetadataState
  readonly writer: MetadataWriter
  /** The state is another one from now on: earlier knowledge of it does not hold. */
  readonly onRestored: () => void
}

/**
 * The metadata as a snapshot: the pairs of the state store, in key order. The store's own snapshot is the copy on write
 * (M44): it stays the same while more of the log is applied.
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
      const pairs = await readPairs(chunks, 'A snapshot of the metadata')
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
