import type { Move } from './picture.ts'
import type { PlannedCluster } from './planned-cluster.ts'

/**
 * Moves that do not depend on load: away from brokers that have to be emptied, and apart where replicas share a rack.
 * Each search goes on where it stopped: a partition without such a move gets none by moves of others, but an heir of
 * its leadership by one of its own.
 */
export class PressingMoves {
  readonly #cluster: PlannedCluster
  #leading = 0
  #leaving = 0
  #sharing = 0

  constructor(cluster: PlannedCluster) {
    this.#cluster = cluster
  }

  /** A replica has moved: there may be an heir where there was none. */
  moved(): void {
    this.#leading = 0
  }

  /** Away from brokers that have to be emptied. */
  away(): Move | null {
    return this.#leadershipAway() ?? this.#replicaAway()
  }

  /** A leadership goes to a replica that exists: that copies nothing. */
  #leadershipAway(): Move | null {
    const { partitions, shares } = this.#cluster
    for (; this.#leading < partitions.length; this.#leading++) {
      const { replicas, settled, leaderFixed } = partitions[this.#leading]!
      if (!settled || leaderFixed || this.#cluster.leavingOf(replicas[0]!) === null) continue
      const heirs = replicas.filter((id) => this.#cluster.isStaying(id))
      if (heirs.length === 0) continue
      const lightest = heirs.reduce((best, id) => (shares.ledBy(id) < shares.ledBy(best) ? id : best))
      return this.#cluster.lead(this.#leading, lightest, 'leaving')
    }
    return null
  }

  #replicaAway(): Move | null {
    for (; this.#leaving < this.#cluster.partitions.length; this.#leaving++) {
      const partition = this.#cluster.partitions[this.#leaving]!
      if (!partition.settled || !this.#cluster.hasMajority(partition)) continue
      for (const from of partition.replicas) {
        const leaving = this.#cluster.leavingOf(from)
        if (leaving === null) continue
        // An operator's wish is carried out as well as racks allow; the loss of a broker is no reason to share one.
        const limit = leaving === 'lost' ? this.#cluster.spreadOf(partition.replicas) : null
        const to = this.#cluster.bestTarget(this.#leaving, from, limit)
        if (to !== null) return this.#cluster.replace(this.#leaving, from, to, 'leaving')
      }
    }
    return null
  }

  /** Replicas that share a rack although one of them could stand elsewhere: racks were told later, or were full. */
  apart(): Move | null {
    for (; this.#sharing < this.#cluster.partitions.length; this.#sharing++) {
      const partition = this.#cluster.partitions[this.#sharing]!
      const { racks } = this.#cluster.spreadOf(partition.replicas)
      if (racks === 0 || !partition.settled || partition.leaderFixed || !this.#cluster.isHealthy(partition)) continue
      const fewer = { racks: racks - 1, hosts: Number.POSITIVE_INFINITY }
      // The leader last: its leadership would move too.
      for (const from of partition.replicas.toReversed()) {
        const to = this.#cluster.bestTarget(this.#sharing, from, fewer)
        if (to !== null) return this.#cluster.replace(this.#sharing, from, to, 'racks')
      }
    }
    return null
  }
}
