import { type Offset, parseReadToken, positionFrom, readTokenPattern, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify'
import type { BrokerApi } from '../../../api/broker-api.ts'
import type { Clock } from '../../../platform/clock.ts'
import { conditionalRecords, conditionFromJson, placeOf } from '../../json/conditional-publish.ts'
import type { JsonPublisher } from '../../json/publisher.ts'
import { recordsFromJson } from '../../json/record.ts'
import type { AutoCreation } from '../../limits/auto-creation.ts'
import { readLimits } from '../../limits/limits.ts'
import type { ReadBudget } from '../../limits/read-budget.ts'
import type { WaitingReads } from '../../limits/waiting-reads.ts'
import type { LongPolls, Waiting } from '../../standing/long-polls.ts'
import type { Abandonment } from '../abandonment.ts'
import type { RequestPlaces } from '../load-shedding.ts'
import { RecordAnswers } from '../record-answers.ts'
import { object } from '../schema-parts.ts'
import { errorResponses, partitionParams, topicId, topicParams, topicQuery } from '../schemas.ts'

export interface RecordRouteParts {
  readonly clock: Clock
  readonly publisher: JsonPublisher
  readonly creation: AutoCreation
  readonly places: RequestPlaces
  readonly abandonment: Abandonment
  readonly reads: ReadBudget
  readonly polls: LongPolls
  readonly waits: WaitingReads
}

interface ReadRequest {
  Params: { topic: string; partition: number }
  Querystring: {
    offset: string
    maxBytes: number
    waitMs: number
    token?: string
    replica: boolean
    topicId: string
    linearizable: boolean
  }
}

interface ConditionalRequest {
  Params: { topic: string; partition: number }
  Querystring: { expectedOffset?: number; fence?: number; topicId: string }
  Body: { records?: unknown } | null
}

/** Records: publish, and read with a long poll. */
export function recordRoutes(app: FastifyInstance, parts: RecordRouteParts): void {
  publishRoutes(app, parts)
  readRoute(app, parts)
}

function publishRoutes(app: FastifyInstance, { publisher, creation }: RecordRouteParts): void {
  // Records are checked by recordsFromJson, whose errors name the record and the fault; a schema could only say "no
  // match".
  const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ httpPart, schema }) =>
    httpPart === 'body' ? anything : app.validatorCompiler!({ schema } as never)

  app.post<{ Params: { topic: string }; Querystring: { topicId: string }; Body: { records?: unknown } | null }>(
    '/topics/:topic/records',
    { schema: schemas.publish, config: { publishes: true }, validatorCompiler },
    async (request) => {
      const { context } = request
      const started = context.now()
      const records = recordsFromJson(request.body?.records)
      const { topic } = request.params
      const { topicId } = request.query
      const publish = () => publisher.publish(context.rights, topic, records, topicId)
      const published = await creation.orCreate(context.sender, topic, topicId, publish)
      const { offsets, tokens, batches } = published
      const bytes = Number(request.headers['content-length'] ?? 0)
      context.published({ bytes, records: records.length, batches }, started)
      return { offsets, tokens }
    },
  )

  // A route of its own: a broker that does not know conditions answers 404, and does not write without one.
  app.post<ConditionalRequest>(
    '/topics/:topic/partitions/:partition/records',
    { schema: schemas.publishIf, config: { publishes: true }, validatorCompiler },
    async (request) => {
      const { context, query } = request
      const { topic, partition } = request.params
      const started = context.now()
      const asked = conditionalRecords(partition, conditionFromJson(query), request.body?.records)
      const publish = () => publisher.publishIf(context.rights, topic, asked, query.topicId)
      const result = await creation.orCreate(context.sender, topic, query.topicId, publish)
      const bytes = Number(request.headers['content-length'] ?? 0)
      const records = asked.records.length
      context.published({ bytes, records, batches: Math.min(records, 1) }, started)
      return placeOf(partition, result)
    },
  )
}

function readRoute(app: FastifyInstance, parts: RecordRouteParts): void {
  const { clock, places, abandonment, reads, polls, waits } = parts
  const answers = new RecordAnswers(clock, places)
  app.get<ReadRequest>(
    '/topics/:topic/partitions/:partition/records',
    { schema: schemas.read, config: { fetches: true } },
    async (request, reply) => {
      const { topic, partition } = request.params
      const { maxBytes, waitMs, token, replica, linearizable } = request.query
      const { context } = request
      const { api } = context.rights
      // Without an id it is the topic that has the name now, also if another has it when the answer comes.
      const topicId = request.query.topicId || (api.topicIdOf(topic) ?? '')
      const signal = abandonment.of(reply)
      const covered = token === undefined ? {} : { token: parseReadToken(token) }
      const most = Math.min(maxBytes, readLimits.jsonBytes)
      const asked = { offset: 0, maxBytes: most, waitMs, replica, linearizable, ...covered, topicId }
      const bounded = context.read(asked, signal)
      const from = request.query.offset
      if (replica && !/^[0-9]+$/.test(from)) throw new TailraceError('INVALID_REQUEST', replicaNeedsOffset)
      const offset = await startOffset(api, topic, partition, from, topicId, linearizable)
      const waiting: Waiting = (empty, wait) => {
        places.leave(request)
        return waits.wait(context.sender.client, empty, signal, wait)
      }
      const poller = { rights: context.rights, reads }
      const polled = await polls.read(poller, topic, partition, { ...bounded, offset }, waiting)
      const { delivery } = polled
      context.metrics.fetched(delivery.found, delivery.counts)
      context.sender.quotas.spend('fetchBytesPerSecond', delivery.found.bytes)
      const text = await answers.text(reply, signal, { ...polled, topicId })
      return reply.type('application/json; charset=utf-8').send(text)
    },
  )
}

