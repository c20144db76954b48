import type { Offset } from '@tailrace/schemas'
import type { TopicPartition } from './group-options.ts'

/** A partition of a group that this program has. */
export interface GroupPartition extends TopicPartition {
  readonly token: number
  /** The offset before which everything is done. */
  readonly position: Offset
  /** The committed position; null: there is none. */
  readonly committed: Offset | null
  /** Records behind the position; 0 while the end is not known. */
  readonly lag: number
  readonly isPaused: boolean
}

/** A position to commit. */
export interface GroupPosition extends TopicPartition {
  /** The offset that is read next. */
  readonly offset: Offset
  readonly metadata?: string
}
