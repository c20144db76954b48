import type { TopicConfig } from '../../api/broker-api.ts'
import { CONSUMER_GROUPS_TOPIC } from '../../api/consumer-groups-api.ts'
import type { CredentialsPage, StoredCredentials, StoredToken, StoredUser } from '../../api/security-api.ts'
import { STREAMS_TOPIC } from '../../api/streams-api.ts'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import type { Crypto } from '../../platform/crypto.ts'
import { inTurns } from '../../platform/timing/in-turns.ts'
import { topicsOfBrokers } from '../../security/access/guard.ts'
import { AUDIT_TOPIC } from '../../security/audit/audit-event.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { CommandFailure, UsageError } from '../command-failure.ts'
import type { Backup, PartitionBackup, TopicBackup } from './backup-shape.ts'
import { ChunkStore, type ChunkStoreDeps } from './chunk-store.ts'
import { newBackup } from './manifest.ts'
import { type CopyDeps, copyPartition } from './partition-copy.ts'

/** Partitions that are copied at a time. */
const AT_ONCE = 4

export interface CreateDeps extends CopyDeps, ChunkStoreDeps {
  /** Users and tokens, too. */
  readonly withCredentials: boolean
  readonly admin: AdminClient
  readonly crypto: Pick<Crypto, 'hash'>
}

interface ListedTopic {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicas: number
  readonly config: TopicConfig
}

/**
 * `names`: topics; empty: all but those that brokers alone may write.
 * @throws UsageError, CommandFailure, TailraceError, DiskError
 */
export async function createBackup(names: readonly string[], deps: CreateDeps): Promise<Backup> {
  const { admin, clock } = deps
  const startedAt = clock.now()
  const { clusterId } = (await admin.request('GET', '/cluster')) as { clusterId: string }
  const wanted = await topicsNamed(names, admin)
  const rules = await rulesOf(admin)
  const credentials = deps.withCredentials ? await credentialsOf(admin) : null
  const places = wanted.flatMap(({ name, id, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, topicId: id, partition })),
  )
  const copied = await inTurns(places, AT_ONCE, (place) => {
    return copyPartition(place, new ChunkStore(place.topicId, place.partition, deps), deps)
  })
  const topics = wanted.map(({ name, id, replicas, config }): TopicBackup => {
    const partitions = copied.filter((_, at) => places[at]!.topicId === id)
    return { name, id, replicas, config, partitions: partitions as PartitionBackup[] }
  })
  return newBackup({ clusterId, startedAt, endedAt: clock.now(), topics, rules, credentials })
}

async function topicsNamed(names: readonly string[], admin: AdminClient): Promise<ListedTopic[]> {
  const { topics } = (await admin.request('GET', '/topics')) as { topics: ListedTopic[] }
  if (names.includes(AUDIT_TOPIC))
    throw new UsageError(`${AUDIT_TOPIC} cannot be restored: read it with "tailrace audit"`)
  if (names.includes(CONSUMER_GROUPS_TOPIC))
    throw new UsageError(`${CONSUMER_GROUPS_TOPIC} cannot be restored: use "tailrace group export"`)
  if (names.includes(STREAMS_TOPIC))
    throw new UsageError(`${STREAMS_TOPIC} cannot be restored: copy durable streams by reading them`)
  if (names.length === 0) return topics.filter(({ name }) => !topicsOfBrokers.includes(name))
  // The error of a topic that is not there, or that nobody may see, is the broker's.
  for (const name of names) await admin.request('GET', topicPath(name))
  return topics.filter(({ name }) => names.includes(name))
}

async function credentialsOf(admin: AdminClient): Promise<StoredCredentials> {
  const users: StoredUser[] = []
  const tokens: StoredToken[] = []
  let next: string | null = null
  do {
    const query: string = next === null ? '' : `?after=${encodeURIComponent(next)}`
    const page = (await admin.request('GET', `/security/credentials${query}`)) as CredentialsPage
    users.push(...page.users)
    tokens.push(...page.tokens)
    next = page.next
  } while (next !== null)
  return { users, tokens }
}

/** Null: they are not shown to who asks, or the cluster has none. */
async function rulesOf(admin: AdminClient): Promise<Backup['rules']> {
  try {
    const { acls } = (await admin.request('GET', '/security/acls')) as { acls: [] }
    const { quotas } = (await admin.request('GET', '/security/quotas')) as { quotas: [] }
    return { acls, quotas }
  } catch (error) {
    const isHidden = error instanceof CommandFailure && hiding.has(error.shape.code)
    if (!isHidden) throw error
    return null
  }
}

const hiding: ReadonlySet<string> = new Set(['AUTHENTICATION_REQUIRED', 'AUTHORIZATION_FAILED', 'UNSUPPORTED_MESSAGE'])
