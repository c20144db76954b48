import { type Offset, positionFrom, readTokenPattern, TailraceError } from '@tailrace/schemas'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { BrokerApi } from '../../../api/broker-api.ts'
import type { Clock } from '../../../platform/clock.ts'
import { readLimits } from '../../limits/limits.ts'
import type { ReadBudget } from '../../limits/read-budget.ts'
import type { WaitingReads } from '../../limits/waiting-reads.ts'
import type { LongPolls, Waiting } from '../../standing/long-polls.ts'
import type { Abandonment } from '../abandonment.ts'
import { type AddressedRead, type CacheScope, cacheHeaders, entityTag, hasAlready, isFixed } from '../cached-reads.ts'
import type { RequestPlaces } from '../load-shedding.ts'
import { RecordAnswers } from '../record-answers.ts'
import { endOffsetHeader, heldByLines, type LinesAsked, recordLines, topicIdHeader } from '../record-lines.ts'
import { object } from '../schema-parts.ts'
import { errorResponses, partitionParams, topicId } from '../schemas.ts'

export interface ReadRouteParts {
  readonly clock: Clock
  readonly places: RequestPlaces
  readonly abandonment: Abandonment
  readonly reads: ReadBudget
  readonly polls: LongPolls
  readonly waits: WaitingReads
  readonly cacheScope: CacheScope
}

interface ReadRequest {
  Params: { topic: string; partition: number }
  Querystring: {
    offset: string
    to?: string
    maxBytes: number
    waitMs: number
    token?: string
    replica: boolean
    topicId: string
    linearizable: boolean
  }
}

/** Reads of a partition, with a long poll. */
export function readRoutes(app: FastifyInstance, parts: ReadRouteParts): void {
  const { clock, places, abandonment, reads, polls, waits, cacheScope } = parts
  const answers = new RecordAnswers(clock, places)
  app.get<ReadRequest>(
    '/topics/:topic/partitions/:partition/records',
    { schema, config: { fetches: true } },
    async (request, reply) => {
      const { topic, partition } = request.params
      const { offset: from, to, maxBytes, waitMs, token, replica, linearizable } = request.query
      const { context } = request
      const { api } = context.rights
      const asked: AddressedRead = { topic, partition, offset: from, to, topicId: request.query.topicId }
      // Without an id it is the topic that has the name now, also if another has it when the answer comes.
      const topicId = request.query.topicId || (api.topicIdOf(topic) ?? '')
      const signal = abandonment.of(reply)
      const covered = token === undefined ? {} : { token: parseReadToken(token) }
      const most = Math.min(maxBytes, readLimits.jsonBytes)
      const read = { offset: 0, maxBytes: most, waitMs, replica, linearizable, ...covered, topicId }
      const bounded = context.read(read, signal)
      const place = { api, topic, partition, replica, search: { topicId, linearizable } }
      const offset = await offsetAt(place, 'offset', from === '' ? 'earliest' : from)
      const end = to === undefined ? undefined : await offsetAt(place, 'to', to)
      if (wantsLines(request.headers.accept)) {
        const lines = { topic, partition, request: { ...bounded, offset }, end }
        return sendLines(request, reply, asked, lines, parts)
      }
      const waiting: Waiting = (empty, wait) => {
        places.leave(request)
        return waits.wait(context.sender.client, empty, signal, wait)
      }
      const poller = { rights: context.rights, reads }
      const wanted = { ...bounded, offset, ...(end !== undefined && end <= offset && { waitMs: 0 }) }
      const polled = await polls.read(poller, topic, partition, wanted, waiting)
      const { delivery } = polled
      context.metrics.fetched(delivery.found, delivery.counts)
      context.sender.quotas.spend('fetchBytesPerSecond', delivery.found.bytes)
      const { utf8, nextOffset } = await answers.text(reply, signal, { ...polled, topicId, end })
      const found = { offset, nextOffset, highWatermark: delivery.found.highWatermark }
      const tag = isFixed(asked, found) ? entityTag('j', asked, found) : null
      reply.headers(cacheHeaders(tag, cacheScope))
      if (hasAlready(request.headers['if-none-match'], tag)) return reply.code(304).send()
      return reply.type('application/json; charset=utf-8').send(utf8)
    },
  )
}

