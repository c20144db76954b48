import type { BrokerId, Message } from '@tailrace/schemas'
import type { GroupRequests, PeerAnswer, PeerHandlers, RequestName } from '../partition/peers.ts'
import type { Formation } from './formation.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import type { PeerRequestsDeps } from './peer-requests.ts'
import { peerRequestHandlers } from './peer-requests.ts'

export interface PeerHandlersDeps extends Omit<PeerRequestsDeps, 'receiveFormation'> {
  readonly groups: GroupRequests & { receive: PeerHandlers['raft']; link: PeerHandlers['link'] }
  readonly formation: Formation
  readonly directory: LeaderDirectory
}

/** Sends what comes from peers where it belongs. */
export function composePeerHandlers(deps: PeerHandlersDeps): PeerHandlers {
  const { groups, formation, directory } = deps
  const answer = peerRequestHandlers({ ...deps, receiveFormation: (from, json) => formation.receive(from, json) })
  return {
    raft(group, message, payloads) {
      // Only members of this very cluster vote and append here, whatever else has found its way to the port.
      if (formation.trusts(message.from)) groups.receive(group, message, payloads)
    },
    leaders: (from, leaders) => directory.announced(from, leaders),
    link(peer, up) {
      groups.link(peer, up)
      formation.link(peer, up)
      directory.link(peer, up)
    },
    admit: (identity) => formation.admit(identity),
    request<Name extends RequestName>(
      from: BrokerId,
      name: Name,
      fields: Message<Name>,
      body: Uint8Array,
    ): Promise<PeerAnswer<Name>> {
      return answer[name](from, fields, body)
    },
  }
}
