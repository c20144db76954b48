import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupRequests, PeerAnswer, PeerHandlers, RequestName } from '../partition/peers.ts'
import type { Admission } from './admission.ts'
import type { Formation } from './formation.ts'
import type { Joining } from './joining.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import { removedHint } from './member-changes.ts'
import type { MetadataState } from './metadata-state.ts'
import type { PeerRequestsDeps } from './peer-requests.ts'
import { peerRequestHandlers } from './peer-requests.ts'

export interface PeerHandlersDeps extends Omit<PeerRequestsDeps, 'receiveFormation' | 'receiveApplication'> {
  readonly groups: GroupRequests & {
    receive: PeerHandlers['raft']
    link: PeerHandlers['link']
    told: PeerHandlers['told']
  }
  readonly formation: Formation
  readonly joining: Joining
  readonly admission: Admission
  readonly directory: LeaderDirectory
  readonly state: MetadataState
}

/** Sends what comes from peers where it belongs. */
export function composePeerHandlers(deps: PeerHandlersDeps): PeerHandlers {
  const { groups, formation, directory, joining, admission, state } = deps
  const answer = peerRequestHandlers({
    ...deps,
    receiveFormation: (from, json) => formation.receive(from, json),
    receiveApplication: (from) => admission.receive(from),
  })
  // A replica that was left behind when members were forced (M83) is not heard: its term may be higher, and its log is not the group's.
  const outcast = (group: GroupId, peer: BrokerId): boolean =>
    state.fenced.has(group) && state.partitionOf(group)!.outcasts!.includes(peer)
  return {
    raft(group, message, payloads) {
      // Only members of this very cluster vote and append here, whatever else has found its way to the port.
      if (formation.trusts(message.from) && !outcast(group, message.from)) groups.receive(group, message, payloads)
    },
    leaders(from, leaders) {
      if (state.removed.has(from)) return
      const heard = state.fenced.size === 0 ? leaders : leaders.filter(({ group }) => !outcast(group, from))
      directory.announced(from, heard)
    },
    told(from, name, fields) {
      if (formation.trusts(from)) groups.told(from, name, fields)
    },
    link(peer, up) {
      groups.link(peer, up)
      formation.link(peer, up)
      joining.link(peer, up)
      directory.link(peer, up)
    },
    admit: (identity) => formation.admit(identity),
    request<Name extends RequestName>(
      from: BrokerId,
      name: Name,
      fields: Message<Name>,
      body: Uint8Array,
    ): Promise<PeerAnswer<Name>> {
      if (state.removed.has(from)) return Promise.reject(new TailraceError('CLUSTER_MISMATCH', removedHint(from)))
      return answer[name](from, fields, body)
    },
  }
}
