import { type PartitionNumber, positionFrom, TailraceError } from '@tailrace/schemas'
import { type From, isSaved, type Start, startAt, startAtSaved } from './start.ts'

/**
 * Anything that says where to begin. `otherwise`: where partitions begin that `from` does not name when it gives
 * offsets by partition. `option`: the name under which `from` was given.
 * @throws TailraceError INVALID_SETTING
 */
export function startOf(
  from: From,
  partitions: readonly PartitionNumber[] | undefined,
  otherwise: 'earliest' | 'latest' = 'earliest',
  option = 'from',
): Start {
  if (isSaved(from)) return startAtSaved(from, partitions, otherwise, option)
  const position = positionFrom(from)
  if (position !== null) return startAt(position, partitions)
  const given = typeof from === 'string' ? JSON.stringify(from) : String(from)
  throw new TailraceError(
    'INVALID_SETTING',
    `${option}: ${given} is not 'earliest', 'latest', an offset, a time such as "2026-03-01T12:00:00Z", or an offset for each partition.`,
  )
}
