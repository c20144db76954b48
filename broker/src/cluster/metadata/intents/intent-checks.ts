import type { BrokerId } from '@tailrace/schemas'
import { errorTable, TailraceError } from '@tailrace/schemas'
import { areShort } from '../commands/command-checks.ts'
import type { Intent } from '../metadata-leader.ts'
import type { CommandResult, MetadataState } from '../metadata-state.ts'
import type { TopicLimits } from './topic-rules.ts'
import { checkChanges, checkCreateTopic, checkMorePartitions } from './topic-rules.ts'

export interface IntentChecksDeps {
  readonly state: MetadataState
  readonly limits: TopicLimits
  /** All brokers of the cluster. */
  readonly brokers: () => readonly BrokerId[]
  /** Those that have registered, can be reached now, and are not to be emptied. */
  readonly living: () => readonly BrokerId[]
}

/**
 * Checks of the metadata leader on every intent of any broker: an intent that HTTP refuses must not come in from
 * another broker either. Whether an intent has the fields of a command at all is checked when the command is encoded.
 */
export function refuseByChecks(deps: IntentChecksDeps, intent: Intent): (CommandResult & { ok: false }) | null {
  try {
    check(deps, intent)
    return null
  } catch (error) {
    if (!(error instanceof TailraceError)) throw error
    const { code, message } = error
    return { ok: false, code, detail: message.slice(errorTable[code].message.length).trim() }
  }
}

function check(deps: IntentChecksDeps, intent: Intent): void {
  const { limits, brokers } = deps
  if (!textsAreShort(intent)) throw new TailraceError('INVALID_REQUEST', `A text of ${intent.type} is too long.`)
  switch (intent.type) {
    case 'create-topic':
      if (typeof intent.topicId !== 'string' || intent.topicId === '')
        throw new TailraceError('INVALID_REQUEST', 'A new topic has an id.')
      checkCreateTopic(intent, brokers().length, limits)
      checkLiving(intent.replicas, deps)
      checkRoom(intent, deps)
      return
    case 'delete-topic':
      checkMeant(intent.topicId)
      return
    case 'set-topic-config':
      checkMeant(intent.topicId)
      checkChanges(intent.changes, limits)
      return
    case 'add-partitions':
      checkPartitions(intent, deps)
      return
    case 'assign-replicas':
      checkReplicas(intent.topicId, intent.partition, intent.replicas, deps)
      return
    case 'set-priority':
      if (brokers().includes(intent.broker)) return
      throw new TailraceError('UNKNOWN_BROKER', `Broker ${intent.broker}.`)
  }
}

/** An older broker does not name the id of the topic. */
function checkMeant(topicId: unknown): void {
  if (topicId === undefined || typeof topicId === 'string') return
  throw new TailraceError('INVALID_REQUEST', 'The id of a topic is text.')
}

/** A topic that has been deleted is refused where the intent is carried out. */
function checkPartitions(
  { topicId, partitions }: { readonly topicId: string; readonly partitions: number },
  deps: IntentChecksDeps,
): void {
  const topic = deps.state.topicsById.get(topicId)
  checkMorePartitions(partitions, topic?.partitions.length ?? 0, deps.limits)
  if (topic === undefined || partitions === topic.partitions.length) return
  const replicas = topic.partitions[0]!.replicas.length
  checkLiving(replicas, deps)
  checkRoom({ partitions: partitions - topic.partitions.length, replicas }, deps)
}

/** A broker that is away gets no new replicas: no broker knows whether it comes back. */
function checkLiving(replicas: number, { living, brokers }: IntentChecksDeps): void {
  const up = living().length
  if (replicas <= up) return
  throw new TailraceError(
    'NOT_READY',
    `${replicas} replicas are asked for, and ${up} of ${brokers().length} brokers are up and get new ones.`,
  )
}

/** Each broker takes at most one replica of a partition. */
function checkRoom({ partitions, replicas }: { partitions: number; replicas: number }, deps: IntentChecksDeps): void {
  const { state, living, limits } = deps
  const counts = replicaCounts(state)
  const roomOf = (id: BrokerId): number => Math.max(0, limits.maxReplicasPerBroker - (counts.get(id) ?? 0))
  const room = living().reduce((sum, id) => sum + Math.min(partitions, roomOf(id)), 0)
  const wanted = partitions * replicas
  if (wanted <= room) return
  throw new TailraceError(
    'TOO_MANY_PARTITIONS',
    `${wanted} more replicas are asked for; the brokers that are up have room for ${room} of them.`,
  )
}

function checkReplicas(
  topicId: string,
  partition: number,
  replicas: readonly BrokerId[],
  deps: IntentChecksDeps,
): void {
  const { state, limits } = deps
  const present = state.topicsById.get(topicId)?.partitions[partition]?.replicas ?? []
  const counts = replicaCounts(state)
  for (const id of replicas) {
    if (present.includes(id)) continue
    if (!state.brokers.has(id)) throw new TailraceError('UNKNOWN_BROKER', `Broker ${id} has never been up.`)
    if ((counts.get(id) ?? 0) < limits.maxReplicasPerBroker) continue
    throw new TailraceError('TOO_MANY_PARTITIONS', `Broker ${id} holds ${counts.get(id)} replicas.`)
  }
}

/** Replicas that each broker holds, or is to hold. */
function replicaCounts(state: MetadataState): Map<BrokerId, number> {
  const counts = new Map<BrokerId, number>()
  for (const { partitions } of state.topics.values()) {
    for (const { replicas, change } of partitions) {
      for (const id of new Set([...replicas, ...(change?.replicas ?? [])])) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}

export function textsAreShort(value: unknown): boolean {
  if (typeof value === 'string') return areShort(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, part]) => areShort(key) && textsAreShort(part))
}
