import type { LogIndex, Offset } from '@tailrace/schemas'
import type { GroupLog, LogDescription } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { MachineSnapshot, MachineSnapshots } from '../group.ts'
import { checkpointOf } from '../replica/state/checkpoint.ts'
import { encodeCheckpoint } from '../replica/state/checkpoint-codec.ts'
import { offsetAfter, termAt } from '../replica/state/log-places.ts'
import type { PartitionState } from '../replica/state/partition-state.ts'
import { type CopyManifest, STATE_FILE } from './copy-manifest.ts'

/** A replica's state at one moment, for others to read: nothing that happens later changes it. */
export interface CopiedState {
  readonly manifest: CopyManifest
  /** Up to `maxBytes` of a file at `position`, empty at its end. */
  read(file: string, position: number, maxBytes: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * A partition: its segments, with the producers. Those are as of the commit index, which may lie above the entries in
 * segments; the receiver gets the entries between as part of the log, and they change nothing in the producers
 * (PartitionState).
 */
export function copyPartition(log: GroupLog, state: PartitionState, crc32c: Crc32c): CopiedState {
  const checkpoint = checkpointOf(state)
  const copy = log.copy(state.commitIndex)
  const { lastIndex, endOffset } = copy.description
  const bytes = encodeCheckpoint({ ...checkpoint, commitIndex: lastIndex, highWatermark: endOffset }, crc32c)
  return {
    manifest: { description: copy.description, files: copy.files, stateBytes: bytes.length },
    read: async (file, position, maxBytes) =>
      file === STATE_FILE ? bytes.subarray(position, position + maxBytes) : copy.read(file, position, maxBytes),
    close: () => copy.close(),
  }
}

/** A group with a state machine: its whole state, which covers the log up to its index; no entries (M41). */
export async function copyMachine(log: GroupLog, snapshots: MachineSnapshots): Promise<CopiedState> {
  const snapshot = await snapshots.take()
  try {
    const description = describeUpTo(log, snapshot.index, await offsetAfter(log, snapshot.index))
    const state = new SnapshotFile(snapshot)
    return {
      manifest: { description, files: [], stateBytes: null },
      read: (_file, position, maxBytes) => state.read(position, maxBytes),
      close: () => snapshot.close(),
    }
  } catch (error) {
    await snapshot.close()
    throw error
  }
}

function describeUpTo(log: GroupLog, index: LogIndex, offset: Offset): LogDescription {
  const term = termAt(log, index)
  const governing = log.configurations.findLast((configuration) => configuration.index <= index)
  return {
    prevIndex: index,
    prevTerm: term,
    startOffset: offset,
    lastIndex: index,
    lastTerm: term,
    endOffset: offset,
    terms: [],
    configurations: governing === undefined ? [] : [governing],
  }
}

/**
 * The chunks of a snapshot as bytes of a file. Read mostly in order; going back begins anew, which a snapshot allows.
 */
class SnapshotFile {
  readonly #snapshot: MachineSnapshot
  #chunks: AsyncIterator<Uint8Array> | null = null
  /** The present chunk, and where it begins. */
  #chunk: Uint8Array = new Uint8Array(0)
  #start = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(snapshot: MachineSnapshot) {
    this.#snapshot = snapshot
  }

  /** One after the other: there is one place in the iteration. */
  read(position: number, maxBytes: number): Promise<Uint8Array> {
    const read = this.#turn.then(() => this.#read(position, maxBytes))
    this.#turn = read.catch(() => undefined)
    return read
  }

  async #read(position: number, maxBytes: number): Promise<Uint8Array> {
    if (this.#chunks === null || position < this.#start) {
      this.#chunks = this.#snapshot.chunks()[Symbol.asyncIterator]()
      this.#chunk = new Uint8Array(0)
      this.#start = 0
    }
    while (position >= this.#start + this.#chunk.length) {
      const next = await this.#chunks.next()
      if (next.done) return new Uint8Array(0)
      this.#start += this.#chunk.length
      this.#chunk = next.value
    }
    const at = position - this.#start
    return this.#chunk.subarray(at, at + maxBytes)
  }
}