async function startOffset(
  api: BrokerApi,
  topic: string,
  partition: number,
  from: string,
  topicId: string,
  linearizable: boolean,
): Promise<Offset> {
  const position = positionFrom(from === '' ? 'earliest' : from)
  if (position === null)
    throw new TailraceError('INVALID_REQUEST', `offset must be ${offsetForms}, not ${JSON.stringify(from)}.`)
  if (position.kind === 'OFFSET') return position.value
  return (await api.findOffset(topic, partition, position, { topicId, linearizable })).offset
}

/** Only the leader can say where "earliest" and "latest" are, and a replica is asked when the leader cannot be. */
const replicaNeedsOffset = 'replica=true needs a number as offset.'

const offsetForms = 'a number, "earliest", "latest" or a time such as 2026-03-01T12:00:00Z'

const anything = () => true

const tags = ['records']
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const schemas = {
  publish: {
    tags,
    summary: 'Publish records',
    description:
      'Answers when all records are on the disks of a majority. Within the request every record is written exactly once; sending the request again may write it again.',
    operationId: 'publish',
    params: topicParams,
    querystring: topicQuery,
    body: object({ records: { type: 'array', minItems: 1, items: { $ref: 'RecordInput#' } } }),
    response: {
      200: {
        description: 'A place for each record, in the order of the request.',
        ...object({
          offsets: { type: 'array', items: object({ partition: { type: 'integer' }, offset: { type: 'integer' } }) },
          tokens: {
            type: 'array',
            description:
              'For each partition the token of its last record, and the brokers that hold that and all before it.',
            items: object({
              partition: { type: 'integer' },
              token: { type: 'string', pattern: readTokenPattern },
              holders: { type: 'array', items: { type: 'integer' } },
            }),
          },
        }),
      },
      ...errorResponses,
    },
  },
  publishIf: {
    tags,
    summary: 'Publish records under a condition',
    description:
      'Writes all records as one batch, or none: 412 WRONG_EXPECTED_OFFSET where the partition does not end at `expectedOffset`, 409 FENCED where a higher `fence` was accepted. Without records the fence is accepted, and the answer tells where the partition ends.',
    operationId: 'publishIf',
    params: partitionParams,
    querystring: object(
      {
        expectedOffset: {
          ...count,
          description: 'The partition must end exactly there: the offset that the first record gets.',
        },
        fence: { ...count, description: 'A fencing token of the partition: lower than the highest one is refused.' },
        topicId,
      },
      ['expectedOffset', 'fence', 'topicId'],
    ),
    body: object({ records: { type: 'array', items: { $ref: 'RecordInput#' } } }, ['records']),
    response: {
      200: {
        description: 'Where the records are.',
        ...object(
          {
            partition: { type: 'integer' },
            offset: { type: 'integer', description: 'Of the first record.' },
            endOffset: {
              type: 'integer',
              description: 'Where the partition ends behind them: expect that the next time.',
            },
            token: { type: 'string', pattern: readTokenPattern },
            holders: { type: 'array', items: { type: 'integer' } },
          },
          ['token', 'holders'],
        ),
      },
      ...errorResponses,
    },
  },
  read: {
    tags,
    summary: 'Read records of a partition',
    description: 'Whole batches from `offset` on, at least one if there is any; waits up to `waitMs` for the first.',
    operationId: 'read',
    params: partitionParams,
    querystring: object(
      {
        offset: {
          type: 'string',
          maxLength: 100,
          default: 'earliest',
          description: 'An offset, "earliest", "latest", or a time (ISO 8601): the first record at or after it.',
        },
        maxBytes: { type: 'integer', minimum: 1, maximum: readLimits.maxBytes, default: readLimits.defaultBytes },
        waitMs: { type: 'integer', minimum: 0, maximum: readLimits.maxWaitMs, default: 0 },
        token: {
          type: 'string',
          pattern: readTokenPattern,
          description: 'Token of an acknowledgement that the answer must cover, else NOT_CAUGHT_UP.',
        },
        replica: {
          type: 'boolean',
          default: false,
          description:
            'Reads from the replica of the asked broker, which may be behind the leader. Needs a number as offset.',
        },
        topicId,
        linearizable: {
          type: 'boolean',
          default: false,
          description:
            'The answer shows all records that were acknowledged before the request was sent: the leader confirms that it still leads.',
        },
      },
      ['offset', 'maxBytes', 'waitMs', 'token', 'replica', 'topicId', 'linearizable'],
    ),
    response: {
      200: {
        description: 'Records; read on from nextOffset.',
        ...object({
          records: { type: 'array', items: { $ref: 'Record#' } },
          nextOffset: { type: 'integer' },
          highWatermark: { type: 'integer' },
          topicId: {
            type: 'string',
            description: 'Name it in the next request: an offset means nothing in another topic that gets the name.',
          },
        }),
      },
      ...errorResponses,
    },
  },
} as const
