import type { GroupId, LogIndex, Offset } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import type { Crc32c } from '../../../platform/checksum.ts'
import type { Clock } from '../../../platform/clock.ts'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, encodeInSteps } from './checkpoint-codec.ts'
import type { CommittedStart, PartitionState } from './partition-state.ts'

function keyOf(group: GroupId): string {
  return `partition/${String(group).padStart(12, '0')}`
}

/** Null when there is none, or when it cannot be read: then the log is read from its start. */
export async function loadCheckpoint(
  store: Pick<StateStore, 'get'>,
  group: GroupId,
  crc32c: Crc32c,
): Promise<Checkpoint | null> {
  const bytes = await store.get(keyOf(group))
  return bytes === null ? null : decodeCheckpoint(bytes, crc32c)
}

export interface CheckpointServices {
  readonly store: StateStore
  readonly crc32c: Crc32c
  readonly clock: Pick<Clock, 'soon'>
}

export function checkpointOf(state: PartitionState): Checkpoint {
  const { commitIndex, highWatermark, producersIndex, fence, deletedBefore } = state
  const producers = state.committedProducers()
  return { commitIndex, highWatermark, producersIndex, producers, fence: fence.settled, deletedBefore }
}

/** Resolves to its size in bytes. */
export function saveCheckpoint(
  store: StateStore,
  group: GroupId,
  checkpoint: Checkpoint,
  crc32c: Crc32c,
): Promise<number> {
  return write(store, group, encodeCheckpoint(checkpoint, crc32c))
}

/**
 * As `saveCheckpoint`, and where there are many producers other work is done in between. `isWanted`: asked after each
 * pause; false: the store may have a newer one, or that of another log. Resolves to null where it was not written.
 */
export async function saveInSteps(
  { store, crc32c, clock }: CheckpointServices,
  group: GroupId,
  checkpoint: Checkpoint,
  isWanted: () => boolean,
): Promise<number | null> {
  const steps = encodeInSteps(checkpoint, crc32c)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return write(store, group, value)
    await new Promise<void>((resolve) => clock.soon(resolve))
    if (!isWanted()) return null
  }
}

async function write(store: StateStore, group: GroupId, bytes: Uint8Array): Promise<number> {
  await store.write([[keyOf(group), bytes]])
  return bytes.length
}

export async function dropCheckpoint(store: StateStore, group: GroupId): Promise<void> {
  await store.write([[keyOf(group), null]])
}

/**
 * Decides when the next checkpoint is due: by bytes committed since the last one, so that a restart has a bounded
 * amount to read.
 */
export class CheckpointSchedule {
  readonly #everyBytes: number
  #index: LogIndex
  #offset: Offset
  #bytes = 0
  #saving = false
  #begun = 0

  constructor(everyBytes: number, start: CommittedStart) {
    this.#everyBytes = everyBytes
    this.#index = start.commitIndex
    this.#offset = start.highWatermark
  }

  appended(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * The state may only be saved up to the durable index: a checkpoint ahead of its own log could not be resumed from.
   */
  due(state: PartitionState, durableIndex: LogIndex): boolean {
    return (
      !this.#saving &&
      this.#bytes >= this.#everyBytes &&
      state.commitIndex > this.#index &&
      state.commitIndex <= durableIndex
    )
  }

  /** Index that the last checkpoint covers. */
  get index(): LogIndex {
    return this.#index
  }

  /** Another state, saved already, has taken the place of the old one. */
  replaced(start: CommittedStart): void {
    this.#index = start.commitIndex
    this.#offset = start.highWatermark
    this.#bytes = 0
    this.#begun++
    this.#saving = false
  }

  changed(state: PartitionState): boolean {
    return state.commitIndex !== this.#index || state.highWatermark !== this.#offset
  }

  /**
   * `save`: resolves with null where it has written nothing. `isLatest`: no other one has begun meanwhile, and no other
   * state has taken the place of this one; what was begun before that must not be written after it.
   */
  async save(state: PartitionState, save: (isLatest: () => boolean) => Promise<unknown>): Promise<void> {
    const { commitIndex, highWatermark } = state
    const turn = ++this.#begun
    const isLatest = (): boolean => turn === this.#begun
    this.#saving = true
    this.#bytes = 0
    try {
      if ((await save(isLatest)) === null || !isLatest()) return
      this.#index = commitIndex
      this.#offset = highWatermark
    } finally {
      if (isLatest()) this.#saving = false
    }
  }
}
