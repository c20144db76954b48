import type { BrokerId } from '@tailrace/schemas'
import type { RackedBroker } from './racks.ts'

/** What each broker has already. */
export interface Load {
  /** In replicas of the mean size. */
  readonly replicas: ReadonlyMap<BrokerId, number>
  /** Partitions that prefer it as their leader, in those of mean traffic. */
  readonly leaders: ReadonlyMap<BrokerId, number>
  /** How many replicas it may still get; 0 of one whose disk is nearly full. Missing: any number. */
  readonly room: ReadonlyMap<BrokerId, number>
}

/**
 * Chooses the replicas of new partitions; the first of each is its preferred leader. Brokers without room get none
 * while others can. Replicas of a partition go to different racks as far as there are enough, then to different hosts,
 * then to the racks, hosts and brokers that have fewest, so counts that differed by at most one still do where all
 * racks have as many brokers. Brokers are paired anew each time, so that the load of a lost one spreads over all
 * others. Deterministic. Leaders of one topic differ by at most one too, if racks allow it; over several topics by
 * two, and by three in one of some 4,000 random sequences of eight, since those that exist stay.
 * @param replicas at most the number of brokers
 */
export function placePartitions(
  brokers: readonly RackedBroker[],
  load: Load,
  partitions: number,
  replicas: number,
): BrokerId[][] {
  const sorted = [...brokers].sort((a, b) => a.id - b.id)
  const ids = sorted.map(({ id }) => id)
  const replicaCounts = countsOf(ids, load.replicas)
  const racks = new SharedPlaces(new Map(sorted.map(({ id, rack }) => [id, rack])), replicaCounts)
  const hosts = new SharedPlaces(new Map(sorted.map(({ id, host }) => [id, host])), replicaCounts)
  const room = new Map(ids.map((id) => [id, load.room.get(id) ?? Number.POSITIVE_INFINITY]))
  const pairs = new Map<BrokerId, Map<BrokerId, number>>(ids.map((id) => [id, countsOf(ids, new Map())]))
  const placed: BrokerId[][] = []
  for (let partition = 0; partition < partitions; partition++) {
    const chosen: BrokerId[] = []
    while (chosen.length < replicas) {
      const free = ids.filter((id) => !chosen.includes(id))
      const shared = (id: BrokerId): number => chosen.reduce((sum, other) => sum + pairs.get(id)!.get(other)!, 0)
      const next = least(free, (id) => [
        room.get(id)! > 0 ? 0 : 1,
        racks.holds(id, chosen),
        hosts.holds(id, chosen),
        racks.loadAt(id),
        hosts.loadAt(id),
        replicaCounts.get(id)!,
        load.leaders.get(id) ?? 0,
        shared(id),
      ])
      for (const other of chosen) {
        add(pairs.get(other)!, next, 1)
        add(pairs.get(next)!, other, 1)
      }
      add(replicaCounts, next, 1)
      add(room, next, -1)
      racks.added(next)
      hosts.added(next)
      chosen.push(next)
    }
    placed.push(chosen)
  }
  chooseLeaders(placed, countsOf(ids, load.leaders), replicaCounts)
  return placed
}

/** Racks, or hosts: those that brokers share. */
class SharedPlaces {
  readonly #placeOf: ReadonlyMap<BrokerId, string>
  readonly #sizes = new Map<string, { brokers: number; replicas: number }>()

  constructor(placeOf: ReadonlyMap<BrokerId, string>, replicas: ReadonlyMap<BrokerId, number>) {
    this.#placeOf = placeOf
    for (const [id, place] of placeOf) {
      const size = this.#sizes.get(place) ?? { brokers: 0, replicas: 0 }
      size.brokers += 1
      size.replicas += replicas.get(id)!
      this.#sizes.set(place, size)
    }
  }

  /** How many of the chosen brokers stand where this one does. */
  holds(id: BrokerId, chosen: readonly BrokerId[]): number {
    const place = this.#placeOf.get(id)
    return chosen.reduce((sum, other) => sum + (this.#placeOf.get(other) === place ? 1 : 0), 0)
  }

  /** Replicas for each broker of that place. */
  loadAt(id: BrokerId): number {
    const { brokers, replicas } = this.#sizeOf(id)
    return replicas / brokers
  }

  added(id: BrokerId): void {
    this.#sizeOf(id).replicas += 1
  }

  #sizeOf(id: BrokerId): { brokers: number; replicas: number } {
    return this.#sizes.get(this.#placeOf.get(id)!)!
  }
}

/**
 * Moves a leader to the front of each partition's replicas; of equals the one with most replicas, whose turn comes
 * again last.
 */
function chooseLeaders(
  placed: BrokerId[][],
  leaders: Map<BrokerId, number>,
  replicaCounts: ReadonlyMap<BrokerId, number>,
): void {
  for (const replicas of placed) {
    makeLeader(
      replicas,
      least(replicas, (id) => [leaders.get(id)!, -replicaCounts.get(id)!]),
    )
    add(leaders, replicas[0]!, 1)
  }
  const brokers = [...leaders.keys()]
  while (brokers.some((most) => passOneOn(placed, leaders, most)));
}

/**
 * Takes one leader from a broker to one that has two fewer or less, over a chain of partitions whose replicas overlap.
 * The greedy choice above alone can leave such chains; without any, from whichever broker, the spread is the best that
 * these replicas allow.
 */
function passOneOn(placed: BrokerId[][], leaders: Map<BrokerId, number>, most: BrokerId): boolean {
  const cameBy = new Map<BrokerId, BrokerId[] | null>([[most, null]])
  // A Map visits what is added while it is walked: this is the breadth-first search's queue.
  for (const from of cameBy.keys()) {
    if (leaders.get(most)! - leaders.get(from)! >= 2) {
      let at = from
      for (let replicas = cameBy.get(at)!; replicas !== null; replicas = cameBy.get(at)!) {
        const giver = replicas[0]!
        makeLeader(replicas, at)
        at = giver
      }
      add(leaders, most, -1)
      add(leaders, from, 1)
      return true
    }
    for (const replicas of placed) {
      if (replicas[0] !== from) continue
      for (const to of replicas) if (!cameBy.has(to)) cameBy.set(to, replicas)
    }
  }
  return false
}

function makeLeader(replicas: BrokerId[], leader: BrokerId): void {
  replicas.splice(replicas.indexOf(leader), 1)
  replicas.unshift(leader)
}

function countsOf(brokers: readonly BrokerId[], known: ReadonlyMap<BrokerId, number>): Map<BrokerId, number> {
  return new Map(brokers.map((id) => [id, known.get(id) ?? 0]))
}

function add(counts: Map<BrokerId, number>, id: BrokerId, by: number): void {
  counts.set(id, counts.get(id)! + by)
}

/** The first of those with the smallest key, compared number by number. */
function least(ids: readonly BrokerId[], keyOf: (id: BrokerId) => readonly number[]): BrokerId {
  let best = ids[0]!
  let bestKey = keyOf(best)
  for (const id of ids.slice(1)) {
    const key = keyOf(id)
    const differs = key.findIndex((part, index) => part !== bestKey[index])
    if (differs >= 0 && key[differs]! < bestKey[differs]!) [best, bestKey] = [id, key]
  }
  return best
}
