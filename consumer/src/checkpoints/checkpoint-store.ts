import type { Positions } from '../positions.ts'
import type { TopicPositions } from '../topics/topic-positions.ts'

/**
 * A position as JSON keeps it, to be given to `from` of a later subscription, which says what is wrong with it: of one
 * topic it has `offsets`, of several `topics`.
 */
export interface SavedPosition {
  readonly topicId?: string
  readonly offsets: object
  readonly topics: object
}

/** Where a program keeps how far it has come, each position under a name. */
export interface CheckpointStore {
  /** Undefined: nothing was saved under this name. */
  load(name: string): Promise<SavedPosition | undefined>
  /** Resolves when a crash would lose it no more. A later position replaces it. */
  save(name: string, position: Positions | TopicPositions): Promise<void>
}

/** Positions in memory: for tests, and for programs that begin anew each time. */
export class MemoryCheckpoints implements CheckpointStore {
  readonly #saved = new Map<string, string>()

  async load(name: string): Promise<SavedPosition | undefined> {
    const text = this.#saved.get(name)
    return text === undefined ? undefined : (JSON.parse(text) as SavedPosition)
  }

  async save(name: string, position: Positions | TopicPositions): Promise<void> {
    this.#saved.set(name, JSON.stringify(position))
  }
}
