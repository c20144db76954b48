import type { BrokerId } from '@tailrace/schemas'

/** How many replicas, and how many preferred leaders, each broker has already. */
export interface Load {
  readonly replicas: ReadonlyMap<BrokerId, number>
  readonly leaders: ReadonlyMap<BrokerId, number>
}

/**
 * Chooses the replicas of new partitions; the first of each is its preferred leader. Replicas go to the brokers that
 * have fewest, so counts that differed by at most one still do. Brokers are paired anew each time, so that the load of
 * a lost one spreads over all others. Deterministic. Leaders of one topic differ by at most one too; over several
 * topics by two, and by three in one of some 4,000 random sequences of eight, since those that exist stay.
 * @param replicas at most the number of brokers
 */
export function placePartitions(
  brokers: readonly BrokerId[],
  load: Load,
  partitions: number,
  replicas: number,
): BrokerId[][] {
  const sorted = [...brokers].sort((a, b) => a - b)
  const replicaCounts = countsOf(sorted, load.replicas)
  const pairs = new Map<BrokerId, Map<BrokerId, number>>(sorted.map((id) => [id, countsOf(sorted, new Map())]))
  const placed: BrokerId[][] = []
  for (let partition = 0; partition < partitions; partition++) {
    const chosen: BrokerId[] = []
    while (chosen.length < replicas) {
      const free = sorted.filter((id) => !chosen.includes(id))
      const shared = (id: BrokerId): number => chosen.reduce((sum, other) => sum + pairs.get(id)!.get(other)!, 0)
      const next = least(free, (id) => [replicaCounts.get(id)!, load.leaders.get(id) ?? 0, shared(id)])
      for (const other of chosen) {
        add(pairs.get(other)!, next, 1)
        add(pairs.get(next)!, other, 1)
      }
      add(replicaCounts, next, 1)
      chosen.push(next)
    }
    placed.push(chosen)
  }
  chooseLeaders(placed, countsOf(sorted, load.leaders), replicaCounts)
  return placed
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
