import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import type { Group } from '../partition/group.ts'
import type { BrokerParts } from './broker-parts.ts'
import type { IdentityFile } from './formation/identity-file.ts'
import { standingsOf } from './members/conditions.ts'
import type { ClusterNodeDeps, DiallingPeers } from './node-deps.ts'

export interface Readiness {
  readonly ready: boolean
  readonly reason: string
}

/**
 * The state of this broker's metadata: `level`: it has caught up, as far as it can tell; `leaderless`: it may miss the
 * end of it.
 */
export function freshness({ registration, directory }: BrokerParts): 'level' | 'leaderless' | 'behind' {
  if (!registration.applied) return 'behind'
  return directory.lookup(METADATA_GROUP).leader === NO_BROKER ? 'leaderless' : 'level'
}

/** Whether clients may be sent here, and if not, the reason and the awaited event. */
export function readinessOf(deps: ClusterNodeDeps, parts: BrokerParts, file: IdentityFile): Readiness {
  const { directory, registration, reconciler, catchUp, state, machine } = parts
  const refusals = (): string => describeRefusals(deps.peers, [...deps.join, ...parts.addresses()])
  if (file.formation === null) return not(whyNoMember(deps, parts, refusals()))
  if (machine.unreadable !== null) return not(machine.unreadable.message)
  if (state.removed.has(deps.brokerId)) return not('The broker was removed from the cluster.')
  if (directory.lookup(METADATA_GROUP).leader === NO_BROKER) {
    return not(`The metadata group has no leader. ${refusals()}`.trimEnd())
  }
  if (!registration.applied) return not('The broker has not caught up with the metadata.')
  for (const { unfit } of deps.groups.all()) if (unfit) return not(`A replica cannot continue. ${unfit}`)
  if (reconciler.pending > 0) return not(`${reconciler.pending} replicas are not opened yet.`)
  const awaited = catchUp.awaits()
  // Without room for records nothing is caught up with, however long somebody waits.
  if (awaited !== null) return not([deps.diskShortage?.() ?? '', awaited].join(' ').trimStart())
  return { ready: true, reason: describeStandings(deps.groups.all()) }
}

export function not(reason: string): Readiness {
  return { ready: false, reason }
}

function whyNoMember({ join, peerAddress }: ClusterNodeDeps, parts: BrokerParts, refused: string): string {
  const { formation, joining } = parts
  if (refused !== '') return refused
  if (joining.refusal !== '') return `The broker is not admitted: ${joining.refusal}`
  if (!join.includes(peerAddress)) return `Waiting for a member of a cluster at ${join.join(', ')}.`
  return `The cluster is not formed; waiting for ${formation.missing.join(', ') || 'its members'}.`
}

/** For people: the brokers that refuse this one, with reason and remedy; empty when none does. */
function describeRefusals(peers: Pick<DiallingPeers, 'refusal'>, addresses: Iterable<string>): string {
  const refusing = new Map<string, string[]>()
  for (const address of new Set(addresses)) {
    const error = peers.refusal(address)
    if (error === undefined) continue
    const why = `${error.code}: ${error.message} ${error.hint}`
    refusing.set(why, [...(refusing.get(why) ?? []), address])
  }
  return [...refusing].map(([why, by]) => `Refused by ${by.join(', ')} with ${why}`).join(' ')
}

/**
 * Text for operators about replicas that take no part; empty: there are none. The broker is ready in any case: other
 * replicas serve these partitions, and clients that were sent away would miss the partitions that it serves.
 */
function describeStandings(groups: Iterable<Pick<Group, 'standing'>>): string {
  const { quarantined, stopped } = standingsOf(groups)
  if (quarantined + stopped === 0) return ''
  return `Replicas here in quarantine: ${quarantined}, stopped: ${stopped}. The log says why.`
}
