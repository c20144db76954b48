import { hardStateText } from './render.ts'
import type { Replica } from './replica.ts'

/**
 * Terms of a log, a dot for a compacted entry; `|` follows the last committed entry, `~` the last durable one if more
 * is written.
 */
export function logText(replica: Replica): string {
  const marks = (index: number): string[] => [
    ...(index === replica.commitIndex ? ['|'] : []),
    ...(index === durableIndex(replica) && index < replica.log.length ? ['~'] : []),
  ]
  const { prevIndex } = replica.disk
  const terms = replica.log.flatMap(({ header }, i) => [i < prevIndex ? '.' : String(header.term), ...marks(i + 1)])
  return `${replica.id}: ${[...marks(0), ...terms].join(' ')}${replica.core === null ? ' (down)' : ''}`
}

export function statusLines(replica: Replica): string[] {
  const { core, id } = replica
  if (core === null)
    return [`${id} down, ${hardStateText(replica.disk.hardState)}, ${replica.durable.length} entries on disk`]
  const { role, term, leader, commitIndex, lastIndex, durableIndex, followers } = core.status()
  const head = `${id} ${role} term ${term} leader ${leader} commit ${commitIndex} last ${lastIndex} durable ${durableIndex}`
  const rows = followers.map(
    (row) =>
      `  of ${row.id}: ${row.state} match ${row.matchIndex} next ${row.nextIndex} inflight ${row.inflight}${row.active ? '' : ' silent'}`,
  )
  return [head, ...rows]
}

/** The last index that the core takes as durable; that of the disk, if the process is down. */
function durableIndex({ core, durable }: Replica): number {
  return core === null ? durable.length : core.durableIndex
}
