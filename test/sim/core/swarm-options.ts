import type { RaftOptions } from '../../../broker/src/raft/config.ts'
import type { NetworkFaults } from './sim-network.ts'

/** Microseconds of one tick of an accurate broker clock. */
export const TICK = 10_000

/** Everything that one seed decides before its history begins. Printed, so that a failing seed can be understood. */
export interface SwarmOptions {
  /** Founders, the first members. */
  readonly brokers: number
  /** Brokers that may become members later; they begin blank. */
  readonly spares: number
  /** Events of the phase with faults. */
  readonly events: number
  readonly raft: Omit<RaftOptions, 'id' | 'configuration' | 'random'>
  readonly network: NetworkFaults
  /** Each broker's tick in microseconds: clocks differ. */
  readonly ticks: readonly number[]
  /** Microseconds of an fsync, [least, most] for each broker. */
  readonly syncs: readonly (readonly [number, number])[]
  readonly readFailure: number
  /** Mean microseconds between faults of a kind; 0 switches the kind off. */
  readonly crashEvery: number
  readonly partitionEvery: number
  /** Partitions have the leader at one end; sometimes all others restart in that moment. */
  readonly partitionsAtLeader: boolean
  readonly campaignEvery: number
  readonly unreachableEvery: number
  readonly downFor: number
  /** Changes of members and transfers that some leader is asked for. */
  readonly changeEvery: number
  readonly transferEvery: number
  /** Probability that a removed broker comes back blank, under a new admission, and not with its old replica. */
  readonly renewal: number
  /**
   * Changes that a leader is asked for while it reaches a minority of the voters alone: they are not committed, or by
   * few (M64, M71).
   */
  readonly schismEvery: number
  /** Probability that a leader is asked for such a change as soon as it is elected. */
  readonly hastyChanges: number
  /** Probability that a broker which asks for votes dies a moment later, to campaign again at once when it is back. */
  readonly candidateFalls: number
  readonly partitionFor: number
  /** Probability that a crash keeps some entries that were not fsynced. */
  readonly keepUnsynced: number
  /** Mean microseconds between proposals. */
  readonly proposeEvery: number
  readonly proposalBurst: number
  /**
   * Brokers refuse votes while a leader may be alive (M10). Without it elections come at any time: the log must be safe
   * all the same.
   */
  readonly leases: boolean
  /** Mean microseconds between reads of leaders with a lease; 0 where nothing is promised to them. */
  readonly readEvery: number
  /** Mean microseconds between cuts of a broker's log, and between states that a leader offers unasked (M84). */
  readonly compactEvery: number
  readonly offerEvery: number
  /** Microseconds that it takes to fetch a state, at most. */
  readonly fetchFor: number
  /** Mean microseconds between reads with the token of an acknowledgement (M95). */
  readonly tokenEvery: number
}
