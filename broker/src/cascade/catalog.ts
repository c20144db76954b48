import type { GroupId } from '@tailrace/schemas'
import type { TopicSummary } from '../cluster/broker-api.ts'
import { hasFields, isWhole, storedJson } from '../log/stored-json.ts'
import type { StateStore } from '../log/types.ts'

/** A topic and the groups of this broker's log that hold its partitions, by partition number. Groups are this broker's own, from 1, never used again. */
export interface CatalogTopic extends TopicSummary {
  readonly groups: readonly GroupId[]
  /** Version of the first list that had it (BrokerApi.topicsVersion): one of a higher version without it says that it has been deleted. 0: not known. */
  readonly listedAt?: number
}

const topicPrefix = 'cascade/topic/'
const afterTopics = 'cascade/topic0'
const nextGroupKey = 'cascade/next-group'

/** Which topics this broker copies and where they stand on its disk. Durable before a group is created, so that no group is ever without its topic's name. */
export class Catalog {
  readonly topics = new Map<string, CatalogTopic>()
  readonly #store: StateStore
  #nextGroup: GroupId = 1

  constructor(store: StateStore) {
    this.#store = store
  }

  /** @throws TailraceError STORAGE_CORRUPT */
  async load(): Promise<void> {
    const next = await this.#store.get(nextGroupKey)
    if (next !== null) this.#nextGroup = storedJson(nextGroupKey, next, isWhole)
    for await (const [key, value] of this.#store.range(topicPrefix, afterTopics)) {
      const topic = storedJson(key, value, isCatalogTopic)
      this.topics.set(topic.id, topic)
    }
  }

  /** Takes topics as a list of this version has them; partitions that are new get groups. Resolves when it is durable. */
  async put(topics: readonly TopicSummary[], version: number): Promise<void> {
    if (topics.length === 0) return
    const changed = topics.map((topic) => {
      const known = this.topics.get(topic.id)
      const groups = [...(known?.groups ?? [])]
      while (groups.length < topic.partitions) groups.push(this.#nextGroup++)
      return { ...topic, groups, listedAt: known?.listedAt || version }
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

function isCatalogTopic(value: unknown): value is CatalogTopic {
  const isText = (field: unknown): boolean => typeof field === 'string'
  return hasFields(value, {
    ...{ name: isText, id: isText, partitions: isWhole, replicas: isWhole },
    config: (field) => typeof field === 'object' && field !== null,
    groups: (list) => Array.isArray(list) && list.every(isWhole),
    listedAt: (field) => field === undefined || isWhole(field),
  })
}

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
