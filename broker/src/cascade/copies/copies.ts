import type { GroupId, PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { TopicSummary } from '../../api/broker-api.ts'
import { refuseAnother } from '../../cluster/metadata/required-topic.ts'
import type { StateStore } from '../../log/log-storage.ts'
import { holdsOnlyDeleted, mustSeal, retentionCut } from '../../partition/copies/retention.ts'
import type { Logger } from '../../platform/logger.ts'
import { TopicChoice } from '../wire/topic-choice.ts'
import { Catalog, type CatalogTopic } from './catalog.ts'
import { CopiedPartition, type CopyServices } from './copied-partition.ts'
import { Gaps } from './gaps.ts'
import { ReadStarts } from './read-starts.ts'

/**
 * A source that does not tell the version of its list may be behind, and not list a topic for a moment. Its records
 * would have to be copied anew.
 */
const missingGraceMs = 10_000
const retentionMs = 10_000

export interface CopiesDeps extends CopyServices {
  readonly store: StateStore
  /** The topics that are copied. Default: all. */
  readonly choice?: TopicChoice
  readonly logger: Logger
}

/** Told of each partition that a topic has got after it was first copied. */
export type AddedListener = (topic: string, partition: PartitionNumber) => void

/** The topics and records of this broker: the catalogue of topics and one copy for each partition. */
export class Copies {
  readonly gaps: Gaps
  readonly readStarts: ReadStarts
  readonly #deps: CopiesDeps
  readonly #choice: TopicChoice
  readonly #catalog: Catalog
  readonly #byTopic = new Map<string, CopiedPartition[]>()
  readonly #byGroup = new Map<GroupId, CopiedPartition>()
  readonly #byName = new Map<string, string>()
  readonly #missingSince = new Map<string, number>()
  readonly #sealedAt = new Map<GroupId, number>()
  readonly #listeners = new Set<AddedListener>()
  #work: Promise<unknown> = Promise.resolve()
  #version = 0
  /** The topics that the source has and that are not copied, by name; null: not told since the start. */
  #others: ReadonlyMap<string, TopicSummary> | null = null

  constructor(deps: CopiesDeps) {
    this.#deps = deps
    this.#choice = deps.choice ?? new TopicChoice([])
    this.#catalog = new Catalog(deps.store)
    this.gaps = new Gaps(deps.store, deps.clock)
    this.readStarts = new ReadStarts(deps.store)
    deps.storage.onDurable = (group, ticket) => this.#byGroup.get(group)?.onDurable(ticket)
  }

  /** Once, at the start. */
  async load(): Promise<void> {
    await this.#catalog.load()
    await this.gaps.load()
    await this.readStarts.load()
    for (const topic of [...this.#catalog.topics.values()]) {
      if (this.copies(topic.name)) this.#open(topic)
      else await this.#remove(topic.id, 'the topic is not chosen any more; its records are removed')
    }
    // A crash came between forgetting a topic and removing its records.
    for (const { group } of [...this.#deps.storage.groups()]) {
      if (!this.#byGroup.has(group)) await this.#deps.storage.remove(group)
    }
  }

  /** Whether a topic of this name is copied where the source has it. */
  copies(name: string): boolean {
    return this.#choice.takes(name)
  }

  /** A topic that the source has and that is not copied. */
  other(name: string): TopicSummary | undefined {
    return this.#others?.get(name)
  }

  /** Whether a topic is not copied here and may exist: the source has it, or has not told yet what it has. */
  isElsewhere(name: string): boolean {
    return !this.copies(name) && (this.#others === null || this.#others.has(name))
  }

  /** All topics of the cluster, as the source has told them. */
  known(): TopicSummary[] {
    return [...this.topics().map(summaryOf), ...(this.#others?.values() ?? [])]
  }

  get isEmpty(): boolean {
    return this.#catalog.topics.size === 0
  }

  /** Topics by their present names. */
  topics(): CatalogTopic[] {
    return [...this.#byName.values()].map((id) => this.#catalog.topics.get(id)!)
  }

  topic(name: string): CatalogTopic | undefined {
    const id = this.#byName.get(name)
    return id === undefined ? undefined : this.#catalog.topics.get(id)
  }

  /** Of the last list whose changes are all done here. */
  get version(): number {
    return this.#version
  }

  get count(): number {
    return this.#byGroup.size
  }

  all(): Iterable<CopiedPartition> {
    return this.#byGroup.values()
  }

  partitionsOf(id: string): readonly CopiedPartition[] {
    return this.#byTopic.get(id) ?? []
  }

  /** @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION */
  partition(name: string, partition: PartitionNumber, id?: string): CopiedPartition {
    const topic = this.topic(name)
    if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', `"${name}".`)
    refuseAnother(name, topic.id, id)
    const found = this.partitionsOf(topic.id)[partition]
    if (found === undefined) throw new TailraceError('UNKNOWN_PARTITION', `"${name}" has no partition ${partition}.`)
    return found
  }

  /** Returns how to stop. */
  onAdded(listener: AddedListener): () => void {
    // Wrapped, so that the same function may listen twice and stop once.
    const own: AddedListener = (topic, partition) => listener(topic, partition)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** The source's list of topics. Resolves when new topics can be copied, and deleted ones have been removed. */
  update(list: readonly TopicSummary[], version: number): Promise<void> {
    const work = this.#work.then(() => this.#update(list, version))
    this.#work = work.catch(() => {})
    return work
  }

  async #update(all: readonly TopicSummary[], version: number): Promise<void> {
    const list = all.filter(({ name }) => this.copies(name))
    this.#others = new Map(all.filter(({ name }) => !this.copies(name)).map((topic) => [topic.name, topic]))
    const { topics } = this.#catalog
    const changed = list.filter((topic) => !isKnown(topic, topics.get(topic.id)))
    // A topic is found under the name that it has in the newest list, and under no other.
    for (const { id } of changed) this.#forgetName(topics.get(id))
    await this.#catalog.put(changed, version)
    for (const { id } of changed) this.#open(topics.get(id)!)
    for (const { name, id } of list) {
      this.#byName.set(name, id)
      this.#missingSince.delete(id)
    }
    await this.#forgetMissing(new Set(list.map(({ id }) => id)), version)
  }

  /** The source's list has not changed. `ids`: the topics in it. */
  forgetMissing(ids: readonly string[], version: number): Promise<void> {
    const work = this.#work.then(() => this.#forgetMissing(new Set(ids), version))
    this.#work = work.catch(() => {})
    return work
  }

  /**
   * A topic that a later list lacks is removed at once, one that an older list lacks is kept: its source is behind. Of
   * a list without a version it is not known, so that a topic is removed after a grace period.
   */
  async #forgetMissing(listed: ReadonlySet<string>, version: number): Promise<void> {
    const now = this.#deps.clock.monotonic()
    for (const { id, listedAt = 0 } of [...this.#catalog.topics.values()]) {
      if (listed.has(id)) continue
      if (listedAt > 0 && version > 0) {
        this.#missingSince.delete(id)
        if (version > listedAt) await this.#remove(id)
        continue
      }
      const since = this.#missingSince.get(id) ?? now
      this.#missingSince.set(id, since)
      if (now - since >= missingGraceMs) await this.#remove(id)
    }
    this.#version = version
  }

  /** Deletes records that are too old or too many by the topics' own settings, as replicas do. */
  startRetention(): { cancel(): void } {
    return this.#deps.clock.every(retentionMs, () => void this.#retain())
  }

  async #retain(): Promise<void> {
    const { clock, logger } = this.#deps
    for (const { id, config } of [...this.#catalog.topics.values()]) {
      const { retentionBytes = null, retentionMs = null, segmentBytes = null, segmentMs = null } = config
      const retention = { bytes: retentionBytes, ms: retentionMs }
      const segmentLimits = { bytes: segmentBytes, ms: segmentMs }
      for (const { log, group, removed, logStart: deletedBefore } of this.partitionsOf(id)) {
        if (removed) continue
        log.limitSegments(segmentBytes)
        const isCut = deletedBefore > log.startOffset
        if (retentionBytes === null && retentionMs === null && segmentMs === null && !isCut) continue
        const [segments, sinceSeal] = [log.segmentStarts(), this.#sealedAt.get(group) ?? 0]
        try {
          if (
            holdsOnlyDeleted({ segments, deletedBefore }) ||
            mustSeal(retention, segmentLimits, { segments }, log.lastIndex, clock.monotonic() - sinceSeal)
          ) {
            this.#sealedAt.set(group, clock.monotonic())
            await log.seal()
          }
          const view = { segments: log.segmentStarts(), sizeBytes: log.sizeBytes, now: clock.now(), deletedBefore }
          const cut = retentionCut(retention, { ...view, settledIndex: log.lastIndex })
          if (cut !== null) await log.cutPrefix(cut)
        } catch (error) {
          logger.warn({ err: error, group }, 'records past their retention could not be removed; trying again later')
        }
      }
    }
  }

  #open(topic: CatalogTopic): void {
    const { storage } = this.#deps
    const known = this.#byTopic.get(topic.id)
    const partitions = known ?? []
    const before = partitions.length
    for (let at = partitions.length; at < topic.groups.length; at++) {
      const group = topic.groups[at]!
      const copy = new CopiedPartition(this.#deps, storage.group(group) ?? storage.create(group), topic, at)
      copy.readOnlyFrom(this.readStarts.of(topic.id, at))
      partitions.push(copy)
      this.#byGroup.set(group, copy)
    }
    this.#byTopic.set(topic.id, partitions)
    this.#byName.set(topic.name, topic.id)
    for (const { partition, before } of topic.deleted ?? []) partitions[partition]?.readOnlyFrom(before)
    if (known === undefined) return
    for (let at = before; at < partitions.length; at++) for (const tell of this.#listeners) tell(topic.name, at)
  }

  #forgetName(topic: Pick<CatalogTopic, 'id' | 'name'> | undefined): void {
    if (topic !== undefined && this.#byName.get(topic.name) === topic.id) this.#byName.delete(topic.name)
  }

  async #remove(id: string, why = 'the topic is gone; its records are removed'): Promise<void> {
    const { name, groups } = this.#catalog.topics.get(id)!
    this.#deps.logger.info({ topic: name, id }, why)
    for (const copy of this.partitionsOf(id)) copy.remove()
    await this.#catalog.remove(id)
    await this.gaps.forget(id)
    await this.readStarts.forget(id)
    this.#forgetName({ id, name })
    this.#byTopic.delete(id)
    this.#missingSince.delete(id)
    for (const group of groups) {
      this.#byGroup.delete(group)
      this.#sealedAt.delete(group)
      await this.#deps.storage.remove(group)
    }
  }
}

export function summaryOf({ groups: _, listedAt: __, ...summary }: CatalogTopic): TopicSummary {
  return summary
}

function isKnown(topic: TopicSummary, known: CatalogTopic | undefined): boolean {
  if (known === undefined) return false
  return JSON.stringify(sorted(known)) === JSON.stringify(sorted(topic))
}

function sorted({ id, name, partitions, replicas, config, deleted = [] }: TopicSummary): unknown[] {
  return [id, name, partitions, replicas, deleted, Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))]
}
