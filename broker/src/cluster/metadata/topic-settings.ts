import type { TopicConfig } from '../../api/broker-api.ts'

/** What the settings of a topic follow where it has none of its own: the settings of the broker that is asked. */
export type TopicDefaults = Readonly<Record<'maxBatchBytes' | 'segmentBytes', number>>

/** Upper bounds that depend on the broker. */
export interface SettingBounds {
  /** The largest `maxBatchBytes` that a topic may ask for: it must fit into a frame. */
  readonly maxBatchBytes: number
}

interface Numbers {
  readonly kind: 'bytes' | 'milliseconds' | 'count'
  readonly least: number
  /** A name: of the bound. */
  readonly most: number | keyof SettingBounds
}

export type TopicSetting = {
  readonly name: keyof TopicConfig
  /** The name that Kafka has for it, which is taken as well; null: Kafka has no such setting. */
  readonly kafka: string | null
  /** Where a topic has no value: this one, that of a setting of the broker, or null, which `about` explains. */
  readonly fallback: number | boolean | null | { readonly broker: keyof TopicDefaults }
  /** Kafka's -1 means that there is no bound, as without a value. */
  readonly endless?: true
  /** The feature level that it needs. */
  readonly level: number
  readonly about: string
} & (Numbers | { readonly kind: 'boolean' })

/** A setting of Kafka that has one value here. It is taken, so that tools that name it work, and not stored. */
export interface FixedSetting {
  readonly kafka: string
  readonly value: string
  /** Why there is no other value. */
  readonly about: string
}

const KiB = 1024
const MiB = 1024 * KiB
/** A hundred years. */
const LONGEST_MS = 36_525 * 24 * 3600 * 1000

/**
 * Every setting of a topic. The checks, HTTP's schemas, the options of the command line, what descriptions show and the
 * page of settings follow from this table.
 */
export const topicSettings: readonly TopicSetting[] = [
  {
    name: 'retentionMs',
    kafka: 'retention.ms',
    kind: 'milliseconds',
    least: 1,
    most: LONGEST_MS,
    fallback: null,
    endless: true,
    level: 1,
    about: 'Age from which on a segment is deleted. Without: never.',
  },
  {
    name: 'retentionBytes',
    kafka: 'retention.bytes',
    kind: 'bytes',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    fallback: null,
    endless: true,
    level: 1,
    about: 'Bytes that a partition keeps before its oldest segments are deleted. Without: all.',
  },
  {
    name: 'segmentMs',
    kafka: 'segment.ms',
    kind: 'milliseconds',
    least: 1000,
    most: LONGEST_MS,
    fallback: null,
    level: 3,
    about:
      'Time after which a growing segment is closed, so that it can be deleted. Without: a quarter of retention.ms.',
  },
  {
    name: 'segmentBytes',
    kafka: 'segment.bytes',
    kind: 'bytes',
    least: MiB,
    most: 2 ** 31 - 1,
    fallback: { broker: 'segmentBytes' },
    level: 3,
    about: 'Size at which a partition starts the next segment file.',
  },
  {
    name: 'maxBatchBytes',
    kafka: 'max.message.bytes',
    kind: 'bytes',
    least: KiB,
    most: 'maxBatchBytes',
    fallback: { broker: 'maxBatchBytes' },
    level: 1,
    about: 'Largest batch that the topic accepts.',
  },
  {
    name: 'readOnly',
    kafka: null,
    kind: 'boolean',
    fallback: false,
    level: 1,
    about: 'Publishing is refused with READ_ONLY.',
  },
  {
    name: 'timestampBeforeMaxMs',
    kafka: 'message.timestamp.before.max.ms',
    kind: 'milliseconds',
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    fallback: null,
    level: 1,
    about: "How far a record's timestamp may be before the leader's clock. Without: any distance.",
  },
  {
    name: 'timestampAfterMaxMs',
    kafka: 'message.timestamp.after.max.ms',
    kind: 'milliseconds',
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    fallback: 3_600_000,
    level: 1,
    about: "How far a record's timestamp may be ahead of the leader's clock.",
  },
  {
    name: 'minInsyncReplicas',
    kafka: 'min.insync.replicas',
    kind: 'count',
    least: 1,
    most: 99,
    fallback: null,
    level: 3,
    about:
      'Kept and shown, without effect: a publish is acknowledged once a majority of the replicas has it on disk, never before and never later.',
  },
]

export const fixedSettings: readonly FixedSetting[] = [
  {
    kafka: 'compression.type',
    value: 'producer',
    about: 'Batches are stored as they come: only their producer compresses them.',
  },
  {
    kafka: 'message.timestamp.type',
    value: 'CreateTime',
    about:
      'Records keep the timestamps of their producers: the broker changes nothing that the checksum of a batch covers.',
  },
  {
    kafka: 'cleanup.policy',
    value: 'delete',
    about: 'Old records are deleted by age and size; topics are not compacted.',
  },
]

/** By the name in the API. */
export const settingsByName: ReadonlyMap<string, TopicSetting> = new Map(
  topicSettings.map((setting) => [setting.name, setting]),
)

/** The feature level that settings need, those that are put back to their default as well. */
export function levelOf(settings: object): number {
  return Math.max(1, ...Object.keys(settings).map((name) => settingsByName.get(name)?.level ?? 1))
}
