import type { Crc32c, Offset } from '@tailrace/schemas'
import { baseOffsetAt, endOffsetAt, recordsCountAt, withProducer } from '@tailrace/schemas'
import type { StoredCredentials } from '../../api/security-api.ts'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { inTurns } from '../../platform/timing/in-turns.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { readChunkFile } from './backup-files.ts'
import type { Backup, PartitionBackup, TopicBackup } from './backup-shape.ts'
import { ChunkStore, type ChunkStoreDeps } from './chunk-store.ts'
import type { ClusterRecords, Place } from './cluster-records.ts'
import type { RateLimit } from './rate-limit.ts'

const AT_ONCE = 4
const LEAST_BATCH_BYTES = 1 << 20
/** Sequences begin again at 0 behind the last one (as in Kafka). */
const SEQUENCES = 2 ** 31
const RULES_AT_ONCE = 500
const CREDENTIALS_AT_ONCE = 100

export interface RestoreDeps extends ChunkStoreDeps {
  readonly admin: AdminClient
  readonly records: ClusterRecords
  readonly limit: RateLimit
  readonly signal: AbortSignal
  readonly crc32c: Crc32c
  readonly onBytes: (bytes: number) => void
}

export interface RestoredPartition {
  readonly topic: string
  readonly partition: number
  /** That the new partition has. */
  readonly records: number
  /** What offsets in the backup are greater by than in the new topic. */
  readonly shift: number
}

/** What a restore has made so far. */
export class Made {
  readonly topics: string[] = []
  /** With all their records. */
  partitions = 0
  acls = 0
  quotas = 0
  users = 0
  tokens = 0
}

/** @throws CommandFailure TOPIC_EXISTS, which names all topics that the cluster has already */
export async function refuseExisting(topics: readonly TopicBackup[], admin: AdminClient): Promise<void> {
  const existing = (await admin.request('GET', '/topics')) as { topics: { name: string }[] }
  const names = new Set(existing.topics.map(({ name }) => name))
  const taken = topics.flatMap(({ name }) => (names.has(name) ? [name] : []))
  if (taken.length === 0) return
  throw new CommandFailure({
    code: 'TOPIC_EXISTS',
    message: `The cluster has these topics already: ${taken.join(', ')}.`,
    retriable: false,
    hint: 'Restore them under other names with --rename OLD=NEW, or choose other topics with --topic.',
  })
}

/**
 * Makes the topics, which must not exist, and publishes their records in order. Settings that would refuse or remove
 * old records come last. `longestBatch`: of these topics. `made` is kept up to date, also if it fails.
 * @throws CommandFailure, TailraceError; the error of the signal
 */
export async function restoreTopics(
  topics: readonly TopicBackup[],
  longestBatch: number,
  made: Made,
  deps: RestoreDeps,
): Promise<RestoredPartition[]> {
  const { admin } = deps
  const ids: string[] = []
  for (const { name, replicas, config, partitions } of topics) {
    const { timestampAfterMaxMs } = config
    const meanwhile = {
      maxBatchBytes: Math.max(longestBatch, config.maxBatchBytes ?? 0, LEAST_BATCH_BYTES),
      ...(timestampAfterMaxMs !== undefined && { timestampAfterMaxMs }),
    }
    const asked = { name, replicas, partitions: partitions.length, config: meanwhile }
    const { id } = (await admin.request('POST', '/topics', asked)) as { id: string }
    ids.push(id)
    made.topics.push(name)
  }
  const places = topics.flatMap(({ name, id, partitions }, at) =>
    partitions.map((backup, partition) => {
      const place: Place = { topic: name, topicId: ids[at]!, partition }
      return { place, backup, store: new ChunkStore(id, partition, deps) }
    }),
  )
  const restored = await inTurns(places, AT_ONCE, async ({ place, backup, store }) => {
    const restored = await restorePartition(place, backup, store, deps)
    // Writers that had been shut out stay so.
    if (backup.fence !== undefined) await deps.records.fence(place, backup.fence)
    made.partitions += 1
    return { topic: place.topic, partition: place.partition, ...restored }
  })
  for (const { name, config } of topics) {
    const settings = { maxBatchBytes: null, ...config }
    await admin.request('PATCH', topicPath(name, '/config'), settings)
  }
  return restored
}

/**
 * Records that had been removed when the backup was made stay removed: whole batches are not published, and those of
 * the batch in which the partition began are deleted.
 */
async function restorePartition(
  place: Place,
  { from, chunks }: PartitionBackup,
  store: ChunkStore,
  { admin, records, limit, signal, crc32c, onBytes }: RestoreDeps,
): Promise<Pick<RestoredPartition, 'records' | 'shift'>> {
  if (chunks.length === 0) return { records: 0, shift: 0 }
  const { producerId, epoch: producerEpoch } = await records.newProducer()
  let [published, baseSequence] = [0, 0]
  let shift: Offset | null = null
  for (const chunk of chunks.map((file) => readChunkFile(file)!)) {
    for (const batch of await store.read(chunk)) {
      if (endOffsetAt(batch, 0) <= from) continue
      await limit.take(batch.length, signal)
      signal.throwIfAborted()
      const own = withProducer(batch, { producerId, producerEpoch, baseSequence }, crc32c)
      await records.publish(place, own)
      shift ??= baseOffsetAt(batch, 0)
      published += recordsCountAt(batch, 0)
      baseSequence = published % SEQUENCES
      onBytes(batch.length)
    }
  }
  const removed = Math.max(0, from - (shift ?? from))
  if (removed > 0) {
    const path = topicPath(place.topic, `/partitions/${place.partition}/delete-records`, place.topicId)
    await admin.request('POST', path, { before: removed })
  }
  return { records: published - removed, shift: shift ?? 0 }
}

/** Rules and quotas beside those that the cluster has. */
export async function restoreRules(
  { acls, quotas }: NonNullable<Backup['rules']>,
  made: Made,
  admin: AdminClient,
): Promise<void> {
  for (let at = 0; at < acls.length; at += RULES_AT_ONCE) {
    const some = acls.slice(at, at + RULES_AT_ONCE)
    await admin.request('POST', '/security/acls', { acls: some })
    made.acls += some.length
  }
  for (const quota of quotas) {
    await admin.request('PUT', '/security/quotas', quota)
    made.quotas += 1
  }
}

/** Those that the cluster does not have; tokens that have expired are left out. */
export async function restoreCredentials(
  { users, tokens }: StoredCredentials,
  made: Made,
  admin: AdminClient,
): Promise<void> {
  const most = Math.max(users.length, tokens.length)
  for (let at = 0; at < most; at += CREDENTIALS_AT_ONCE) {
    const end = at + CREDENTIALS_AT_ONCE
    const some = { users: users.slice(at, end), tokens: tokens.slice(at, end) }
    const added = (await admin.request('POST', '/security/credentials', some)) as Pick<Made, 'users' | 'tokens'>
    made.users += added.users
    made.tokens += added.tokens
  }
}
