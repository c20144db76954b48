import type { BrokerId, ProducerId, TailraceError } from '@tailrace/schemas'
import type { GroupSpec, SpecChanges, StateMachine } from '../../partition/group.ts'
import { machineTopics } from '../metadata/feature-levels.ts'
import type { MetadataState, Topic, TopicPlace } from '../metadata/metadata-state.ts'
import type { Place, TopicPartition } from '../metadata/partition-replicas.ts'

/** As Kafka's message.timestamp.after.max.ms. */
const TIMESTAMP_AFTER_MAX_MS = 3_600_000

interface Circumstances {
  /** The topic was created just now, after this broker knew all decisions from before its start. */
  readonly created: boolean
  readonly limits: BatchLimits
  readonly present: () => readonly BrokerId[]
  readonly isGiven: (id: ProducerId) => boolean
  readonly fenceRefusal: () => TailraceError | null
  /** Of consumer groups, or of durable streams; null: the log is one of records. */
  readonly stateMachine: StateMachine | null
}

/** The largest batch of a topic without a setting, and of any topic. */
export interface BatchLimits {
  readonly maxBatchBytes: number
  readonly largestMaxBatchBytes: number
}

/** Whether the partitions of a topic are the logs of state machines: before its level the name may be any topic's. */
export function hasStateMachine({ head }: Pick<MetadataState, 'head'>, { name }: Pick<Topic, 'name'>): boolean {
  return head.featureLevel >= (machineTopics.get(name) ?? Number.POSITIVE_INFINITY)
}

/** How this broker opens its replica of a partition. One that was admitted later knows no members before it is told. */
export function specOf(
  { topic, partition: number }: TopicPlace,
  self: BrokerId,
  { admission }: Place,
  { created, limits, present, isGiven, fenceRefusal, stateMachine }: Circumstances,
): GroupSpec {
  const partition = topic.partitions[number]!
  return {
    group: partition.group,
    place: { topic: topic.name, partition: number },
    voters: admission === 0 ? partition.founders : [],
    admission,
    isNew: created,
    present,
    isGiven,
    fenceRefusal,
    preferred: created && partition.replicas[0] === self,
    stateMachine,
    ...(stateMachine === null
      ? settingsOf(topic, partition, self, limits)
      : settingsOfMachine(partition, self, limits)),
  }
}

/** The part of it that can be changed while the replica runs. */
export function settingsOf(
  { config }: Topic,
  { priorities }: TopicPartition,
  self: BrokerId,
  { maxBatchBytes }: BatchLimits,
): Required<SpecChanges> {
  return {
    maxBatchBytes: config.maxBatchBytes ?? maxBatchBytes,
    retention: { bytes: config.retentionBytes ?? null, ms: config.retentionMs ?? null },
    readOnly: config.readOnly ?? false,
    timestamps: {
      beforeMaxMs: config.timestampBeforeMaxMs ?? Number.POSITIVE_INFINITY,
      afterMaxMs: config.timestampAfterMaxMs ?? TIMESTAMP_AFTER_MAX_MS,
    },
    segments: { bytes: config.segmentBytes ?? null, ms: config.segmentMs ?? null },
    electionFactor: priorities?.[self] ?? 1,
  }
}

/** As `settingsOf`: the settings that an operator may give a topic are about records, and not for these logs. */
export function settingsOfMachine(
  { priorities }: TopicPartition,
  self: BrokerId,
  { largestMaxBatchBytes }: BatchLimits,
): Required<SpecChanges> {
  return {
    maxBatchBytes: largestMaxBatchBytes,
    retention: { bytes: null, ms: null },
    readOnly: false,
    timestamps: { beforeMaxMs: Number.POSITIVE_INFINITY, afterMaxMs: Number.POSITIVE_INFINITY },
    segments: { bytes: null, ms: null },
    electionFactor: priorities?.[self] ?? 1,
  }
}
