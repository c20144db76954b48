import { readTokenPattern } from '@tailrace/schemas'
import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify'
import { topicPath } from '../../../cluster/routing/topic-path.ts'
import { conditionalRecords, conditionFromJson, placeOf } from '../../json/conditional-publish.ts'
import type { JsonPublisher } from '../../json/publisher.ts'
import { recordsFromJson } from '../../json/record.ts'
import type { AutoCreation } from '../../limits/auto-creation.ts'
import { conditionalTarget, topicTarget } from '../lines/line-target.ts'
import { type LineForm, lineForms } from '../lines/record-of-line.ts'
import { linesType, sendsLines } from '../lines/sends-lines.ts'
import { object } from '../schema-parts.ts'
import { errorResponses, partitionParams, topicId, topicParams } from '../schemas.ts'
import { acceptLines, type LineBodies } from './line-publishing.ts'

export interface RecordRouteParts {
  readonly lineBodies: LineBodies
  readonly publisher: JsonPublisher
  readonly creation: AutoCreation
}

interface PublishRequest {
  Params: { topic: string }
  Querystring: { topicId: string; lines: LineForm }
  Body: { records?: unknown } | null
}

interface ConditionalRequest {
  Params: { topic: string; partition: number }
  Querystring: { expectedOffset?: number; fence?: number; topicId: string; lines: LineForm }
  Body: { records?: unknown } | null
}

/** Records are published. */
export function recordRoutes(app: FastifyInstance, { publisher, creation, lineBodies }: RecordRouteParts): void {
  acceptLines(app)
  // Records are checked by recordsFromJson, whose errors name the record and the fault; a schema could only say "no
  // match".
  const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ httpPart, schema }) =>
    httpPart === 'body' ? anything : app.validatorCompiler!({ schema } as never)

  app.post<PublishRequest>(
    '/topics/:topic/records',
    { schema: schemas.publish, config: { publishes: true, takesLines: true }, validatorCompiler },
    async (request, reply) => {
      const { context } = request
      const { topic } = request.params
      const { topicId, lines } = request.query
      if (sendsLines(request)) {
        context.rights.checkWrite(topic)
        const target = topicTarget(topic, topicId, { publisher, creation, context })
        return lineBodies.publish(request, reply, lines, target)
      }
      const started = context.now()
      const records = recordsFromJson(request.body?.records)
      const publish = () => publisher.publish(context.rights, topic, records, topicId)
      const published = await creation.orCreate(context.sender, topic, topicId, publish)
      const { offsets, tokens, batches } = published
      const bytes = Number(request.headers['content-length'] ?? 0)
      context.published({ bytes, records: records.length, batches }, started)
      reply.header('location', recordPath(topic, offsets[0]!, published.topicId))
      return { offsets, tokens }
    },
  )

  // A route of its own: a broker that does not know conditions answers 404, and does not write without one.
  app.post<ConditionalRequest>(
    '/topics/:topic/partitions/:partition/records',
    { schema: schemas.publishIf, config: { publishes: true, takesLines: true }, validatorCompiler },
    async (request, reply) => {
      const { context, query } = request
      const { topic, partition } = request.params
      if (sendsLines(request)) {
        context.rights.checkWrite(topic)
        const place = { topic, topicId: query.topicId, partition }
        const target = conditionalTarget(place, conditionFromJson(query), { publisher, creation, context })
        return lineBodies.publish(request, reply, query.lines, target)
      }
      const started = context.now()
      const asked = conditionalRecords(partition, conditionFromJson(query), request.body?.records)
      const publish = () => publisher.publishIf(context.rights, topic, asked, query.topicId)
      const result = await creation.orCreate(context.sender, topic, query.topicId, publish)
      const bytes = Number(request.headers['content-length'] ?? 0)
      const records = asked.records.length
      context.published({ bytes, records, batches: Math.min(records, 1) }, started)
      const place = placeOf(partition, result)
      if (records > 0) reply.header('location', recordPath(topic, place, query.topicId))
      return place
    },
  )
}

