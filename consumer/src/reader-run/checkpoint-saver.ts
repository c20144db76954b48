import type { ClientSurroundings, Timer } from '@tailrace/client'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import type { Positions } from '../positions.ts'
import type { TopicPositions } from '../topics/topic-positions.ts'

export interface CheckpointSaverParts {
  readonly store: CheckpointStore
  readonly name: string
  readonly intervalMs: number
  /** Before which everything has been handled. */
  readonly position: () => Positions | TopicPositions
  /** A save has failed. */
  readonly failed: (error: unknown) => void
  readonly surroundings: ClientSurroundings
}

/** Saves how far a run has come, where that has changed: at intervals, one save after the other, and at the end. */
export class CheckpointSaver {
  readonly #parts: CheckpointSaverParts
  #timer: Timer | undefined
  #saved = ''
  #saving: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: CheckpointSaverParts) {
    this.#parts = parts
  }

  /** From now on it saves at intervals, until {@link stop}. */
  begin(): void {
    const { surroundings, intervalMs, failed } = this.#parts
    this.#timer = surroundings.every(intervalMs, () => {
      if (this.#saving === undefined) this.save().catch(failed)
    })
  }

  /** @throws what the store throws */
  async save(): Promise<void> {
    await this.#saving?.catch(() => {})
    const { store, name, position } = this.#parts
    const now = position()
    const text = JSON.stringify(now)
    if (now.size === 0 || text === this.#saved) return
    this.#saving = Promise.resolve(store.save(name, now)).finally(() => {
      this.#saving = undefined
    })
    await this.#saving
    this.#saved = text
  }

  /** Saves once more. @throws what the store throws */
  stop(): Promise<void> {
    this.#timer?.cancel()
    this.#stopping ??= this.save()
    return this.#stopping
  }
}
