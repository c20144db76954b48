import type { BrokerId, GroupId } from '@tailrace/schemas'
import { formatTable, refuseNewer } from '@tailrace/schemas'
import type { AuditRecord } from '../../../api/admin-api.ts'
import type { TopicConfig } from '../../../api/broker-api.ts'
import type { StateStore } from '../../../log/log-storage.ts'
import { WriteBehind } from '../../../log/store/write-behind.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/logger.ts'
import type { BrokerRegistration } from '../commands/command.ts'
import type { Applied, JoinedBroker, MetadataHead, MetadataState, RememberedCommand, Topic } from '../metadata-state.ts'
import { AUDIT_RECORDS, REMEMBERED_COMMANDS } from '../metadata-state.ts'
import type { TopicPartition } from '../partition-replicas.ts'
import type { ProducerOwner } from '../producer-owners.ts'
import { loadSecurity, securityPairs } from './security-store.ts'
import { storedMetadata } from './stored-metadata.ts'
import { collect, inside, type MetadataSource, parse, parseJson, valuesOf } from './stored-values.ts'

/** Travels with the pairs to other brokers. A state without it is of version 1. */
const FORMAT = 'meta/format'
const HEAD = 'meta/head'
const BROKERS = 'meta/broker/'
/** Topics as they were created, with their present settings. */
const TOPICS = 'meta/topic/'
/** Partitions that are not as they were created: one key each, so that moving one of 10,000 writes one. */
const PARTITIONS = 'meta/partition/'
const COMMANDS = 'meta/command/'
const JOINED = 'meta/joined/'
const REMOVED = 'meta/removed/'
const AUDIT = 'meta/audit/'
const PRIORITIES = 'meta/priorities'
const UPKEEP = 'meta/upkeep'
const OWNERS = 'meta/producer-owner/'
/** All of the above: the keys of the metadata group's state. */
export const METADATA_KEYS = { from: 'meta/', to: 'meta0' } as const

/**
 * Null: the store has no metadata. A level is missing in one of the time before levels.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
 */
export async function storedHead(
  store: Pick<StateStore, 'get'>,
): Promise<
  (Omit<MetadataHead, 'featureLevel' | 'alwaysSupported' | 'lastOwner' | 'appliedTerm'> & Partial<MetadataHead>) | null
> {
  const format = await store.get(FORMAT)
  if (format !== null) refuseNewer('metadataSnapshot', parseJson(format))
  const head = await store.get(HEAD)
  return head === null ? null : parse<MetadataHead>(head, storedMetadata.head)
}

/**
 * Fills an empty state from the store: some prefix of the log.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
 */
export async function loadMetadata(store: MetadataSource, state: MetadataState): Promise<void> {
  const head = await storedHead(store)
  if (head === null) return
  // A store of the time before has brokers that supported the first level alone.
  Object.assign(state.head, { alwaysSupported: 1, lastOwner: 0, appliedTerm: 0, ...head })
  const { broker, joined, removed, topic, partition, audit, priorities, command, owner } = storedMetadata
  for await (const some of valuesOf<BrokerRegistration>(store, BROKERS, broker)) state.brokers.set(some.id, some)
  for await (const some of valuesOf<JoinedBroker>(store, JOINED, joined)) state.joined.set(some.id, some)
  for await (const [key, value] of inside(store, REMOVED)) {
    state.removed.set(numberOf(key, REMOVED), parse(value, removed))
  }
  for await (const some of valuesOf<StoredTopic>(store, TOPICS, topic)) state.addTopic(restored(some))
  for await (const changed of valuesOf<TopicPartition>(store, PARTITIONS, partition)) {
    const place = state.places.get(changed.group)
    if (place !== undefined) state.replacePartition(place, changed)
  }
  const isRecord = (value: Record<string, unknown>): boolean => {
    return (
      Number.isSafeInteger(value[0]) && typeof value[1] === 'object' && value[1] !== null && audit(value[1] as never)
    )
  }
  const records = await collect<readonly [number, AuditRecord]>(valuesOf(store, AUDIT, isRecord))
  for (const [, record] of records.sort((a, b) => a[0] - b[0])) state.keepAudit(record)
  const given = await store.get(PRIORITIES)
  if (given !== null) state.metadataPriorities = parse(given, priorities)
  const wanted = await store.get(UPKEEP)
  if (wanted !== null) state.upkeep = parse(wanted, storedMetadata.upkeep)
  const commands = await collect<RememberedCommand>(valuesOf(store, COMMANDS, command))
  for (const some of commands.sort((a, b) => a.number - b.number)) state.remember(some)
  for await (const some of valuesOf<ProducerOwner>(store, OWNERS, owner)) state.producers.put(some)
  state.security.replace(await loadSecurity(store))
}

