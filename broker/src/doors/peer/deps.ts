import type { BrokerId } from '@tailrace/schemas'
import type { PeerIdentity } from '../../partition/peers.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Network } from '../../platform/network.ts'
import type { Random } from '../../platform/random.ts'
import type { ClusterKeys } from './handshake/cluster-key.ts'
import type { PeerLimits } from './limits.ts'
import type { PeerStats } from './stats.ts'

/** The dependencies of every part of the peer transport. */
export interface PeerDeps {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly crc32c: Crc32c
  readonly crypto: Crypto
  /** Null: brokers prove nothing to each other. */
  readonly clusterKeys: ClusterKeys | null
  /** Names in the certificates of brokers, where they are not `broker-<id>`; default: none. */
  readonly certificateNames?: ReadonlyMap<BrokerId, string>
  readonly log: Logger
  /** The identity of this broker now; read anew for each connection. */
  readonly self: () => PeerIdentity
  readonly limits: PeerLimits
  readonly stats: PeerStats
}
