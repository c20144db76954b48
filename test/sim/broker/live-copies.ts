import type { BrokerId, GroupId, LogIndex } from '@tailrace/schemas'
import { Finding } from './finding.ts'
import type { WatchedGroup } from './watched-group.ts'

/** A group whose members change, or have changed last, for the sake of an even spread. */
interface WatchedMove {
  readonly group: WatchedGroup
  /** Of the last entry that was committed when the move began. */
  readonly index: LogIndex
  /** How many copies of all entries up to it there were. */
  readonly before: number
  /** Brokers that have, or had, such a copy. */
  readonly holders: Set<BrokerId>
  /** Of them those that have removed theirs: no fault took it. */
  readonly removed: Set<BrokerId>
  readonly name: string
}

/**
 * At no moment of a move, and until the next one, have the members of its group fewer copies on their disks than when
 * it began, of what was committed then. Copies that a disk has lost count against the fault, and not against the move.
 */
export class LiveCopies {
  readonly #moves = new Map<GroupId, WatchedMove>()

  begin(group: WatchedGroup, name: string): void {
    const index = group.committedCount
    const holders = new Set(copiesOf(group, index))
    this.#moves.set(group.id, { group, index, before: holders.size, holders, removed: new Set(), name })
  }

  /** The broker removes its replica, of its own accord. */
  removing(group: GroupId, broker: BrokerId): void {
    this.#moves.get(group)?.removed.add(broker)
  }

  /** After each event. @throws Finding */
  review(): void {
    for (const { group, index, before, holders, removed, name } of this.#moves.values()) {
      const copies = copiesOf(group, index)
      for (const id of copies) holders.add(id)
      const lost = [...holders].filter((id) => !hasCopy(group, id, index) && !removed.has(id))
      if (copies.length >= before - lost.length) continue
      const who = `${name}: entries up to ${index} are on the disks of ${copies.join()}`
      throw new Finding('live-copies', `${who}, of ${before} members when it began`)
    }
  }
}

/** Members of the last committed configuration, without those that only learn. */
function copiesOf(group: WatchedGroup, index: LogIndex): BrokerId[] {
  const { voters, outgoing } = group.invariants.configuration
  return [...new Set([...voters, ...outgoing])].filter((id) => hasCopy(group, id, index))
}

function hasCopy(group: WatchedGroup, id: BrokerId, index: LogIndex): boolean {
  return group.replica(id)!.durable.length >= index
}
