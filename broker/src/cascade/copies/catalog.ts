import type { GroupId, PartitionNumber } from '@tailrace/schemas'
import type { DeletedRecords, TopicSummary } from '../../api/broker-api.ts'
import { isPositive } from '../../cluster/metadata/commands/command-checks.ts'
import type { StateStore } from '../../log/log-storage.ts'
import { hasFields, isWhole, storedJson } from '../../log/store/stored-json.ts'
import { isTopicSummary } from '../wire/json-checks.ts'

/**
 * A topic and the groups of this broker's log that hold its partitions, by partition number. Groups are this broker's
 * own, from 1, never used again.
 */
export interface CatalogTopic extends TopicSummary {
  readonly groups: readonly GroupId[]
  /**
   * Version of the first list that had it (BrokerApi.topicsVersion): one of a higher version without it says that it
   * has been deleted. 0: not known.
   */
  readonly listedAt?: number
}

const topicPrefix = 'cascade/topic/'
const afterTopics = 'cascade/topic0'
const nextGroupKey = 'cascade/next-group'

/** What a store has of a catalog; of a broker of level 0 it has nothing. @throws TailraceError STORAGE_CORRUPT */
export async function storedCatalog(
  store: Pick<StateStore, 'get' | 'range'>,
): Promise<{ readonly nextGroup: GroupId; readonly topics: readonly CatalogTopic[] }> {
  const next = await store.get(nextGroupKey)
  const nextGroup = next === null ? 1 : storedJson(nextGroupKey, next, isPositive)
  const topics: CatalogTopic[] = []
  const taken = new Set<GroupId>()
  for await (const [key, value] of store.range(topicPrefix, afterTopics)) {
    // Two partitions in one group would be copied into each other.
    const isFree = (group: GroupId): boolean => group < nextGroup && !taken.has(group) && !!taken.add(group)
    const fits = (topic: unknown): topic is CatalogTopic =>
      isCatalogTopic(topic) && key === topicPrefix + topic.id && topic.groups.every(isFree)
    const topic = storedJson(key, value, fits)
    topics.push({ ...topic, partitions: topic.groups.length })
  }
  return { nextGroup, topics }
}

/**
 * The topics that this broker copies, and their groups on its disk. Durable before a group is created, so that no group
 * is ever without its topic's name.
 */
export class Catalog {
  readonly topics = new Map<string, CatalogTopic>()
  readonly #store: StateStore
  #nextGroup: GroupId = 1

  constructor(store: StateStore) {
    this.#store = store
  }

  /** @throws TailraceError STORAGE_CORRUPT */
  async load(): Promise<void> {
    const { nextGroup, topics } = await storedCatalog(this.#store)
    this.#nextGroup = nextGroup
    for (const topic of topics) this.topics.set(topic.id, topic)
  }

  /**
   * Takes topics as a list of this version has them; partitions that are new get groups. Resolves when it is durable.
   */
  async put(topics: readonly TopicSummary[], version: number): Promise<void> {
    if (topics.length === 0) return
    const changed = topics.map((topic) => {
      const known = this.topics.get(topic.id)
      const groups = [...(known?.groups ?? [])]
      while (groups.length < topic.partitions) groups.push(this.#nextGroup++)
      // No partition that is here is forgotten because a list has fewer.
      const deleted = latestDeleted(known?.deleted, topic.deleted)
      return { ...topic, ...deleted, partitions: groups.length, groups, listedAt: known?.listedAt || version }
    })
    await this.#store.write([
      ...changed.map((topic) => [topicPrefix + topic.id, encoded(topic)] as const),
      [nextGroupKey, encoded(this.#nextGroup)],
    ])
    await this.#store.flush()
    for (const topic of changed) this.topics.set(topic.id, topic)
  }

  async remove(id: string): Promise<void> {
    await this.#store.write([[topicPrefix + id, null]])
    await this.#store.flush()
    this.topics.delete(id)
  }
}

/** A list of a source that is behind takes no deletion back. */
function latestDeleted(
  known: readonly DeletedRecords[] = [],
  told: readonly DeletedRecords[] = [],
): { readonly deleted?: readonly DeletedRecords[] } {
  const latest = new Map<PartitionNumber, number>()
  for (const { partition, before } of [...known, ...told])
    latest.set(partition, Math.max(before, latest.get(partition) ?? 0))
  if (latest.size === 0) return {}
  return { deleted: [...latest].sort(([a], [b]) => a - b).map(([partition, before]) => ({ partition, before })) }
}

function isCatalogTopic(value: unknown): value is CatalogTopic {
  return (
    isTopicSummary(value) &&
    hasFields(value, {
      groups: (list) => Array.isArray(list) && list.length >= value.partitions && list.every(isPositive),
      listedAt: (field) => field === undefined || isWhole(field),
    })
  )
}

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
