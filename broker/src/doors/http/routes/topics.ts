import type { FastifyInstance } from 'fastify'
import type { CreateTopicRequest, TopicConfig } from '../../../api/broker-api.ts'
import { effectiveSettings } from '../../../cluster/metadata/effective-settings.ts'
import { withoutKafkaNames } from '../../../cluster/metadata/kafka-names.ts'
import type { TopicDefaults } from '../../../cluster/metadata/topic-settings.ts'
import { topicPath } from '../../../cluster/routing/topic-path.ts'
import { object } from '../schema-parts.ts'
import { errorResponses, partitionParams, topicParams, topicQuery } from '../schemas.ts'
import { settingNames } from '../topic-setting-schemas.ts'

/** The id of the topic; empty: the topic that has the name. */
type Query = { topicId: string }

/** Topics: create, list, describe, alter, delete. */
export function topicRoutes(app: FastifyInstance, defaults: TopicDefaults): void {
  app.get('/topics', { schema: schemas.list }, ({ context }) => ({
    topics: context.rights.api.listTopics(),
  }))

  app.post<{ Body: CreateTopicRequest & { config?: Record<string, unknown> } }>(
    '/topics',
    { schema: schemas.create, config: { errorCodes: createErrors } },
    async (request, reply) => {
      const { rights, sender } = request.context
      const wanted = { ...request.body, config: newConfig(request.body.config ?? {}) }
      const giveBack = sender.quotas.create(wanted.partitions)
      const topic = await rights.api.createTopic(wanted).catch((error) => {
        giveBack()
        throw error
      })
      reply.code(201).header('location', topicPath(topic.name))
      return topic
    },
  )

  app.get<{ Params: { topic: string }; Querystring: Query }>(
    '/topics/:topic',
    { schema: schemas.describe },
    async ({ params, query, context }) => {
      const topic = await context.rights.api.describeTopic(params.topic, query.topicId)
      return { ...topic, settings: effectiveSettings(topic.config, defaults) }
    },
  )

  app.patch<{ Params: { topic: string }; Querystring: Query; Body: { partitions: number } }>(
    '/topics/:topic',
    { schema: schemas.addPartitions, config: { errorCodes: { '/partitions': 'INVALID_PARTITIONS' } } },
    async ({ params, query, body, context }) => {
      const { rights, sender } = context
      const present = rights.api.routing([params.topic]).topics[0]?.partitions.length ?? body.partitions
      const giveBack = sender.quotas.addPartitions(Math.max(0, body.partitions - present))
      return rights.admin.addPartitions(params.topic, body.partitions, query.topicId).catch((error) => {
        giveBack()
        throw error
      })
    },
  )

  app.patch<{ Params: { topic: string }; Querystring: Query; Body: Record<string, unknown> }>(
    '/topics/:topic/config',
    { schema: schemas.alter, config: { errorCodes: alterErrors } },
    async ({ params, query, body, context }) =>
      context.rights.admin.alterTopic(params.topic, withoutKafkaNames(body), query.topicId),
  )

  app.post<{ Params: { topic: string; partition: number }; Querystring: Query; Body: { before: number } }>(
    '/topics/:topic/partitions/:partition/delete-records',
    { schema: schemas.deleteRecords },
    ({ params: { topic, partition }, query: { topicId }, body, context }) => {
      const target = { kind: 'partition', topic, partition, ...(topicId && { topicId }) } as const
      return context.rights.admin.deleteRecords(target, body.before)
    },
  )

  app.delete<{ Params: { topic: string }; Querystring: Query }>(
    '/topics/:topic',
    { schema: schemas.remove },
    async ({ params, query, context }, reply) => {
      await context.rights.api.deleteTopic(params.topic, query.topicId)
      reply.code(204)
    },
  )
}

const createErrors = {
  '/name': 'INVALID_TOPIC_NAME',
  '/partitions': 'INVALID_REPLICATION',
  '/replicas': 'INVALID_REPLICATION',
  '/config': 'INVALID_SETTING',
} as const

const alterErrors = Object.fromEntries(['', ...settingNames].map((name) => [`/${name}`, 'INVALID_SETTING' as const]))

/** Without what has no bound: that is the default. */
function newConfig(given: Record<string, unknown>): TopicConfig {
  return Object.fromEntries(Object.entries(withoutKafkaNames(given)).filter(([, value]) => value !== null))
}

const tags = ['topics']
const schemas = {
  list: {
    tags,
    summary: 'Topics of the cluster',
    operationId: 'listTopics',
    response: {
      200: { description: 'All topics.', ...object({ topics: { type: 'array', items: { $ref: 'TopicSummary#' } } }) },
      ...errorResponses,
    },
  },
  create: {
    tags,
    summary: 'Create a topic',
    operationId: 'createTopic',
    body: object(
      {
        name: { type: 'string', minLength: 1, maxLength: 249, pattern: '^[a-zA-Z0-9._-]+$' },
        partitions: { type: 'integer', minimum: 1, maximum: 100_000 },
        replicas: {
          type: 'integer',
          minimum: 1,
          maximum: 99,
          description: 'Copies of each partition, on as many brokers.',
        },
        config: { $ref: 'TopicSettings#' },
      },
      ['config'],
    ),
    response: { 201: { description: 'The topic as created.', $ref: 'TopicSummary#' }, ...errorResponses },
  },
  describe: {
    tags,
    summary: 'One topic with its partitions and their leaders',
    operationId: 'describeTopic',
    params: topicParams,
    querystring: topicQuery,
    response: { 200: { description: 'The topic.', $ref: 'Topic#' }, ...errorResponses },
  },
  addPartitions: {
    tags,
    summary: 'Add partitions to a topic',
    operationId: 'addPartitions',
    params: topicParams,
    querystring: topicQuery,
    body: object({
      partitions: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        description: 'How many it is to have, with those that it has. They cannot become fewer.',
      },
    }),
    response: { 200: { description: 'The topic as it is now.', $ref: 'TopicSummary#' }, ...errorResponses },
  },
  alter: {
    tags,
    summary: 'Change settings of a topic',
    operationId: 'alterTopic',
    params: topicParams,
    querystring: topicQuery,
    body: { $ref: 'TopicChanges#' },
    response: { 200: { description: 'All settings as they are now.', $ref: 'TopicConfig#' }, ...errorResponses },
  },
  deleteRecords: {
    tags,
    summary: 'Delete the records of a partition before an offset',
    description: 'Permanently, on all replicas and cascade brokers. -1: all before the high watermark.',
    operationId: 'deleteRecords',
    params: partitionParams,
    querystring: topicQuery,
    body: object({ before: { type: 'integer', minimum: -1, maximum: Number.MAX_SAFE_INTEGER } }),
    response: {
      200: { description: 'Where the partition begins now.', ...object({ logStart: { type: 'integer' } }) },
      ...errorResponses,
    },
  },
  remove: {
    tags,
    summary: 'Delete a topic and its records',
    operationId: 'deleteTopic',
    params: topicParams,
    querystring: topicQuery,
    response: { 204: { description: 'The topic is gone.', type: 'null' }, ...errorResponses },
  },
} as const
