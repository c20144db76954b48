import type { BrokerId, PartitionNumber } from '@tailrace/schemas'

/** The spread of replicas and leaderships over brokers: what an operator can see and want of it. */
export interface UpkeepApi {
  /**
   * How even the spread is, and the moves that would make it even, as the asked broker sees it; nothing is moved. Takes
   * some seconds, since rates are measured.
   */
  balance(): Promise<BalanceDescription>
  /** The metadata leader makes the spread even now, until it is; false: calls that off. `by`: for the audit. */
  setBalancing(balancing: boolean, by?: string): Promise<void>
  /**
   * The replicas and leaderships of the broker go to others, as far as these can take them, and it gets no new ones;
   * false: calls that off. UNKNOWN_BROKER
   */
  setDraining(broker: BrokerId, draining: boolean, by?: string): Promise<void>
}

export interface BalanceDescription {
  /** An operator has asked for moves that are not done yet. */
  readonly balancing: boolean
  /** Root mean square of how far brokers are from their part: 0 is even, 1 as far as the part itself. */
  readonly imbalance: number
  readonly brokers: readonly BrokerShare[]
  /** In their order, at most 200. */
  readonly moves: readonly PlannedMove[]
  /** How many more there are, as far as they were planned. */
  readonly more: number
}

export interface BrokerShare {
  readonly broker: BrokerId
  readonly rack: string
  /** It has told what it holds. */
  readonly up: boolean
  readonly draining: boolean
  readonly replicas: number
  /** Partitions that prefer it as their leader. */
  readonly leaders: number
  readonly bytes: number
  /** Written to its replicas, and to the partitions that it leads. */
  readonly bytesPerSecond: number
  readonly ledBytesPerSecond: number
}

export interface PlannedMove {
  readonly topic: string
  readonly partition: PartitionNumber
  /** leader: the replicas stay, another one is preferred as the leader. */
  readonly kind: 'replica' | 'leader'
  /** leaving: of a broker that is to be emptied. racks: replicas share a rack. load: brokers have uneven shares. */
  readonly why: 'leaving' | 'racks' | 'load'
  readonly from: readonly BrokerId[]
  readonly to: readonly BrokerId[]
  /** That are copied to another broker. */
  readonly bytes: number
  /** Of the cluster after this move: see BalanceDescription.imbalance. */
  readonly imbalanceAfter: number
}
