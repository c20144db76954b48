import type { BrokerId, GroupId, PartitionNumber } from '@tailrace/schemas'
import type { TopicConfig } from '../../api/broker-api.ts'
import type {
  AddPartitions,
  AssignReplicas,
  ForceReplicas,
  ReplicasChanged,
  SetTopicConfig,
  TopicCommand,
} from './commands/topic-commands.ts'
import type { Change, CommandResult, MetadataTables, TopicPlace } from './metadata-model.ts'
import { refused } from './metadata-model.ts'
import type { TopicPartition } from './partition-replicas.ts'
import { withChange, withForced, withOutcome, withoutOutcast, withPriority } from './partition-replicas.ts'
import { topicSettings } from './topic-settings.ts'

const DONE: { readonly result: CommandResult } = { result: { ok: true } }

/**
 * Applies a command about topics that exist; as pure as MetadataState. The head's applied index is the command's own.
 */
export function performTopicCommand(state: MetadataTables, command: TopicCommand): Change {
  switch (command.type) {
    case 'assign-replicas':
      return inPlace(state, command, (place, partition) => assign(state, place, partition, command))
    case 'cancel-change':
      return inPlace(state, command, (place, partition) => cancel(state, place, partition))
    case 'replicas-changed':
      return ofGroup(state, command.group, (place, partition) => conclude(state, place, partition, command))
    case 'force-replicas':
      return inPlace(state, command, (place, partition) => force(state, place, partition, command))
    case 'replica-dropped':
      return ofGroup(state, command.group, (place, partition) => {
        if (!partition.outcasts?.includes(command.broker)) return DONE
        return replace(state, place, withoutOutcast(partition, command.broker))
      })
    case 'set-topic-config':
      return configure(state, command)
    case 'set-priority':
      return prioritise(state, command.group, command.broker, command.factor)
    case 'add-partitions':
      return addPartitions(state, command)
    case 'records-deleted':
      return ofGroup(state, command.group, (place, partition) => {
        const { before } = command
        return before > (partition.deletedBefore ?? 0)
          ? replace(state, place, { ...partition, deletedBefore: before })
          : DONE
      })
  }
}

type Perform = (place: TopicPlace, partition: TopicPartition) => Change

function inPlace(
  state: MetadataTables,
  { topicId, partition }: { readonly topicId: string; readonly partition: PartitionNumber },
  perform: Perform,
): Change {
  const topic = state.topicsById.get(topicId)
  if (topic === undefined) return refused('UNKNOWN_TOPIC', '')
  const found = topic.partitions[partition]
  if (found === undefined) return refused('UNKNOWN_PARTITION', `"${topic.name}" has no number ${partition}.`)
  return perform({ topic, partition }, found)
}

function ofGroup(state: MetadataTables, group: GroupId, perform: Perform): Change {
  const place = state.places.get(group)
  return place === undefined ? DONE : perform(place, place.topic.partitions[place.partition]!)
}

function assign(state: MetadataTables, place: TopicPlace, partition: TopicPartition, command: AssignReplicas): Change {
  const { replicas } = command
  if (partition.change !== undefined) {
    return refused('MEMBERS_CHANGING', `It is changing to ${partition.change.replicas.join(',')}.`)
  }
  const gone = replicas.find((id) => state.removed.has(id))
  if (gone !== undefined) return refused('UNKNOWN_BROKER', `Broker ${gone} was removed from the cluster.`)
  const outcast = replicas.find((id) => partition.outcasts?.includes(id))
  if (outcast !== undefined) {
    return refused('INVALID_MEMBERS', `Broker ${outcast} has to come back and drop its outdated replica first.`)
  }
  return replace(state, place, withChange(partition, state.head.appliedIndex, replicas))
}

