import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { Groups } from '../../../partition/group.ts'
import type { FeatureLevels } from '../feature-levels.ts'
import { machineTopics, notSupportedBy, refusalBelow } from '../feature-levels.ts'
import type { FormationRecord } from '../formation-record.ts'
import { removedHint, wipedHint } from '../member-changes.ts'
import type { Intent } from '../metadata-leader.ts'
import type { CommandResult, MetadataState } from '../metadata-state.ts'
import { levelOf } from '../topic-settings.ts'
import type { IntentChecksDeps } from './intent-checks.ts'
import { refuseByChecks } from './intent-checks.ts'

export interface IntentRulesDeps extends IntentChecksDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly formation: () => FormationRecord | null
  readonly levels: FeatureLevels
}

/** Partitions that a refusal names. */
const MOST_NAMED = 5

type Refusal = CommandResult & { readonly ok: false }

/**
 * Refusals of the metadata leader that follow from facts beside the metadata: the founders of the cluster, and the
 * voters of the metadata group. Neither is in the state that commands are applied to, which must be the same on all
 * brokers.
 */
export function refusalOf(deps: IntentRulesDeps, intent: Intent): Refusal | null {
  const { levels, state } = deps
  const ofName = intent.type === 'create-topic' ? machineTopics.get(intent.name) : undefined
  const ofType = ofName ?? levels.commands[intent.type] ?? levels.lowest
  const needed = Math.max(ofType, settingsLevel(intent))
  if (needed > state.head.featureLevel) return tooLow(deps, intent, needed)
  const wrong = refuseByChecks(deps, intent)
  if (wrong !== null) return wrong
  switch (intent.type) {
    case 'join-broker':
      return refuseJoining(deps, intent.joining)
    case 'remove-broker':
      return refuseRemoval(deps, intent.removed)
    case 'set-feature-level':
      return refuseLevel(deps, intent.level)
    case 'assign-replicas':
      return refuseStrangers(deps, intent.replicas)
    case 'set-draining':
      return intent.draining ? refuseStrangers(deps, [intent.drained]) : null
    default:
      return null
  }
}

/** A broker of an earlier version leaves a setting alone that it does not know, and would have another state. */
function settingsLevel(intent: Intent): number {
  if (intent.type === 'create-topic') return levelOf(intent.config)
  return intent.type === 'set-topic-config' ? levelOf(intent.changes) : 1
}

function tooLow({ state, brokers }: IntentRulesDeps, { type }: Intent, needed: number): Refusal {
  const what = `"${type}" needs level ${needed}; the cluster is at ${state.head.featureLevel}`
  const code = refusalBelow(needed, state.head)
  if (code !== 'NOT_READY') return refused(code, `${what}.`)
  const missing = brokers().filter((id) => !state.brokers.has(id))
  const until = missing.length === 0 ? 'is being raised' : `is raised when all brokers have been up: not ${missing}`
  return refused(code, `${what}, and ${until}.`)
}

function refuseJoining(
  { formation, state }: IntentRulesDeps,
  joining: { id: BrokerId; directoryId: string },
): Refusal | null {
  const { id, directoryId } = joining
  if (state.removed.has(id)) return refused('BROKER_IDENTITY_MISMATCH', removedHint(id))
  const founder = formation()?.voters.find((voter) => voter.id === id)
  return founder === undefined || founder.directoryId === directoryId
    ? null
    : refused('BROKER_IDENTITY_MISMATCH', wipedHint(id))
}

function refuseRemoval({ groups, brokers, state }: IntentRulesDeps, id: BrokerId): Refusal | null {
  if (state.removed.has(id)) return null
  if (!brokers().includes(id)) return refused('UNKNOWN_BROKER', `Broker ${id}.`)
  const { voters = [], outgoing = [] } = groups.get(METADATA_GROUP)?.configuration ?? {}
  const votes = voters.includes(id) || outgoing.includes(id)
  const holds = holdingsOf(state, id)
  if (!votes && holds === null) return null
  const left = [holds, votes ? 'votes in the metadata group' : null].filter((part) => part !== null)
  return refused('BROKER_IN_USE', `It ${left.join(' and ')}.`)
}

/** For people: the replicas that a broker holds or is to hold; null: none. */
function holdingsOf({ topics }: MetadataState, id: BrokerId): string | null {
  const held: string[] = []
  for (const { name, partitions } of topics.values()) {
    partitions.forEach(({ replicas, change }, partition) => {
      if (replicas.includes(id) || change?.replicas.includes(id)) held.push(`${name}/${partition}`)
    })
  }
  if (held.length === 0) return null
  const named = held.sort().slice(0, MOST_NAMED).join(', ')
  const more = held.length > MOST_NAMED ? ` and ${held.length - MOST_NAMED} more` : ''
  return `holds ${held.length === 1 ? 'a replica' : `${held.length} replicas`}, of ${named}${more}`
}

/** Founders that have never registered are not in the state. */
function refuseLevel({ brokers, state }: IntentRulesDeps, level: number): Refusal | null {
  const behind = notSupportedBy(
    level,
    brokers().map((broker) => ({ broker, range: state.brokers.get(broker)?.levels })),
  )
  return behind === null ? null : refused('FEATURE_LEVEL_UNSUPPORTED', behind)
}

function refuseStrangers({ brokers }: IntentRulesDeps, ids: readonly BrokerId[]): Refusal | null {
  const known = brokers()
  const stranger = ids.find((id) => !known.includes(id))
  return stranger === undefined ? null : refused('UNKNOWN_BROKER', `Broker ${stranger}.`)
}

function refused(code: Refusal['code'], detail: string): Refusal {
  return { ok: false, code, detail }
}
