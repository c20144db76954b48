import type { GroupId, LogIndex, Offset } from '@tailrace/schemas'
import type { StateStore } from '../log/types.ts'
import type { CommittedStart, PartitionState } from './partition-state.ts'
import type { ProducerState } from './producer-table.ts'

/** What a replica keeps of its committed prefix, so that a restart reads only what came after (M36). */
export interface Checkpoint extends CommittedStart {
  readonly producers: readonly (readonly [number, ProducerState])[]
}

const VERSION = 1

function keyOf(group: GroupId): string {
  return `partition/${String(group).padStart(12, '0')}`
}

/** Null when there is none, or when it was written in a form that this version does not know: then the log is read from its start. */
export async function loadCheckpoint(store: StateStore, group: GroupId): Promise<Checkpoint | null> {
  const bytes = await store.get(keyOf(group))
  if (bytes === null) return null
  const parsed = JSON.parse(new TextDecoder().decode(bytes)) as { version: number } & Checkpoint
  return parsed.version === VERSION ? parsed : null
}

export async function saveCheckpoint(store: StateStore, group: GroupId, state: PartitionState): Promise<void> {
  const checkpoint: Checkpoint = {
    commitIndex: state.commitIndex,
    highWatermark: state.highWatermark,
    producers: [...state.committedProducers().entries()],
  }
  await store.write([[keyOf(group), new TextEncoder().encode(JSON.stringify({ version: VERSION, ...checkpoint }))]])
}

export async function dropCheckpoint(store: StateStore, group: GroupId): Promise<void> {
  await store.write([[keyOf(group), null]])
}

/** Decides when the next checkpoint is due: by bytes committed since the last one, so that a restart has a bounded amount to read. */
export class CheckpointSchedule {
  readonly #everyBytes: number
  #index: LogIndex
  #offset: Offset
  #bytes = 0
  #saving = false

  constructor(everyBytes: number, start: CommittedStart) {
    this.#everyBytes = everyBytes
    this.#index = start.commitIndex
    this.#offset = start.highWatermark
  }

  appended(bytes: number): void {
    this.#bytes += bytes
  }

  /** The state may only be saved up to what is durable here: a checkpoint ahead of its own log could not be resumed from. */
  due(state: PartitionState, durableIndex: LogIndex): boolean {
    return (
      !this.#saving &&
      this.#bytes >= this.#everyBytes &&
      state.commitIndex > this.#index &&
      state.commitIndex <= durableIndex
    )
  }

  changed(state: PartitionState): boolean {
    return state.commitIndex !== this.#index || state.highWatermark !== this.#offset
  }

  async save(state: PartitionState, save: () => Promise<void>): Promise<void> {
    const { commitIndex, highWatermark } = state
    this.#saving = true
    this.#bytes = 0
    try {
      await save()
      this.#index = commitIndex
      this.#offset = highWatermark
    } finally {
      this.#saving = false
    }
  }
}
