import { refuseUnknown } from '@tailrace/client'
import { type Offset, type PartitionNumber, type Position, positionFrom, TailraceError } from '@tailrace/schemas'
import { checkPartition } from './feed/paused-partitions.ts'

/**
 * Where to read on in a partition: at an offset, or at the first record at or after a time (a Date or an ISO 8601 text,
 * UTC where it names no zone).
 */
export interface Place {
  readonly partition: PartitionNumber
  readonly offset?: Offset | 'earliest' | 'latest'
  readonly time?: Date | string
}

/** @throws TailraceError INVALID_SETTING */
export function positionAt(place: Place): Position {
  refuseUnknown(place, ['partition', 'offset', 'time'])
  const { partition, offset, time } = place
  checkPartition(partition)
  if ((offset === undefined) === (time === undefined)) throw wrong('give either an offset or a time.')
  const position = positionFrom(offset ?? time)
  if (position === null || (position.kind === 'TIME') !== (time !== undefined)) {
    throw wrong(`${String(offset ?? time)} is no ${time === undefined ? 'offset' : 'time'}.`)
  }
  return position
}

function wrong(detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', `seek: ${detail}`)
}