/** Writes the changes of each applied command behind `apply`, together with their index. */
export class MetadataWriter {
  readonly #behind: WriteBehind
  #formatted = false

  constructor(store: StateStore, clock: Clock, logger: Logger) {
    this.#behind = new WriteBehind({ store, clock, logger, what: 'the metadata' })
  }

  applied(state: MetadataState, applied: Applied): void {
    const { broker, created, deleted, altered, extended, changed, joined, removed, audit } = applied
    if (broker !== undefined) this.#put(BROKERS + padded(broker.id), broker)
    if (joined !== undefined) this.#put(JOINED + padded(joined.id), joined)
    if (removed !== undefined) {
      this.#put(BROKERS + padded(removed), null)
      this.#put(JOINED + padded(removed), null)
      this.#put(REMOVED + padded(removed), state.removed.get(removed))
    }
    for (const topic of [created, altered, extended?.topic])
      if (topic !== undefined) this.#put(TOPICS + topic.name, asCreated(topic))
    if (changed !== undefined) this.#putPartition(changed.topic.partitions[changed.partition]!)
    if (deleted !== undefined) this.#forget(deleted)
    if (applied.metadataPriority) this.#put(PRIORITIES, state.metadataPriorities)
    if (applied.upkeep) this.#put(UPKEEP, state.upkeep)
    for (const owner of applied.owners ?? []) this.#put(OWNERS + padded(owner.number), owner)
    if (applied.security !== undefined) {
      for (const [key, value] of securityPairs(state.security.version, applied.security)) {
        this.#put(key, value)
      }
    }
    const number = state.head.audits - 1
    if (audit !== undefined) this.#put(AUDIT + padded(number % AUDIT_RECORDS), [number, audit])
    if (!applied.repeated) {
      const command: RememberedCommand = { number: state.head.commands - 1, id: applied.id, result: applied.result }
      this.#put(COMMANDS + String(command.number % REMEMBERED_COMMANDS).padStart(4, '0'), command)
    }
    this.#put(HEAD, state.head)
    if (!this.#formatted) this.#put(FORMAT, formatTable.metadataSnapshot.version)
    this.#formatted = true
    this.#behind.begin()
  }

  /**
   * Resolves when all that was applied so far has been written; it is durable with the store's own flush.
   * @throws TailraceError SHUTTING_DOWN after `close`; INTERNAL while the store does not take it
   */
  settled(): Promise<void> {
    return this.#behind.written()
  }

  /** The waiting writes belong to a state that another has replaced. Resolves when no write is under way. */
  discard(): Promise<void> {
    return this.#behind.discard()
  }

  /** Writes out waiting changes, then no more. */
  close(): Promise<void> {
    return this.#behind.close()
  }

  #put(key: string, value: unknown): void {
    this.#behind.put(key, value)
  }

  #putPartition(partition: TopicPartition): void {
    this.#put(PARTITIONS + padded(partition.group), partition)
  }

  #forget(topic: Topic): void {
    this.#put(TOPICS + topic.name, null)
    for (const partition of topic.partitions) {
      if (!isAsCreated(partition)) this.#put(PARTITIONS + padded(partition.group), null)
    }
  }
}

interface StoredTopic {
  readonly name: string
  readonly id: string
  readonly config: TopicConfig
  readonly partitions: readonly { readonly group: GroupId; readonly replicas: readonly BrokerId[] }[]
}

function asCreated({ name, id, config, partitions }: Topic): StoredTopic {
  return { name, id, config, partitions: partitions.map(({ group, founders }) => ({ group, replicas: founders })) }
}

function restored({ name, id, config, partitions }: StoredTopic): Topic {
  return { name, id, config, partitions: partitions.map((some) => ({ founders: some.replicas, ...some })) }
}

function isAsCreated(partition: TopicPartition): boolean {
  return partition.replicas === partition.founders && Object.keys(partition).length === 3
}

function padded(id: number): string {
  return String(id).padStart(10, '0')
}

function numberOf(key: string, prefix: string): number {
  return Number(key.slice(prefix.length))
}
