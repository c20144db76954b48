import type { GroupId } from '@tailrace/schemas'
import type { ForcedCluster, JoinBroker, MemberCommand, RemoveBroker } from './commands/member-commands.ts'
import { FIRST_LEVEL } from './feature-levels.ts'
import type { Change, MetadataTables } from './metadata-model.ts'
import { refused } from './metadata-model.ts'

/**
 * A forced metadata group may have lost commands, and the numbers that those gave out. Numbers that it gives from now
 * on are beyond any that can have been lost: a number that names one group here and another on a broker's disk would
 * mix up two partitions.
 */
const GROUPS_SKIPPED = 1_000_000
const PRODUCERS_SKIPPED = 1_000_000_000

/** Applies a command about the cluster's members; as pure as MetadataState. */
export function performMemberCommand(state: MetadataTables, command: MemberCommand): Change {
  switch (command.type) {
    case 'join-broker':
      return join(state, command)
    case 'remove-broker':
      return remove(state, command)
    case 'forced-cluster':
      return forced(state, command)
  }
}

function join(state: MetadataTables, { joining, at, broker }: JoinBroker): Change {
  const { id, directoryId, peer } = joining
  if (state.removed.has(id)) return refused('BROKER_IDENTITY_MISMATCH', removedHint(id))
  const known = state.joined.get(id)
  if (known?.directoryId === directoryId) return { result: { ok: true, index: known.admission } }
  if (known !== undefined || state.brokers.has(id)) return refused('BROKER_IDENTITY_MISMATCH', wipedHint(id))
  const admission = state.head.appliedIndex
  const joined = { id, directoryId, peer, admission }
  state.joined.set(id, joined)
  const audit = { at, broker, by: '', action: 'join-broker', target: `broker ${id}`, detail: `at ${peer}` }
  return { result: { ok: true, index: admission }, joined, audit }
}

function remove(state: MetadataTables, { removed, at, broker, by }: RemoveBroker): Change {
  if (state.removed.has(removed)) return { result: { ok: true } }
  const inUse = replicasOf(state, removed)
  if (inUse !== null) return refused('BROKER_IN_USE', `It holds ${inUse}.`)
  const directoryId = (state.brokers.get(removed) ?? state.joined.get(removed))?.directoryId ?? ''
  state.removed.set(removed, { directoryId })
  state.brokers.delete(removed)
  state.joined.delete(removed)
  const draining = state.upkeep.draining.filter((id) => id !== removed)
  const drained = draining.length < state.upkeep.draining.length
  if (drained) state.upkeep = { ...state.upkeep, draining }
  const audit = { at, broker, by, action: 'remove-broker', target: `broker ${removed}`, detail: '' }
  return { result: { ok: true, index: state.head.appliedIndex }, removed, audit, ...(drained && { upkeep: true }) }
}

function forced(state: MetadataTables, { members, at, broker, by }: ForcedCluster): Change {
  state.head.nextGroup += GROUPS_SKIPPED
  state.head.nextProducer += PRODUCERS_SKIPPED
  const owners = state.head.featureLevel > FIRST_LEVEL.highest ? state.producers.skip() : []
  const detail = `members ${members.join(',')}`
  return {
    result: { ok: true },
    owners,
    audit: { at, broker, by, action: 'force-members', target: 'metadata', detail },
  }
}

/**
 * The oldest partition that a broker holds or is to hold, for people. Not the first of the map: a state that comes from
 * a snapshot has another order.
 */
function replicasOf(state: MetadataTables, broker: number): string | null {
  let oldest: { readonly group: GroupId; readonly name: string } | null = null
  for (const [group, { topic, partition }] of state.places) {
    const { replicas, change } = topic.partitions[partition]!
    if (!replicas.includes(broker) && !change?.replicas.includes(broker)) continue
    if (oldest === null || group < oldest.group) oldest = { group, name: `${topic.name}/${partition}` }
  }
  return oldest === null ? null : `a replica of ${oldest.name}`
}

/** Advice for the operator of a broker that is refused because its disk was wiped. */
export function wipedHint(id: number): string {
  return (
    `Broker ${id} is known with another data directory. If that one is lost, start this broker with a new --id: it joins as a new broker. ` +
    `Then move the replicas of ${id} with "tailrace partition change" and take it out with "tailrace cluster remove-broker ${id}".`
  )
}

export function removedHint(id: number): string {
  return `Broker ${id} was removed from the cluster. Start it with a new --id and an empty data folder.`
}
