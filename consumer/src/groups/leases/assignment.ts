import { type Lease, partitionKey, type Told } from '../beats/beat-messages.ts'
import type { LeasedPartition } from './leased-partition.ts'

/** What an answer of the coordinator changes. */
export interface AssignmentChange<Data> {
  readonly added: readonly LeasedPartition<Data>[]
  /** To be finished and given back. */
  readonly revoked: readonly LeasedPartition<Data>[]
  /** Gone already. */
  readonly lost: readonly LeasedPartition<Data>[]
}

/** The partitions of which this member has the lease. */
export class Assignment<Data> {
  readonly #partitions = new Map<string, LeasedPartition<Data>>()
  readonly #make: (lease: Lease, told: Told) => LeasedPartition<Data>

  constructor(make: (lease: Lease, told: Told) => LeasedPartition<Data>) {
    this.#make = make
  }

  get partitions(): readonly LeasedPartition<Data>[] {
    return [...this.#partitions.values()]
  }

  get(key: string): LeasedPartition<Data> | undefined {
    return this.#partitions.get(key)
  }

  absorb(told: Told): AssignmentChange<Data> {
    const added: LeasedPartition<Data>[] = []
    const lost: LeasedPartition<Data>[] = []
    const wanted = new Map(told.leases.map((lease) => [partitionKey(lease), lease]))
    for (const [key, partition] of this.#partitions) {
      if (wanted.get(key)?.token === partition.lease.token) continue
      this.#partitions.delete(key)
      if (partition.state !== 'over') lost.push(partition)
    }
    for (const [key, lease] of wanted) {
      if (this.#partitions.has(key)) continue
      const partition = this.#make(lease, told)
      this.#partitions.set(key, partition)
      added.push(partition)
    }
    const revoked = told.revoke.flatMap((place) => this.#partitions.get(partitionKey(place)) ?? [])
    const isWorkedOn = ({ state }: LeasedPartition<Data>): boolean => state === 'assigned' || state === 'open'
    return { added: added.filter((one) => !revoked.includes(one)), revoked: revoked.filter(isWorkedOn), lost }
  }

  /** It has been given back. */
  remove(partition: LeasedPartition<Data>): void {
    if (this.#partitions.get(partition.key) === partition) this.#partitions.delete(partition.key)
  }

  /** All leases are gone. Returns those that were there. */
  clear(): readonly LeasedPartition<Data>[] {
    const all = this.partitions.filter(({ state }) => state !== 'over')
    this.#partitions.clear()
    return all
  }
}
