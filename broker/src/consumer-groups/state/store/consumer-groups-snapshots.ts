import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import { piecesOf, readPairs, sourceOf } from '../../../log/store/pair-stream.ts'
import type { MachineSnapshots } from '../../../partition/group.ts'
import { ConsumerGroupsState } from '../consumer-groups-state.ts'
import type { ConsumerGroupsWriter } from './consumer-groups-writer.ts'
import { loadConsumerGroups, loadHead, rangeOf } from './load-consumer-groups.ts'

export interface ConsumerGroupsSnapshotsDeps {
  readonly store: StateStore
  readonly keyPrefix: string
  readonly state: ConsumerGroupsState
  readonly writer: ConsumerGroupsWriter
  /** The state is another one from now on: earlier knowledge of it does not hold. */
  readonly onRestored: () => void
}

/**
 * A coordinator's consumer groups as a snapshot: the pairs of the state store without the prefix of the keys, in key
 * order. The store's own snapshot is the copy on write (M44): it stays the same while more of the log is applied.
 */
export function consumerGroupsSnapshots(deps: ConsumerGroupsSnapshotsDeps): MachineSnapshots {
  const { store, keyPrefix, state, writer, onRestored } = deps
  const [from, to] = rangeOf(keyPrefix)
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
      const head = await loadHead(snapshot, keyPrefix)
      return {
        index: head?.appliedIndex ?? 0,
        chunks: () => piecesOf(withoutPrefix(snapshot.range(from, to), keyPrefix)),
        close: async () => snapshot.close(),
      }
    },
    async restore(index, chunks) {
      const pairs = await readPairs(chunks, 'A snapshot of consumer groups')
      // Read once before it counts: an unreadable state must not replace a readable one.
      const checked = new ConsumerGroupsState()
      await loadConsumerGroups(sourceOf(pairs), '', checked)
      if (checked.head.appliedIndex !== index) {
        const found = `A snapshot of consumer groups is as of ${checked.head.appliedIndex}, not ${index}.`
        throw new TailraceError('STORAGE_CORRUPT', found)
      }
      await writer.discard()
      const changes: [string, Uint8Array | null][] = []
      for await (const [key] of store.range(from, to)) {
        if (!pairs.has(key.slice(keyPrefix.length))) changes.push([key, null])
      }
      for (const [key, value] of pairs) changes.push([keyPrefix + key, value])
      await store.write(changes)
      await store.flush()
      state.clear()
      await loadConsumerGroups(sourceOf(pairs), '', state)
      onRestored()
    },
  }
}

async function* withoutPrefix(
  pairs: AsyncIterable<readonly [string, Uint8Array]>,
  prefix: string,
): AsyncIterable<readonly [string, Uint8Array]> {
  for await (const [key, value] of pairs) yield [key.slice(prefix.length), value]
}
