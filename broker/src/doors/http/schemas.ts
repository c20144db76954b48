import { errorTable } from '@tailrace/schemas'
import { adminSchemas } from './admin-schemas.ts'
import { quotaSchemas } from './quota-schemas.ts'
import { array, bool, integer, levelRange, object, string } from './schema-parts.ts'
import { securitySchemas } from './security-schemas.ts'
import { topicSettingSchemas } from './topic-setting-schemas.ts'

/**
 * JSON schemas of requests and answers over HTTP: requests are checked against them, and /openapi.json is made of them.
 */

const bytesSchema = {
  description: 'A string where the bytes are UTF-8, else {"base64": "…"}; null where there are none.',
  anyOf: [string, { type: 'null' }, object({ base64: { type: 'string', contentEncoding: 'base64' } })],
} as const

const headersSchema = {
  type: 'object',
  description: 'Names and values; a name that occurs several times has an array of values.',
  additionalProperties: { anyOf: [bytesSchema, array(bytesSchema)] },
} as const

const errorSchema = {
  $id: 'Error',
  ...object(
    {
      code: { type: 'string', enum: Object.keys(errorTable) },
      message: string,
      retriable: { ...bool, description: 'The same request may succeed later, unchanged.' },
      hint: { ...string, description: 'What you can do about it.' },
      topic: string,
      partition: integer,
      offset: { ...integer, description: 'The record at this offset cannot be read.' },
      retryAfterMs: { ...integer, description: 'The same request is refused again before so much time has passed.' },
      nextOffset: { ...integer, description: 'Where to read on behind the record that cannot be read.' },
      endOffset: { ...integer, description: 'With WRONG_EXPECTED_OFFSET: where the partition ends.' },
      fence: { ...integer, description: 'With FENCED: the highest fencing token that was accepted.' },
      acknowledged: { ...integer, description: 'Of records as lines: all lines up to this one are written.' },
      line: { ...integer, description: 'Of records as lines: the number, from 1, of the line that it is about.' },
    },
    ['topic', 'partition', 'offset', 'nextOffset', 'retryAfterMs', 'endOffset', 'fence', 'acknowledged', 'line'],
  ),
}

const recordInput = {
  $id: 'RecordInput',
  ...object(
    {
      key: bytesSchema,
      value: bytesSchema,
      headers: headersSchema,
      partition: {
        ...integer,
        minimum: 0,
        description: 'Default: the murmur2 hash of the key, else one partition for the request.',
      },
      timestamp: { ...integer, minimum: 0, description: 'Milliseconds since 1970. Default: now.' },
    },
    ['key', 'headers', 'partition', 'timestamp'],
  ),
}

const record = {
  $id: 'Record',
  ...object({ offset: integer, timestamp: integer, key: bytesSchema, value: bytesSchema, headers: headersSchema }),
}

const topicSummary = {
  $id: 'TopicSummary',
  ...object({ name: string, id: string, partitions: integer, replicas: integer, config: { $ref: 'TopicConfig#' } }),
}

const topic = {
  $id: 'Topic',
  ...object({
    name: string,
    id: string,
    config: { $ref: 'TopicConfig#' },
    settings: array({ $ref: 'EffectiveSetting#' }),
    partitions: array(
      object({
        partition: integer,
        leader: { ...integer, description: '0 while there is none.' },
        term: integer,
        replicas: array(integer),
        inSync: array(integer),
        logStart: integer,
        highWatermark: integer,
      }),
    ),
  }),
}

const brokerLoad = {
  ...object({
    connections: { ...integer, description: 'WebSockets that are open; -1: not told.' },
    lagMs: { ...integer, description: 'Behind level 0 at most, with the brokers that it copies from.' },
    ready: { ...bool, description: 'Clients may be sent to it.' },
  }),
  description: 'Of a cascade broker.',
}

/** A cluster as its brokers describe it, also to cascade brokers. */
const clusterFields = {
  clusterId: string,
  metadataLeader: integer,
  featureLevel: {
    ...integer,
    description: 'The feature level of the cluster; "tailrace cluster feature-level" raises it.',
  },
  brokers: array(
    object(
      {
        id: integer,
        http: string,
        peer: string,
        level: integer,
        alive: bool,
        pid: integer,
        featureLevels: levelRange,
        rack: { ...string, description: 'Where it stands, if it has been told.' },
        draining: { ...bool, description: 'It is to be emptied.' },
        load: brokerLoad,
        topics: { ...array(string), description: 'Of a cascade broker that does not copy all.' },
      },
      ['featureLevels', 'rack', 'draining', 'load', 'topics'],
    ),
  ),
}

const cluster = {
  $id: 'Cluster',
  ...object(clusterFields, ['featureLevel']),
}

/** Registered once; routes refer to them as `{ $ref: 'Topic#' }`. */
export const sharedSchemas: readonly object[] = [
  errorSchema,
  recordInput,
  record,
  ...topicSettingSchemas,
  topicSummary,
  topic,
  cluster,
  ...adminSchemas,
  ...securitySchemas,
  ...quotaSchemas,
]

export const errorResponses = {
  '4xx': { description: 'The request cannot be met as it is.', $ref: 'Error#' },
  '5xx': { description: 'The broker cannot meet the request now.', $ref: 'Error#' },
} as const

const topicName = { type: 'string', minLength: 1, maxLength: 249 } as const
export const topicParams = object({ topic: topicName })
export const topicId = {
  type: 'string',
  maxLength: 100,
  default: '',
  description: 'The id of the topic: if the name belongs to another topic the answer is TOPIC_ID_MISMATCH.',
} as const
export const topicQuery = object({ topicId }, ['topicId'])
export const partitionParams = object({
  topic: topicName,
  partition: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
})
