import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { BrokerLevels } from '../../api/admin-api.ts'
import type { LevelRange } from '../../api/broker-api.ts'
import { CONSUMER_GROUPS_TOPIC } from '../../api/consumer-groups-api.ts'
import { STREAMS_TOPIC } from '../../api/streams-api.ts'
import { isPositive } from './commands/command-checks.ts'

/**
 * The feature levels that this version of Tailrace supports. `commands`: those of the metadata that need a level above
 * the first.
 */
export interface FeatureLevels extends LevelRange {
  readonly commands: Readonly<Record<string, number>>
}

/**
 * The level rises by one with each release that writes data that the one before cannot read
 * (docs/decisions/feature-levels.md). A cluster writes by its own level, which an operator raises when all brokers are
 * new enough.
 */
export const featureLevels: FeatureLevels = {
  lowest: 1,
  highest: 4,
  commands: {
    'allocate-owned-ids': 2,
    'set-user': 2,
    'delete-user': 2,
    'add-token': 2,
    'remove-tokens': 2,
    'add-acls': 2,
    'remove-acls': 2,
    'set-quota': 2,
    'remove-quota': 2,
    'set-draining': 3,
    'set-balancing': 3,
    'add-partitions': 3,
    'records-deleted': 3,
  },
}

/** As the metadata have them: `alwaysSupported` is the lowest that any broker has registered as its highest. */
interface LevelsOfCluster {
  readonly featureLevel: number
  readonly alwaysSupported: number
}

/** From this level on partitions may hold entries of fencing tokens, which need no command. */
export const FENCES = 3

/** From this level on partitions may hold entries of deletions of records. */
export const DELETIONS = 3

/** From this level on there are consumer groups: older brokers take the logs of coordinators for those of records. */
export const CONSUMER_GROUPS_LEVEL = 3

/** From this level on there are durable streams: older brokers take their logs for those of records. */
export const STREAMS_LEVEL = 3

/**
 * From this level on there are subscriptions to durable streams: an older broker that leads a stream would not write
 * down that one wants to know of an append.
 */
export const SUBSCRIPTIONS_LEVEL = 4

/** Topics whose partitions are the logs of state machines, with the level from which on they are. */
export const machineTopics: ReadonlyMap<string, number> = new Map([
  [CONSUMER_GROUPS_TOPIC, CONSUMER_GROUPS_LEVEL],
  [STREAMS_TOPIC, STREAMS_LEVEL],
])

/** Of a broker that names none: it is older than levels. */
export const FIRST_LEVEL: LevelRange = { lowest: 1, highest: 1 }

/**
 * How something is refused that needs a higher level than the cluster has. A new cluster raises its level by itself,
 * once all its brokers have registered (members/first-level.ts): until then it is to be asked again.
 */
export function refusalBelow(
  needed: number,
  { featureLevel, alwaysSupported }: LevelsOfCluster,
): 'NOT_READY' | 'FEATURE_LEVEL_TOO_LOW' {
  // 0: none has registered yet.
  const mayRise = alwaysSupported === 0 || alwaysSupported >= needed
  return mayRise && featureLevel === FIRST_LEVEL.lowest ? 'NOT_READY' : 'FEATURE_LEVEL_TOO_LOW'
}

/** Why there is none of `what`, which need a level; null: the cluster has it. */
export function levelRefusal(what: string, needed: number, head: LevelsOfCluster): TailraceError | null {
  if (head.featureLevel >= needed) return null
  const detail = `${what} need level ${needed}; the cluster is at ${head.featureLevel}.`
  return new TailraceError(refusalBelow(needed, head), detail)
}

export function supports({ lowest, highest }: LevelRange, level: number): boolean {
  return level >= lowest && level <= highest
}

export function isRange(value: unknown): value is LevelRange {
  const { lowest, highest } = (value ?? {}) as Partial<LevelRange>
  return isPositive(lowest) && isPositive(highest) && lowest <= highest
}

/**
 * Why the level cannot be raised, or null: names every broker that does not support it, by id, since a state that comes
 * from a snapshot has another order.
 */
export function notSupportedBy(level: number, brokers: readonly BrokerLevels[]): string | null {
  const behind = brokers.filter(({ range = FIRST_LEVEL }) => !supports(range, level))
  if (behind.length === 0) return null
  behind.sort((a, b) => a.broker - b.broker)
  const named = behind.map(
    ({ broker, range = FIRST_LEVEL }) => `broker ${broker} supports ${range.lowest} to ${range.highest}`,
  )
  return `Level ${level}: ${named.join(', ')}.`
}

/** The broker must not work in this cluster. */
export function outOfRange(broker: BrokerId, { lowest, highest }: LevelRange, level: number): TailraceError {
  const detail = `Broker ${broker} supports ${lowest} to ${highest}, the cluster is at ${level}.`
  return new TailraceError('FEATURE_LEVEL_UNSUPPORTED', detail)
}
