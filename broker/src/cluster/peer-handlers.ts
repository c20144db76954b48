import type { BrokerId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupRequests, PeerAnswer, PeerHandlers, RequestName } from '../partition/peers.ts'
import type { Formation } from './formation/formation.ts'
import { FORMATION_OPERATION } from './formation/formation.ts'
import type { JoinRequests } from './formation/join-requests.ts'
import type { Joining } from './formation/joining.ts'
import { JOIN_OPERATION } from './formation/joining.ts'
import type { PeerPermissions } from './formation/peer-permissions.ts'
import type { Witness } from './formation/witness.ts'
import { removedHint } from './metadata/member-changes.ts'
import type { MetadataState } from './metadata/metadata-state.ts'
import type { PeerRequestsDeps } from './peer-requests.ts'
import { peerRequestHandlers } from './peer-requests.ts'
import type { LeaderDirectory } from './routing/leader-directory.ts'

export interface PeerHandlersDeps extends Omit<PeerRequestsDeps, 'receiveFormation' | 'receiveApplication'> {
  readonly groups: GroupRequests & {
    receive: PeerHandlers['raft']
    link: PeerHandlers['link']
    told: PeerHandlers['told']
    tooLarge: PeerHandlers['tooLarge']
  }
  readonly formation: Formation
  readonly joining: Joining
  readonly admission: JoinRequests
  readonly directory: LeaderDirectory
  readonly hearing: PeerPermissions
  readonly state: MetadataState
  readonly witness: Witness
}

/** Sends what comes from peers where it belongs, once it is clear that they may say it. */
export function composePeerHandlers(deps: PeerHandlersDeps): PeerHandlers {
  const { groups, formation, directory, joining, admission, hearing, state, witness } = deps
  const answer = peerRequestHandlers({
    ...deps,
    receiveFormation: (from, json) => formation.receive(from, json),
    receiveApplication: (from) => admission.receive(from),
  })
  return {
    hears(from, group) {
      if (!hearing.hears(from, group)) return false
      // What it remembers came before what it says now, and may have been kept until it was clear who it is.
      witness.heed(from)
      return true
    },
    raft: (group, message, payloads) => groups.receive(group, message, payloads),
    tooLarge(from, group, frameBytes) {
      if (hearing.hears(from, group)) groups.tooLarge(from, group, frameBytes)
    },
    leaders(from, leaders) {
      const heard = formation.isMember(from) ? leaders.filter(({ group }) => hearing.mayHold(from, group)) : []
      return leaders.length - heard.length + directory.announced(from, heard)
    },
    told(from, name, fields) {
      witness.told(from, name, fields)
      if (!formation.trusts(from)) return
      witness.heed(from)
      groups.told(from, name, fields)
    },
    link(peer, up) {
      // Before any Raft message can leave.
      witness.link(peer, up)
      groups.link(peer, up)
      formation.link(peer, up)
      if (formation.trusts(peer)) witness.heed(peer)
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
      const refusal = refusalOf(hearing, formation, from, name, fields)
      return refusal === null ? answer[name](from, fields, body) : Promise.reject(refusal)
    },
  }
}

/** How a broker becomes a member. Everything else is for members only. */
const openToAll: ReadonlySet<string> = new Set([FORMATION_OPERATION, JOIN_OPERATION])

function refusalOf(
  hearing: PeerPermissions,
  formation: Formation,
  from: BrokerId,
  name: RequestName,
  fields: Partial<Message<'Admin'> & Message<'CopyOpen'>>,
): TailraceError | null {
  if (name === 'Admin' && openToAll.has(fields.operation!)) return null
  // Retriable: this broker may be behind, or the other one not admitted yet.
  if (!formation.isMember(from)) {
    return new TailraceError('NOT_READY', `Broker ${from} is not known here as a broker of the cluster.`)
  }
  if (fields.group !== undefined && !hearing.mayHold(from, fields.group)) {
    return new TailraceError('NOT_READY', `Broker ${from} is not known here to have a replica of it.`)
  }
  return null
}
