import type { BrokerId, TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log/log-storage.ts'
import type { Groups } from '../partition/group.ts'
import type { GroupRequests, PeerHandlers, Peers } from '../partition/peers.ts'
import type { Clock } from '../platform/clock.ts'
import type { Crypto } from '../platform/crypto.ts'
import type { Disk } from '../platform/disk.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { AuthenticationMode } from '../security/access/authorizer.ts'
import type { Webhooks } from '../streams/subscriptions/webhooks.ts'
import type { CreatePlan } from './balance/balancer.ts'
import type { WatchedStorage } from './members/conditions.ts'
import type { FeatureLevels } from './metadata/feature-levels.ts'

/** All groups of this broker, with the entry for messages of peers. */
export type GroupsWithPeers = Groups &
  GroupRequests &
  Pick<PeerHandlers, 'link' | 'told' | 'tooLarge'> & { receive: PeerHandlers['raft'] }

/** Peers that can be told of brokers that are not in the join list. */
export interface DiallingPeers extends Peers {
  /** Keeps a connection to this address from now on. */
  dial(address: string): void
  /** Ends all connections with a broker, and dials it no longer. */
  hangUp(broker: BrokerId): void
  /** Why the broker at this address refuses this one; undefined when it does not, or when that is not known. */
  refusal(address: string): TailraceError | undefined
}

export interface ClusterNodeDeps {
  readonly brokerId: BrokerId
  /** host:port that clients are told. */
  readonly http: string
  /** Where it stands. Default: not told. */
  readonly rack?: string
  /** host:port that other brokers are told; one of `join` for those that form the cluster. */
  readonly peerAddress: string
  readonly join: readonly string[]
  readonly pid: number
  /** New at each start. */
  readonly incarnation: string
  readonly dataFolder: string
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly store: StateStore
  readonly groups: GroupsWithPeers
  readonly peers: DiallingPeers
  readonly logger: Logger
  readonly storage: WatchedStorage
  /** For operators: why the disk has no room for records, and what to do; null: it has. Default: it always has. */
  readonly diskShortage?: () => string | null
  /** Brokers can prove that they belong to the cluster, so one that has not is not admitted. Default: they cannot. */
  readonly brokersProve?: boolean
  /** Whether clients are asked for a credential, and the principals that may do everything. Default: off, none. */
  readonly access?: { readonly mode: AuthenticationMode; readonly superUsers: readonly string[] }
  /** The levels that this version supports; a test gives others. */
  readonly levels?: FeatureLevels
  /** For topics without a setting. */
  readonly maxBatchBytes: number
  /** The most that a topic may ask for. */
  readonly largestMaxBatchBytes: number
  /** Settings that no batch may be larger than, by name. */
  readonly sizeLimits?: Readonly<Record<string, number>>
  /** Defaults: `defaultPartitionLimits`. */
  readonly maxPartitionsPerTopic?: number
  readonly maxReplicasPerBroker?: number
  /** Default: DEFAULT_LEADER_RETURN_MS; 0: leaderships do not return by themselves. */
  readonly leaderReturnMs?: number
  /** Between two looks at how replicas are spread. Default: 0, they move only when an operator asks for it. */
  readonly balanceMs?: number
  /** After which the replicas of a broker that is away are given to others. Default: 0, never. */
  readonly replaceAfterMs?: number
  /** After which consumer groups without members are removed. Default: 0, never. */
  readonly consumerGroupExpirationMs?: number
  /** Sends wakes of subscriptions to durable streams. Default: this broker sends none. */
  readonly webhooks?: Webhooks | null
  /** The planner of the spread; a test gives another. */
  readonly createPlan?: CreatePlan
}
