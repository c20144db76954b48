import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupRequests, PeerAnswer, PeerHandlers, RequestName } from '../partition/peers.ts'
import type { Formation } from './formation/formation.ts'
import type { JoinRequests } from './formation/join-requests.ts'
import type { Joining } from './formation/joining.ts'
import type { PeerPermissions } from './formation/peer-permissions.ts'
import type { Witness } from './formation/witness.ts'
import { removedHint } from './metadata/member-changes.ts'
import type { MetadataState } from './metadata/metadata-state.ts'
import { checkAsked } from './requests/asked-for.ts'
import { type Answerers, checkRequest } from './requests/request.ts'
import type { Askers, ClusterRequestName, RequestRow } from './requests/table.ts'
import { requestTable } from './requests/table.ts'
import type { LeaderDirectory } from './routing/leader-directory.ts'

export interface PeerHandlersDeps extends Omit<Answerers, 'receiveFormation' | 'receiveApplication'> {
  readonly groups: GroupRequests & {
    receive: PeerHandlers['raft']
    link: PeerHandlers['link']
    told: PeerHandlers['told']
    tooLarge: PeerHandlers['tooLarge']
  }
  readonly formation: Formation
  readonly joining: Joining
  readonly joinRequests: JoinRequests
  readonly directory: LeaderDirectory
  readonly permissions: PeerPermissions
  readonly state: MetadataState
  readonly witness: Witness
}

/** Passes messages of peers to the parts that handle them, after checking that the peer may send them. */
export function composePeerHandlers(deps: PeerHandlersDeps): PeerHandlers {
  const { groups, formation, directory, joining, joinRequests, permissions, witness } = deps
  const answer = requestAnswerer(deps, {
    ...deps,
    receiveFormation: (from, record) => formation.receive(from, record),
    receiveApplication: (from) => joinRequests.receive(from),
  })
  return {
    accepts(from, group) {
      if (!permissions.accepts(from, group)) return false
      // Its memory came before this message, and may have been kept until the peer was known to be a member.
      witness.accept(from)
      return true
    },
    raft: (group, message, payloads) => groups.receive(group, message, payloads),
    tooLarge(from, group, frameBytes) {
      if (permissions.accepts(from, group)) groups.tooLarge(from, group, frameBytes)
    },
    leaders(from, leaders) {
      const heard = formation.isMember(from) ? leaders.filter(({ group }) => permissions.mayHold(from, group)) : []
      return leaders.length - heard.length + directory.announced(from, heard)
    },
    told(from, name, fields) {
      witness.told(from, name, fields)
      if (!formation.trusts(from)) return
      witness.accept(from)
      groups.told(from, name, fields)
    },
    link(peer, up) {
      // Before any Raft message can leave.
      witness.link(peer, up)
      groups.link(peer, up)
      formation.link(peer, up)
      if (formation.trusts(peer)) witness.accept(peer)
      if (!up) deps.watched.end(peer)
      joining.link(peer, up)
      directory.link(peer, up)
    },
    admit: (identity) => formation.admit(identity),
    request: answer,
  }
}

/**
 * Answers requests of other brokers. It answers as the leader or with NOT_LEADER: a request that was forwarded once is
 * never forwarded again, so two brokers that each take the other for the leader cannot send it back and forth (M39).
 */
function requestAnswerer(deps: PeerHandlersDeps, answerers: Answerers): PeerHandlers['request'] {
  const rows: { readonly [Name in RequestName]?: Name extends ClusterRequestName ? RequestRow<Name> : never } =
    requestTable
  return <Name extends RequestName>(from: BrokerId, name: Name, fields: Message<Name>, body: Uint8Array) => {
    try {
      const row = rows[name] as RequestRow<Name> | undefined
      if (row === undefined) throw new TailraceError('UNSUPPORTED_MESSAGE', `${name} is not answered here.`)
      refuseStrangers(deps, from, row.askers, groupIn(fields))
      checkRequest(name, row.handler, fields)
      checkAsked(deps, row.handler.needs, fields)
      const speaker = row.speaker(fields)
      if (speaker !== null && speaker !== from) {
        throw new TailraceError('INVALID_REQUEST', `Broker ${from} cannot send this for broker ${speaker}.`)
      }
      return row.handler.answer(answerers, from, fields, body)
    } catch (error) {
      return Promise.reject<PeerAnswer<Name>>(error)
    }
  }
}

/** The Raft group that a request is about; consumer groups have names. */
function groupIn(fields: object): GroupId | undefined {
  const { group } = fields as { readonly group?: unknown }
  return typeof group === 'number' ? group : undefined
}

/** @throws TailraceError CLUSTER_MISMATCH, NOT_READY: the broker may not send this request, or not yet */
function refuseStrangers(
  { state, formation, permissions }: PeerHandlersDeps,
  from: BrokerId,
  askers: Askers,
  group: GroupId | undefined,
): void {
  if (state.removed.has(from)) throw new TailraceError('CLUSTER_MISMATCH', removedHint(from))
  if (askers === 'any') return
  // Retriable: this broker may be behind, or the other one not admitted yet.
  if (!formation.isMember(from)) {
    throw new TailraceError('NOT_READY', `Broker ${from} is not known here as a broker of the cluster.`)
  }
  if (askers === 'replicas' && group !== undefined && !permissions.mayHold(from, group)) {
    throw new TailraceError('NOT_READY', `Broker ${from} is not known here to have a replica of it.`)
  }
  if (askers === 'controllers' && !permissions.mayControl(from)) {
    throw new TailraceError('NOT_READY', `Broker ${from} is not known here as a voter of the metadata group.`)
  }
}