const linesType = 'application/x-ndjson'

function wantsLines(accept: string | undefined): boolean {
  return accept?.toLowerCase().includes(linesType) === true
}

/** All records up to an end, as they are read. Where it fails behind the first line its connection is cut off. */
async function sendLines(
  { context, method, headers }: Pick<FastifyRequest, 'context' | 'method' | 'headers'>,
  reply: FastifyReply,
  asked: AddressedRead,
  wanted: LinesAsked,
  { places, reads, clock, cacheScope }: ReadRouteParts,
): Promise<FastifyReply> {
  // It may take long: nobody loses it for the sake of others.
  places.answer(reply, heldByLines).finish()
  const { end, highWatermark, lines } = await recordLines(wanted, { context, reads, clock })
  const found = { offset: wanted.request.offset, nextOffset: end, highWatermark }
  const tag = isFixed(asked, found) ? entityTag('n', asked, found) : null
  reply.headers({
    ...cacheHeaders(tag, cacheScope),
    'content-type': `${linesType}; charset=utf-8`,
    [topicIdHeader]: wanted.request.topicId,
    [endOffsetHeader]: end,
  })
  const isKnown = hasAlready(headers['if-none-match'], tag)
  if (!isKnown && method !== 'HEAD') return reply.send(lines)
  lines.destroy()
  return reply.code(isKnown ? 304 : 200).send()
}

interface ReadPlace {
  readonly api: BrokerApi
  readonly topic: string
  readonly partition: number
  readonly replica: boolean
  readonly search: { readonly topicId: string; readonly linearizable: boolean }
}

/** `name`: of the parameter. @throws TailraceError INVALID_REQUEST, and as BrokerApi.findOffset rejects */
async function offsetAt(place: ReadPlace, name: string, text: string): Promise<Offset> {
  const { api, topic, partition, replica, search } = place
  const position = positionFrom(text)
  if (position === null)
    throw new TailraceError('INVALID_REQUEST', `${name} must be ${offsetForms}, not ${JSON.stringify(text)}.`)
  if (position.kind === 'OFFSET') return position.value
  // Only the leader can say where "earliest" and "latest" are, and a replica is asked when the leader cannot be.
  if (replica) throw new TailraceError('INVALID_REQUEST', `replica=true needs a number as ${name}.`)
  return (await api.findOffset(topic, partition, position, search)).offset
}

const offsetForms = 'a number, "earliest", "latest" or a time such as 2026-03-01T12:00:00Z'

const answer = object(
  {
    records: { type: 'array', items: { $ref: 'Record#' } },
    nextOffset: { type: 'integer' },
    highWatermark: { type: 'integer', description: 'Not with `to`.' },
    topicId: {
      type: 'string',
      description: 'Name it in the next request: an offset means nothing in another topic that gets the name.',
    },
  },
  ['highWatermark'],
)
const schema = {
  tags: ['records'],
  summary: 'Read records of a partition',
  description:
    'Whole batches from `offset` on, at least one if there is any; waits up to `waitMs` for the first. With `Accept: application/x-ndjson` all records up to `to`, or up to the end as it is now, a record a line.',
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
      to: {
        type: 'string',
        maxLength: 100,
        description:
          'Only records before this offset or time. Between two offsets of a topic that is named by its id the answer is one that caches may keep.',
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
    ['offset', 'to', 'maxBytes', 'waitMs', 'token', 'replica', 'topicId', 'linearizable'],
  ),
  response: {
    200: {
      description: 'Records; read on from nextOffset.',
      content: {
        'application/json': { schema: answer },
        [linesType]: { schema: { type: 'string', description: 'A Record as JSON a line.' } },
      },
    },
    304: { description: 'The client has the answer: `If-None-Match` names it.', type: 'null' },
    ...errorResponses,
  },
} as const
