import type { IntentFields, IntentName, IntentShapes, SettingFields } from '@tailrace/schemas'
import type { TopicChanges } from '../../../api/admin-api.ts'
import type { TopicConfig } from '../../../api/broker-api.ts'
import { isCommand } from '../commands/command.ts'
import { isBrokerSet, isPositive } from '../commands/command-checks.ts'
import type { Intent } from '../metadata-leader.ts'
import { securityFields, securityReaders } from './security-fields.ts'

const NAMESPACE = 'tailrace.metadata.'

/** An intent as it is sent to the metadata leader. */
export function intentFields(intent: Intent): IntentFields {
  switch (intent.type) {
    case 'register-broker':
      return { 'tailrace.metadata.RegisterBroker': { broker: { ...intent.broker } } }
    case 'create-topic': {
      const { type: _, config, ...fields } = intent
      return { 'tailrace.metadata.CreateTopic': { ...fields, config: settingFields(config) } }
    }
    case 'delete-topic':
      return { 'tailrace.metadata.DeleteTopic': withoutType(intent) }
    case 'set-topic-config': {
      const { type: _, changes, ...fields } = intent
      return { 'tailrace.metadata.SetTopicConfig': { ...fields, changes: settingFields(changes) } }
    }
    case 'allocate-producer-ids':
      return { 'tailrace.metadata.AllocateProducerIds': withoutType(intent) }
    case 'allocate-owned-ids':
      return { 'tailrace.metadata.AllocateOwnedIds': withoutType(intent) }
    case 'assign-replicas':
      return {
        'tailrace.metadata.AssignReplicas': {
          ...withoutType(intent),
          replicas: [...intent.replicas],
          from: [...(intent.from ?? [])],
        },
      }
    case 'cancel-change':
      return { 'tailrace.metadata.CancelChange': withoutType(intent) }
    case 'replicas-changed':
      return { 'tailrace.metadata.ReplicasChanged': withoutType(intent) }
    case 'force-replicas': {
      const { type: _, members, lost, ...fields } = intent
      return { 'tailrace.metadata.ForceReplicas': { ...fields, members: [...members], lost: [...lost] } }
    }
    case 'replica-dropped':
      return { 'tailrace.metadata.ReplicaDropped': withoutType(intent) }
    case 'set-priority':
      return { 'tailrace.metadata.SetPriority': withoutType(intent) }
    case 'add-partitions':
      return { 'tailrace.metadata.AddPartitions': withoutType(intent) }
    case 'records-deleted':
      return { 'tailrace.metadata.RecordsDeleted': withoutType(intent) }
    case 'join-broker':
      return { 'tailrace.metadata.JoinBroker': { ...withoutType(intent), joining: { ...intent.joining } } }
    case 'remove-broker':
      return { 'tailrace.metadata.RemoveBroker': withoutType(intent) }
    case 'forced-cluster':
      return { 'tailrace.metadata.ForcedCluster': { ...withoutType(intent), members: [...intent.members] } }
    case 'set-feature-level':
      return { 'tailrace.metadata.SetFeatureLevel': withoutType(intent) }
    case 'set-draining':
      return { 'tailrace.metadata.SetDraining': withoutType(intent) }
    case 'set-balancing':
      return { 'tailrace.metadata.SetBalancing': withoutType(intent) }
    default:
      return securityFields(intent)
  }
}

/** Only Avro's types are checked here: `isIntent` checks the rest. */
const readers: { readonly [Name in IntentName]: (fields: IntentShapes[Name]) => Intent } = {
  RegisterBroker: ({ broker: { levels, rack = '', ...broker } }) => ({
    type: 'register-broker',
    broker: { ...broker, ...(levels != null && { levels: { ...levels } }), ...(rack !== '' && { rack }) },
  }),
  CreateTopic: ({ config, ...fields }) => ({ type: 'create-topic', ...fields, config: settingsOf(config) }),
  DeleteTopic: (fields) => ({ type: 'delete-topic', ...fields }),
  SetTopicConfig: ({ changes, ...fields }) => ({ type: 'set-topic-config', ...fields, changes: settingsOf(changes) }),
  AllocateProducerIds: (fields) => ({ type: 'allocate-producer-ids', ...fields }),
  AllocateOwnedIds: (fields) => ({ type: 'allocate-owned-ids', ...fields }),
  AssignReplicas: ({ from = [], ...fields }) => ({
    type: 'assign-replicas',
    ...fields,
    ...(from.length > 0 && { from }),
  }),
  CancelChange: (fields) => ({ type: 'cancel-change', ...fields }),
  ReplicasChanged: (fields) => ({ type: 'replicas-changed', ...fields, outcome: fields.outcome as 'done' | 'failed' }),
  ForceReplicas: ({ term, ...fields }) => ({
    type: 'force-replicas',
    ...fields,
    ...(term == null ? {} : { term }),
  }),
  ReplicaDropped: (fields) => ({ type: 'replica-dropped', ...fields }),
  SetPriority: (fields) => ({ type: 'set-priority', ...fields }),
  RecordsDeleted: (fields) => ({ type: 'records-deleted', ...fields }),
  AddPartitions: (fields) => ({ type: 'add-partitions', ...fields }),
  JoinBroker: ({ joining, ...fields }) => ({ type: 'join-broker', ...fields, joining: { ...joining } }),
  RemoveBroker: (fields) => ({ type: 'remove-broker', ...fields }),
  ForcedCluster: (fields) => ({ type: 'forced-cluster', ...fields }),
  SetFeatureLevel: (fields) => ({ type: 'set-feature-level', ...fields }),
  SetDraining: (fields) => ({ type: 'set-draining', ...fields }),
  SetBalancing: (fields) => ({ type: 'set-balancing', ...fields }),
  ...securityReaders,
}

/** Null for an intent that only a newer broker knows; `nameOfIntent` gives its name. */
export function intentOf(fields: IntentFields): Intent | null {
  const name = nameOfIntent(fields)
  if (!Object.hasOwn(readers, name)) return null
  const read = readers[name as IntentName] as (fields: unknown) => Intent
  return read(Object.values(fields)[0])
}

export function nameOfIntent(fields: IntentFields): string {
  return Object.keys(fields)[0]!.slice(NAMESPACE.length)
}

/**
 * Whether the fields of an intent are valid for its command; the rules for new topics and partitions are the metadata
 * leader's.
 */
export function isIntent(intent: Intent): boolean {
  if (intent.type === 'add-partitions') return intent.topicId !== '' && isPositive(intent.partitions)
  if (intent.type === 'assign-replicas' && !isBrokerSet(intent.from ?? [])) return false
  return intent.type === 'create-topic' || isCommand(intent)
}

/** Whether a list names no setting twice. */
export function areSettings(settings: readonly SettingFields[]): boolean {
  return new Set(settings.map(({ name }) => name)).size === settings.length
}

function withoutType<Some extends { readonly type: string }>({ type: _, ...fields }: Some): Omit<Some, 'type'> {
  return fields
}

function settingFields(settings: TopicChanges): SettingFields[] {
  const named = Object.entries(settings).filter(([, value]) => value !== undefined)
  return named.map(([name, value]) => ({ name, value: value as SettingFields['value'] }))
}

/** The metadata leader checks the names and values of settings. */
function settingsOf(settings: readonly SettingFields[]): TopicConfig {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value])) as TopicConfig
}
