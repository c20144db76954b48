import type { BrokerId } from '@tailrace/schemas'
import { BrokerShares, weightsOf, weightsOfLeadership } from './broker-shares.ts'
import type { ClusterPicture, Move, PicturedBroker, PicturedPartition } from './picture.ts'
import { isWorse, type Spread, spreadOf } from './spread.ts'

/** The picture as it is after the moves that are planned so far. */
export class PlannedCluster {
  readonly shares: BrokerShares
  readonly partitions: PicturedPartition[]
  readonly #brokers = new Map<BrokerId, PicturedBroker>()
  /** Indexes of the partitions of which each broker has a replica. */
  readonly #held = new Map<BrokerId, Set<number>>()
  readonly #room = new Map<BrokerId, { bytes: number; replicas: number }>()

  constructor({ brokers, partitions }: ClusterPicture) {
    this.shares = new BrokerShares(brokers, partitions)
    this.partitions = [...partitions]
    for (const broker of brokers) {
      this.#brokers.set(broker.id, broker)
      this.#held.set(broker.id, new Set())
      this.#room.set(broker.id, { bytes: broker.roomBytes, replicas: broker.roomReplicas })
    }
    partitions.forEach(({ replicas }, index) => {
      for (const id of replicas) this.#held.get(id)?.add(index)
    })
  }

  get brokers(): Iterable<BrokerId> {
    return this.#brokers.keys()
  }

  /** Indexes of partitions. */
  heldBy(id: BrokerId): Iterable<number> {
    return this.#held.get(id)!
  }

  leavingOf(id: BrokerId): PicturedBroker['leaving'] {
    return this.#brokers.get(id)?.leaving ?? null
  }

  /** Reached, and not to be emptied. */
  isStaying(id: BrokerId): boolean {
    const broker = this.#brokers.get(id)
    return broker?.leaving === null && broker.up
  }

  isHealthy({ replicas }: PicturedPartition): boolean {
    return replicas.every((id) => this.#isUp(id))
  }

  /** Without one no change of members can be agreed on. */
  hasMajority({ replicas }: PicturedPartition): boolean {
    return replicas.filter((id) => this.#isUp(id)).length * 2 > replicas.length
  }

  mayTake(id: BrokerId, { replicas, bytes }: PicturedPartition): boolean {
    const room = this.#room.get(id)!
    return this.#brokers.get(id)!.open && !replicas.includes(id) && room.replicas > 0 && room.bytes >= bytes
  }

  spreadOf(replicas: readonly BrokerId[]): Spread {
    return spreadOf(replicas.flatMap((id) => this.#brokers.get(id) ?? []))
  }

  keepsSpread({ replicas }: PicturedPartition, from: BrokerId, to: BrokerId): boolean {
    return !isWorse(this.spreadOf(replaced(replicas, from, to)), this.spreadOf(replicas))
  }

  /** Brokers that stay, the one with the largest excess first. */
  byExcess(): BrokerId[] {
    const staying = [...this.#brokers.keys()].filter((id) => this.isStaying(id))
    const excess = new Map(staying.map((id) => [id, this.shares.excessOf(id)]))
    return staying.sort((a, b) => excess.get(b)! - excess.get(a)! || a - b)
  }

  /**
   * The taker of the replica of `from`: the broker with the best spread, no worse than `limit` (null: any); of equals
   * the one with the least burden.
   */
  bestTarget(index: number, from: BrokerId, limit: Spread | null): BrokerId | null {
    const partition = this.partitions[index]!
    let best: { id: BrokerId; spread: Spread; burden: number } | null = null
    for (const id of this.#brokers.keys()) {
      if (!this.mayTake(id, partition)) continue
      const spread = this.spreadOf(replaced(partition.replicas, from, id))
      if (limit !== null && isWorse(spread, limit)) continue
      const burden = this.shares.burdenOf(id)
      const isBetter = best === null || isWorse(best.spread, spread)
      if (isBetter || (!isWorse(spread, best!.spread) && burden < best!.burden)) best = { id, spread, burden }
    }
    return best?.id ?? null
  }

  /** Another replica is preferred as the leader; those that have to go come last, since they are no heirs either. */
  lead(index: number, to: BrokerId, why: Move['why']): Move {
    const partition = this.partitions[index]!
    const { replicas } = partition
    this.shares.move(weightsOfLeadership(partition), replicas[0]!, to)
    const others = replicas.filter((id) => id !== to)
    const leaving = others.filter((id) => this.leavingOf(id) !== null)
    const after = [to, ...others.filter((id) => !leaving.includes(id)), ...leaving]
    return this.#done(index, { kind: 'leader', why, to: after, bytes: 0 })
  }

  /** Another broker takes the replica, with the preferred leadership if the one before had it. */
  replace(index: number, from: BrokerId, to: BrokerId, why: Move['why']): Move {
    const partition = this.partitions[index]!
    const { replicas, bytes } = partition
    this.shares.move(weightsOf(partition, replicas[0] === from), from, to)
    this.#held.get(from)!.delete(index)
    this.#held.get(to)!.add(index)
    this.#takeRoom(to, bytes)
    return this.#done(index, { kind: 'replica', why, to: replaced(replicas, from, to), bytes })
  }

  /** Brokers of one host may share a disk. */
  #takeRoom(taker: BrokerId, bytes: number): void {
    const { host } = this.#brokers.get(taker)!
    for (const [id, room] of this.#room) {
      if (id === taker) room.replicas -= 1
      if (this.#brokers.get(id)!.host === host) room.bytes -= bytes
    }
  }

  #isUp(id: BrokerId): boolean {
    return this.#brokers.get(id)?.up === true
  }

  #done(index: number, move: Pick<Move, 'kind' | 'why' | 'to' | 'bytes'>): Move {
    const partition = this.partitions[index]!
    this.partitions[index] = { ...partition, replicas: move.to }
    const { group, replicas: from } = partition
    return { group, from, ...move, imbalanceAfter: this.shares.imbalance }
  }
}

function replaced(replicas: readonly BrokerId[], from: BrokerId, to: BrokerId): BrokerId[] {
  return replicas.map((id) => (id === from ? to : id))
}
