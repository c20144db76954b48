import type { Offset, Position } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { OffsetResult } from '../partition/requests.ts'
import type { CopiedPartition } from './copies/copied-partition.ts'

/**
 * Where a position of a reader is. A copy that is behind does not know where its source ends, where it begins while no
 * record is here, or which later records are at a time: the source is asked then. Without a source the copy here
 * decides.
 * @param find asks the source
 * @param sourceComplete false: the source itself is still copying what its own source had at its start
 * @throws TailraceError OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, TOPIC_ID_MISMATCH
 */
export async function positionOf(
  copy: CopiedPartition,
  position: Position,
  find: (position: Position) => Promise<OffsetResult>,
  sourceComplete: boolean,
): Promise<OffsetResult> {
  const here = await copy.find(position)
  const { highWatermark, logStart } = copy
  const answer = (offset: Offset): OffsetResult => ({ offset, highWatermark, logStart })
  // Past the end here: only the source knows whether it is past the end at all.
  if (position.kind === 'OFFSET') {
    if (here > highWatermark) await find(position)
    return answer(here)
  }
  if (isKnownHere(copy, position, here, sourceComplete)) return answer(here)
  try {
    const { offset } = await find(position)
    return answer(Math.max(offset, here))
  } catch (error) {
    if (!(error instanceof TailraceError) || !error.retriable) throw error
    return answer(here)
  }
}

function isKnownHere(copy: CopiedPartition, { kind }: Position, here: Offset, sourceComplete: boolean): boolean {
  const complete = copy.complete && sourceComplete
  switch (kind) {
    case 'EARLIEST':
      return complete || !copy.isEmpty
    case 'TIME':
      return here < copy.highWatermark || (complete && copy.sourceEnd <= copy.highWatermark)
    default:
      return complete
  }
}