function cancel(state: MetadataTables, place: TopicPlace, partition: TopicPartition): Change {
  const { change } = partition
  if (change === undefined) return refused('CHANGE_FAILED', 'There is no change to cancel.')
  if (change.kind === 'force') return refused('CHANGE_FAILED', 'Members that are forced stay forced.')
  if (change.kind === 'cancel') return DONE
  return replace(state, place, { ...partition, change: { ...change, kind: 'cancel' } })
}

function conclude(
  state: MetadataTables,
  place: TopicPlace,
  partition: TopicPartition,
  command: ReplicasChanged,
): Change {
  // Reported twice, perhaps by two controllers: the first counts.
  if (partition.change?.index !== command.change) return DONE
  return replace(state, place, withOutcome(partition, command.outcome, command.reason))
}

function force(state: MetadataTables, place: TopicPlace, partition: TopicPartition, command: ForceReplicas): Change {
  const { members, leader, at, broker, by } = command
  const stranger = members.find((id) => !partition.replicas.includes(id) && !partition.change?.replicas.includes(id))
  if (stranger !== undefined) return refused('INVALID_MEMBERS', `Broker ${stranger} has no replica.`)
  if (members.some((id) => partition.outcasts?.includes(id))) {
    return refused('INVALID_MEMBERS', 'A broker with an outdated replica cannot be a member.')
  }
  const index = state.head.appliedIndex
  const replaced = withForced(partition, index, command)
  const target = `${place.topic.name}/${place.partition}`
  const detail = `members ${members.join(',')}, led by ${leader}; was ${partition.replicas.join(',')}`
  const audit = { at, broker, by, action: 'force-members', target, detail }
  return { ...replace(state, place, replaced), audit }
}

function configure(state: MetadataTables, { name, changes }: SetTopicConfig): Change {
  const topic = state.topics.get(name)
  if (topic === undefined) return refused('UNKNOWN_TOPIC', `"${name}"`)
  const config: Record<string, unknown> = { ...topic.config }
  // A command that names a setting that this version does not know leaves that one alone.
  for (const { name: setting } of topicSettings) {
    const value = changes[setting]
    if (value === null) delete config[setting]
    else if (value !== undefined) config[setting] = value
  }
  topic.config = config as TopicConfig
  return { result: { ok: true, index: state.head.appliedIndex }, altered: topic }
}

function addPartitions(state: MetadataTables, { topicId, first, partitions }: AddPartitions): Change {
  const topic = state.topicsById.get(topicId)
  if (topic === undefined) return refused('UNKNOWN_TOPIC', '')
  const present = topic.partitions.length
  if (present !== first) return refused('INVALID_PARTITIONS', `"${topic.name}" has ${present} by now, not ${first}.`)
  const gone = partitions.flatMap(({ replicas }) => replicas).find((id) => state.removed.has(id))
  if (gone !== undefined) return refused('UNKNOWN_BROKER', `Broker ${gone} was removed from the cluster.`)
  partitions.forEach(({ replicas }, at) => {
    const place = { topic, partition: first + at }
    const added = { group: state.head.nextGroup++, founders: replicas, replicas }
    state.places.set(added.group, place)
    state.replacePartition(place, added)
  })
  return { result: { ok: true, index: state.head.appliedIndex }, extended: { topic, first } }
}

function prioritise(state: MetadataTables, group: GroupId, broker: BrokerId, factor: number): Change {
  if (group !== 0) {
    return ofGroup(state, group, (place, partition) => replace(state, place, withPriority(partition, broker, factor)))
  }
  const priorities: Record<number, number> = { ...state.metadataPriorities, [broker]: factor }
  if (factor === 1) delete priorities[broker]
  state.metadataPriorities = priorities
  return { result: { ok: true, index: state.head.appliedIndex }, metadataPriority: true }
}

function replace(state: MetadataTables, place: TopicPlace, replaced: TopicPartition): Change {
  state.replacePartition(place, replaced)
  return { result: { ok: true, index: state.head.appliedIndex }, changed: place }
}
