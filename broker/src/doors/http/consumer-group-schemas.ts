import { array, bool, integer, object, string } from './schema-parts.ts'
import { errorResponses } from './schemas.ts'

/** JSON schemas of consumer groups; the shapes are those of api/consumer-groups-api.ts. */

const standing = { type: 'string', enum: ['empty', 'stable', 'rebalancing'] }
const offset = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const topicName = { type: 'string', minLength: 1, maxLength: 249 } as const
const topics = array(string)
const lag = { ...integer, description: 'Records; -1: not known.' }

const stuck = array(object({ topic: string, partition: integer, offset: integer, sinceMs: integer }))
const member = object({
  id: string,
  instance: { ...string, description: 'Empty: it has no name that stays.' },
  clientId: string,
  host: string,
  principal: string,
  rack: string,
  sessionMs: integer,
  epoch: { ...integer, description: 'That it was told last; 0: this coordinator has told it nothing yet.' },
  topics,
  patterns: array(string),
  stuck: { ...stuck, description: 'Records that a handler holds longer than it should.' },
})

const progress = object({
  topic: string,
  topicId: string,
  partition: integer,
  member: { ...string, description: 'That has it; empty: nobody.' },
  token: { ...integer, description: 'The fencing token of the lease; 0: there is none.' },
  offset: { ...integer, description: 'The committed position; -1: none.' },
  term: integer,
  metadata: string,
  committedAt: { ...integer, description: 'Milliseconds since 1970; 0: never.' },
  end: { ...integer, description: 'Behind the last committed record; -1: its leader does not tell.' },
  lag,
})

const listed = object({
  group: string,
  state: standing,
  members: integer,
  topics,
  lag,
  stuck: { ...integer, description: 'Records that handlers hold longer than they should.' },
})

const carried = object(
  {
    topic: topicName,
    partition: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
    offset,
    metadata: { type: 'string', maxLength: 4096, default: '' },
  },
  ['metadata'],
)
const positions = { type: 'array', items: carried, minItems: 1, maxItems: 10_000 } as const
const params = object({ group: { type: 'string', minLength: 1, maxLength: 255 } })
const tags = ['consumer groups']

export const consumerGroupSchemas = {
  list: {
    tags,
    summary: 'Consumer groups of the cluster',
    operationId: 'listConsumerGroups',
    response: {
      200: {
        description: 'All groups that may be described.',
        ...object({ groups: array(listed) }),
      },
      ...errorResponses,
    },
  },
  describe: {
    tags,
    summary: 'One consumer group: its members, who has which partition, and lag',
    operationId: 'describeConsumerGroup',
    params,
    response: {
      200: {
        description: 'The group.',
        ...object({
          group: string,
          state: standing,
          epoch: integer,
          members: array(member),
          partitions: array(progress),
          delayed: { ...integer, description: 'Records that are to come again later.' },
        }),
      },
      ...errorResponses,
    },
  },
  remove: {
    tags,
    summary: 'Delete a consumer group without members, with its positions',
    operationId: 'deleteConsumerGroup',
    params,
    response: { 204: { description: 'It is gone.', type: 'null' }, ...errorResponses },
  },
  reset: {
    tags,
    summary: 'Move the positions of a consumer group without members',
    operationId: 'resetConsumerGroup',
    params,
    body: object(
      {
        to: {
          type: 'string',
          minLength: 1,
          maxLength: 100,
          description: '"earliest", "latest", an offset, a time (ISO 8601), or a number of records like "-100".',
        },
        topics: {
          type: 'array',
          items: topicName,
          minItems: 1,
          maxItems: 1000,
          description: 'Absent: all that it has positions of.',
        },
        dryRun: { ...bool, default: false, description: 'Answers what would be done, and does nothing.' },
      },
      ['topics', 'dryRun'],
    ),
    response: {
      200: {
        description: 'Each position with the one before. No position leaves its partition.',
        ...object({
          group: string,
          dryRun: bool,
          positions: array(
            object({ topic: string, topicId: string, partition: integer, from: integer, offset: integer }),
          ),
        }),
      },
      ...errorResponses,
    },
  },
  positions: {
    tags,
    summary: 'The committed positions of a consumer group, to be carried elsewhere',
    operationId: 'exportConsumerGroup',
    params,
    response: {
      200: { description: 'By the names of topics.', ...object({ group: string, positions: array(carried) }) },
      ...errorResponses,
    },
  },
  setPositions: {
    tags,
    summary: 'Set positions of a consumer group without members',
    description: 'The group comes to be by it. Positions of other partitions stay.',
    operationId: 'importConsumerGroup',
    params,
    body: object({ positions }),
    response: { 204: { description: 'They are committed.', type: 'null' }, ...errorResponses },
  },
} as const
