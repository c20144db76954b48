import type { BrokerId, ProducerId } from '@tailrace/schemas'
import type { GroupSpec, SpecChanges } from '../../partition/group.ts'
import type { Topic, TopicPlace } from '../metadata/metadata-state.ts'
import type { Place, TopicPartition } from '../metadata/partition-replicas.ts'

/** As Kafka's message.timestamp.after.max.ms. */
const TIMESTAMP_AFTER_MAX_MS = 3_600_000

interface Circumstances {
  /** The topic was created just now, after this broker knew all decisions from before its start. */
  readonly created: boolean
  readonly maxBatchBytes: number
  readonly present: () => readonly BrokerId[]
  readonly isGiven: (id: ProducerId) => boolean
  readonly takesFences: () => boolean
}

/** How this broker opens its replica of a partition. One that was admitted later knows no members before it is told. */
export function specOf(
  { topic, partition: number }: TopicPlace,
  self: BrokerId,
  { admission }: Place,
  { created, maxBatchBytes, present, isGiven, takesFences }: Circumstances,
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
    takesFences,
    preferred: created && partition.replicas[0] === self,
    stateMachine: null,
    ...settingsOf(topic, partition, self, maxBatchBytes),
  }
}

/** The part of it that can be changed while the replica runs. */
export function settingsOf(
  { config }: Topic,
  { priorities }: TopicPartition,
  self: BrokerId,
  maxBatchBytes: number,
): Required<SpecChanges> {
  return {
    maxBatchBytes: config.maxBatchBytes ?? maxBatchBytes,
    retention: { bytes: config.retentionBytes ?? null, ms: config.retentionMs ?? null },
    readOnly: config.readOnly ?? false,
    timestamps: {
      beforeMaxMs: config.timestampBeforeMaxMs ?? Number.POSITIVE_INFINITY,
      afterMaxMs: config.timestampAfterMaxMs ?? TIMESTAMP_AFTER_MAX_MS,
    },
    electionFactor: priorities?.[self] ?? 1,
  }
}
