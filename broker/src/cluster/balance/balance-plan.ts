import type { Hysteresis } from './broker-shares.ts'
import { leaderForLoad, leadersInChain, replicaForLoad } from './load-moves.ts'
import type { ClusterPicture, Move } from './picture.ts'
import { PlannedCluster } from './planned-cluster.ts'
import { PressingMoves } from './pressing-moves.ts'

/** Differences between brokers that make a balanced cluster move anything, and those down to which it goes on then. */
export const AT_REST: Hysteresis = { least: 0.1, margin: 0.02 }
export const BEGUN: Hysteresis = { least: 0.04, margin: 0.02 }

/**
 * Which replicas and preferred leaderships move where, one move after the other, the most pressing first: away from
 * brokers that have to be emptied; apart where replicas share a rack; then replicas by bytes and traffic, and at last
 * leaderships by traffic. A pure function of the picture. A move for the sake of load puts no replicas closer together,
 * and each lowers the sum of the squared distances of brokers from their parts, of replicas or else of leaderships, so
 * a list of moves ends.
 */
export class BalancePlan {
  readonly #cluster: PlannedCluster
  readonly #hysteresis: Hysteresis | null
  readonly #pressing: PressingMoves
  /** Moves that only make sense together, done in the picture already. */
  readonly #chain: Move[] = []

  /** `hysteresis` null: only brokers that have to be emptied are looked at. */
  constructor(picture: ClusterPicture, hysteresis: Hysteresis | null) {
    this.#cluster = new PlannedCluster(picture)
    this.#hysteresis = hysteresis
    this.#pressing = new PressingMoves(this.#cluster)
  }

  /** See BrokerShares.imbalance, with the moves so far. */
  get imbalance(): number {
    return this.#cluster.shares.imbalance
  }

  /** The next move; null: there is none any more. */
  next(): Move | null {
    const move = this.#chain.shift() ?? this.#find()
    if (move?.kind === 'replica') this.#pressing.moved()
    return move
  }

  #find(): Move | null {
    const [cluster, hysteresis] = [this.#cluster, this.#hysteresis]
    if (hysteresis === null) return this.#pressing.away()
    const move =
      this.#pressing.away() ??
      this.#pressing.apart() ??
      replicaForLoad(cluster, hysteresis) ??
      leaderForLoad(cluster, hysteresis)
    if (move !== null) return move
    this.#chain.push(...leadersInChain(cluster, hysteresis))
    return this.#chain.shift() ?? null
  }
}
