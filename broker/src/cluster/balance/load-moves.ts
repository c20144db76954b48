import type { BrokerId } from '@tailrace/schemas'
import { type Hysteresis, weightsOf, weightsOfLeadership } from './broker-shares.ts'
import type { Move } from './picture.ts'
import type { PlannedCluster } from './planned-cluster.ts'

interface Choice {
  readonly index: number
  readonly to: BrokerId
  readonly gain: number
}

/** From the broker with the largest excess from which any move of a replica is worth it, the one that gains most. */
export function replicaForLoad(cluster: PlannedCluster, hysteresis: Hysteresis): Move | null {
  const { shares, partitions } = cluster
  for (const from of cluster.byExcess()) {
    // Of a balanced cluster no partition is looked at.
    const takers = [...cluster.brokers].filter((to) => shares.differ(from, to, hysteresis.least))
    let best: Choice | null = null
    for (const index of takers.length === 0 ? [] : cluster.heldBy(from)) {
      const partition = partitions[index]!
      const leads = partition.replicas[0] === from
      if (!partition.settled || partition.leaderFixed) continue
      // Leaderships are levelled out later; of moves that are worth it those that help there too come first.
      const [weights, all] = [weightsOf(partition, false), weightsOf(partition, leads)]
      for (const to of takers) {
        const gain = shares.gainOf(all, from, to)
        if (gain <= (best?.gain ?? Number.NEGATIVE_INFINITY) || !shares.isWorth(weights, from, to, hysteresis)) continue
        if (!cluster.mayTake(to, partition) || !cluster.isHealthy(partition)) continue
        if (cluster.keepsSpread(partition, from, to)) best = { index, to, gain }
      }
    }
    if (best !== null) return cluster.replace(best.index, from, best.to, 'load')
  }
  return null
}

/** The same for preferred leaderships, which copy nothing. */
export function leaderForLoad(cluster: PlannedCluster, hysteresis: Hysteresis): Move | null {
  const { shares, partitions } = cluster
  for (const from of cluster.byExcess()) {
    let best: Choice | null = null
    for (const { index, to } of heirsOf(cluster, from)) {
      const weights = weightsOfLeadership(partitions[index]!)
      const gain = shares.gainOf(weights, from, to)
      if (gain > (best?.gain ?? 0) && shares.isWorth(weights, from, to, hysteresis)) best = { index, to, gain }
    }
    if (best !== null) return cluster.lead(best.index, best.to, 'load')
  }
  return null
}

interface Step {
  readonly index: number
  readonly giver: BrokerId
}

/**
 * Leaderships over a chain of brokers, each of which passes one on to the next: without this, two brokers that share no
 * partition could not level out. Empty: there is none that is worth it.
 */
export function leadersInChain(cluster: PlannedCluster, hysteresis: Hysteresis): Move[] {
  for (const from of cluster.byExcess()) {
    const cameBy = new Map<BrokerId, Step | null>([[from, null]])
    // A Map visits what is added while it is walked: this is the queue of a breadth-first search.
    for (const giver of cameBy.keys()) {
      for (const { index, to } of heirsOf(cluster, giver)) {
        if (cameBy.has(to)) continue
        cameBy.set(to, { index, giver })
        const moves = passOn(cluster, hysteresis, cameBy, from, to)
        if (moves.length > 0) return moves
      }
    }
  }
  return []
}

/** The moves that lead from one broker to another, the last one first, if together they are worth it. */
function passOn(
  cluster: PlannedCluster,
  hysteresis: Hysteresis,
  cameBy: ReadonlyMap<BrokerId, Step | null>,
  from: BrokerId,
  to: BrokerId,
): Move[] {
  const { partitions, shares } = cluster
  const steps: (Step & { readonly taker: BrokerId })[] = []
  for (let taker = to; taker !== from; taker = steps.at(-1)!.giver) steps.push({ ...cameBy.get(taker)!, taker })
  const weightsAt = (index: number) => weightsOfLeadership(partitions[index]!)
  const first = weightsAt(steps.at(-1)!.index)
  if (!shares.isWorth(first, from, to, hysteresis)) return []
  const before = shares.squares
  for (const { index, giver, taker } of steps) shares.move(weightsAt(index), giver, taker)
  const gain = before - shares.squares
  for (const { index, giver, taker } of steps) shares.move(weightsAt(index), taker, giver)
  // Leaderships in between may be of other sizes than the first one.
  if (gain <= shares.leastGain(first, hysteresis)) return []
  return steps.map(({ index, taker }) => cluster.lead(index, taker, 'load'))
}

/** Replicas that may take over a leadership of this broker. */
function* heirsOf(
  cluster: PlannedCluster,
  leader: BrokerId,
): Iterable<{ readonly index: number; readonly to: BrokerId }> {
  // In an order of their own: what a plan finds must not depend on the moves before it.
  for (const index of [...cluster.heldBy(leader)].sort((a, b) => a - b)) {
    const { replicas, settled, leaderFixed } = cluster.partitions[index]!
    if (replicas[0] !== leader || !settled || leaderFixed) continue
    for (const to of replicas) if (to !== leader && cluster.isStaying(to)) yield { index, to }
  }
}
