import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import type { FormationRecord } from '../metadata/formation-record.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import type { Welcome } from './joining.ts'

const COMMAND_MS = 8000

export interface JoinRequestsDeps {
  readonly brokerId: BrokerId
  readonly client: MetadataClient
  readonly clock: Clock
  readonly peers: Pick<Peers, 'identity'>
  readonly formation: () => FormationRecord | null
  /** See ClusterNodeDeps. */
  readonly brokersProve?: boolean
  /** Peer addresses of all brokers. */
  readonly addresses: () => readonly string[]
}

/**
 * Any member of a cluster takes requests to join: the metadata decides, and remembers. With a cluster key or
 * certificates a newcomer must have proved that it belongs, also while brokers that prove nothing are taken otherwise:
 * it would stay a member.
 */
export class JoinRequests {
  readonly #deps: JoinRequestsDeps

  constructor(deps: JoinRequestsDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when the broker is admitted; a repeated request has the same answer.
   * @throws TailraceError PEER_NOT_AUTHENTICATED; BROKER_IDENTITY_MISMATCH: its id is known with another data
   * directory, or was removed; NOT_READY; LEADER_UNAVAILABLE
   */
  async receive(from: BrokerId): Promise<Welcome> {
    const { brokerId, client, clock, peers, addresses } = this.#deps
    const record = this.#deps.formation()
    const identity = peers.identity(from)
    if (record === null || identity === undefined)
      throw new TailraceError('NOT_READY', 'There is no cluster to join here.')
    const { directoryId, peer, http } = identity
    if (this.#deps.brokersProve === true && identity.proved !== true)
      throw new TailraceError('PEER_NOT_AUTHENTICATED', `Broker ${from} has proved nothing, so it cannot join.`)
    if (record.voters.some((voter) => voter.id === from && voter.directoryId === directoryId)) {
      return { record, admission: 0, addresses: addresses() }
    }
    const joining = { id: from, directoryId, peer, http }
    const command = { type: 'join-broker', joining, at: clock.now(), broker: brokerId } as const
    const { index } = await client.submit(command, COMMAND_MS)
    return { record, admission: index!, addresses: addresses() }
  }
}