/** Where a record that was published can be read: it alone. */
function recordPath(
  topic: string,
  { partition, offset }: { readonly partition: number; readonly offset: number },
  topicId: string,
): string {
  const path = topicPath(topic, `/partitions/${partition}/records`, topicId)
  return `${path}${topicId === '' ? '?' : '&'}offset=${offset}&to=${offset + 1}`
}

const anything = () => true

const tags = ['records']
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const readToken = { type: 'string', pattern: readTokenPattern } as const
const holders = { type: 'array', items: { type: 'integer' } } as const
const lines = {
  type: 'string',
  enum: lineForms,
  default: lineForms[0],
  description: 'With a body of lines: each is a record in JSON, or its bytes are the value of a record.',
} as const
const linesWritten = {
  description: 'Of a body of lines.',
  ...object({
    acknowledged: { type: 'integer', description: 'Lines.' },
    records: { type: 'integer' },
    partitions: {
      type: 'array',
      items: object(
        {
          partition: { type: 'integer' },
          records: { type: 'integer' },
          offset: { type: 'integer', description: 'Of the first record.' },
          endOffset: { type: 'integer', description: 'Behind the last.' },
          token: readToken,
          holders,
        },
        ['token', 'holders'],
      ),
    },
  }),
} as const

/** Records in JSON, or as lines. */
function recordBody(json: object): object {
  return { content: { 'application/json': { schema: json }, [linesType]: { schema: { type: 'string' } } } }
}

/** The two answers of a publish. */
function placesOr(description: string, json: object): object {
  return { description, content: { 'application/json': { schema: { oneOf: [json, linesWritten] } } } }
}

const schemas = {
  publish: {
    tags,
    summary: 'Publish records',
    description:
      'Answers when all records are on the disks of a majority. Within the request every record is written exactly once; sending the request again may write it again. A body of `application/x-ndjson` has a record a line, and any number of them; an error says how many lines are written.',
    operationId: 'publish',
    params: topicParams,
    querystring: object({ topicId, lines }, ['topicId', 'lines']),
    body: recordBody(object({ records: { type: 'array', minItems: 1, items: { $ref: 'RecordInput#' } } })),
    response: {
      200: placesOr(
        'A place for each record, in the order of the request; `Location` is where the first can be read.',
        object({
          offsets: { type: 'array', items: object({ partition: { type: 'integer' }, offset: { type: 'integer' } }) },
          tokens: {
            type: 'array',
            description:
              'For each partition the token of its last record, and the brokers that hold that and all before it.',
            items: object({ partition: { type: 'integer' }, token: readToken, holders }),
          },
        }),
      ),
      ...errorResponses,
    },
  },
  publishIf: {
    tags,
    summary: 'Publish records under a condition',
    description:
      'Writes all records as one batch, or none: 412 WRONG_EXPECTED_OFFSET where the partition does not end at `expectedOffset`, 409 FENCED where a higher `fence` was accepted. Without records the fence is accepted, and the answer tells where the partition ends. A body of `application/x-ndjson` is written in batches, each under the condition: `expectedOffset` moves on with them.',
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
        lines,
      },
      ['expectedOffset', 'fence', 'topicId', 'lines'],
    ),
    body: recordBody(object({ records: { type: 'array', items: { $ref: 'RecordInput#' } } }, ['records'])),
    response: {
      200: placesOr(
        'Where the records are.',
        object(
          {
            partition: { type: 'integer' },
            offset: { type: 'integer', description: 'Of the first record.' },
            endOffset: {
              type: 'integer',
              description: 'Where the partition ends behind them: expect that the next time.',
            },
            token: readToken,
            holders,
          },
          ['token', 'holders'],
        ),
      ),
      ...errorResponses,
    },
  },
} as const
