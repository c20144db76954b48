import type { SavedPosition } from '../checkpoints/checkpoint-store.ts'
import { positionsFrom } from '../positions.ts'
import { topicPlaces } from '../topics/topic-positions.ts'
import type { CheckpointSettings, Reading } from './reader-run-options.ts'

/** Where a run begins. */
export interface SavedStart {
  /** With `from` as it was saved. */
  readonly reading: Reading
  /**
   * A run that begins here without a checkpoint does not find the same place later: it is to be saved before the first
   * record is handled.
   */
  readonly isMoving: boolean
}

/** @throws TailraceError INVALID_SETTING: what was saved is no position of such a reader; what the store throws */
export async function savedStart(
  reading: Reading,
  { store, name }: CheckpointSettings,
  isOfOneTopic: boolean,
): Promise<SavedStart> {
  const saved = await store.load(name)
  const { last, ...more } = reading
  const isMoving = reading.otherwise === 'latest'
  if (saved !== undefined) {
    check(saved, `checkpoint "${name}"`, isOfOneTopic)
    return { reading: { ...more, from: saved }, isMoving }
  }
  if (last !== undefined) return { reading, isMoving: true }
  const { from = 'earliest' } = reading
  return { reading: { ...reading, from } as Reading, isMoving: isMoving || from !== 'earliest' }
}

function check(saved: SavedPosition, option: string, isOfOneTopic: boolean): void {
  if (isOfOneTopic) positionsFrom(saved, option)
  else topicPlaces(saved, option)
}
