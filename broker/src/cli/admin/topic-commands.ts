import { topicPath } from '../../cluster/routing/topic-path.ts'
import { CommandFailure, UsageError } from '../command-failure.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { ClusterBody, TopicBody, TopicSummaryBody } from './answer-shapes.ts'
import { withSizes } from './partition-sizes.ts'
import { configText, topicListText, topicText } from './topic-text.ts'

export interface CreateTopicOptions {
  readonly partitions: number
  /** Null: three, or as many as there are brokers. */
  readonly replicas: number | null
  readonly config: Readonly<Record<string, string | number | boolean | null>>
  /** A topic of this name is a success, whatever it is like. */
  readonly ifNotExists: boolean
  readonly json: boolean
}

export async function createTopic(
  name: string,
  options: CreateTopicOptions,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  const replicas = options.replicas ?? (await usualReplicas(admin))
  const request = { name, partitions: options.partitions, replicas, config: options.config }
  let created: unknown
  try {
    created = await admin.request('POST', '/topics', request)
  } catch (error) {
    const isThere = error instanceof CommandFailure && error.shape.code === 'TOPIC_EXISTS'
    if (!isThere || !options.ifNotExists) throw error
    return tellPresent(name, request, options.json, admin, terminal)
  }
  if (options.json) terminal.print(JSON.stringify(created))
  else
    terminal.print(`created topic ${name}: ${plural(options.partitions, 'partition')}, ${plural(replicas, 'replica')}`)
}

/** What is wanted and differs is told, and is no failure. */
async function tellPresent(
  name: string,
  wanted: { readonly partitions: number; readonly replicas: number },
  json: boolean,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  const { id, config, partitions: all } = (await admin.request('GET', topicPath(name))) as TopicBody
  const present = { partitions: all.length, replicas: all[0]?.replicas.length ?? 0 }
  const shape = ({ partitions, replicas }: typeof wanted) =>
    `${plural(partitions, 'partition')}, ${plural(replicas, 'replica')}`
  if (json) terminal.print(JSON.stringify({ name, id, ...present, config }))
  else terminal.print(`topic ${name} exists: ${shape(present)}`)
  if (shape(present) !== shape(wanted)) terminal.complain(`topic ${name} stays as it is; asked for: ${shape(wanted)}`)
}

export async function listTopics(json: boolean, admin: AdminClient, terminal: Terminal): Promise<void> {
  const { topics } = (await admin.request('GET', '/topics')) as { topics: TopicSummaryBody[] }
  terminal.print(json ? JSON.stringify(topics) : topicListText(topics, terminal.width))
}

export async function describeTopic(
  name: string,
  json: boolean,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  const topic = (await admin.request('GET', topicPath(name))) as TopicBody
  const sized = { ...topic, partitions: await withSizes(topic, admin) }
  terminal.print(json ? JSON.stringify(sized) : topicText(sized, terminal.width))
}

/** `topicId`: the id of the topic, where it is known; undefined: the topic that has the name. */
export async function deleteTopic(
  name: string,
  topicId: string | undefined,
  json: boolean,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  await admin.request('DELETE', topicPath(name, '', topicId))
  terminal.print(json ? JSON.stringify({ deleted: name }) : `deleted topic ${name}`)
}

export interface AlterTopicOptions {
  /** Null: as many as it has. */
  readonly partitions: number | null
  readonly changes: Readonly<Record<string, string | number | boolean | null>>
  readonly json: boolean
}

/**
 * Changes some settings of a topic and shows all of them as they are then, and adds partitions. `topicId`: see
 * deleteTopic. Throws UsageError when there is nothing to change.
 */
export async function alterTopic(
  name: string,
  topicId: string | undefined,
  { partitions, changes, json }: AlterTopicOptions,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  const isConfigured = Object.keys(changes).length > 0
  if (!isConfigured && partitions === null) {
    throw new UsageError(`nothing to change: name a setting, like tailrace topic alter ${name} --retention-ms 7d`)
  }
  let config: Config | null = null
  if (isConfigured) {
    config = (await admin.request('PATCH', topicPath(name, '/config', topicId), changes)) as Config
    const text = configText(config)
    if (!json) terminal.print(`topic ${name}: ${text === '' ? 'all settings at their default' : text}`)
  }
  if (partitions === null) {
    if (json) terminal.print(JSON.stringify(config))
    return
  }
  const topic = (await admin.request('PATCH', topicPath(name, '', topicId), { partitions })) as TopicSummaryBody
  terminal.print(json ? JSON.stringify(topic) : `topic ${name}: ${plural(topic.partitions, 'partition')}`)
}

type Config = Readonly<Record<string, unknown>>

/** Three copies survive one broken disk with a majority left; a smaller cluster has as many as it has brokers. */
export async function usualReplicas(admin: AdminClient): Promise<number> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  return Math.max(1, Math.min(3, cluster.brokers.filter((broker) => broker.level === 0).length))
}
