import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import type { BrokerApi } from '../../api/broker-api.ts'
import type { RequestPlaces } from '../http/load-shedding.ts'
import { object } from '../http/schema-parts.ts'
import { errorResponses, topicId, topicParams } from '../http/schemas.ts'
import type { ClientShares } from '../limits/client-shares.ts'
import { askedEvents, type EventQuery } from './asked-events.ts'
import { EventStream, type EventStreamParts, eventHeaders, mostStreamPartitions, retryMs } from './event-stream.ts'
import { EventStreams } from './event-streams.ts'

export interface EventRouteParts extends EventStreamParts {
  readonly places: RequestPlaces
  /** Of WebSockets and streams of events. */
  readonly longLived: ClientShares
}

interface StreamRequest {
  Params: { topic: string }
  Querystring: EventQuery
}

/** Server-sent events. Returns all that are open. */
export function eventRoutes(app: FastifyInstance, parts: EventRouteParts): EventStreams {
  const { places, longLived, clock } = parts
  const streams = new EventStreams(clock)
  const errorHandler = comeBack(parts)
  const options = { schema, exposeHeadRoute: false, errorHandler }
  app.get<StreamRequest>('/topics/:topic/stream', options, async (request, reply) => {
    const { context, params, query, headers } = request
    const { rights, sender } = context
    rights.checkRead(params.topic)
    const topic = rights.api.routing([params.topic]).topics[0]
    if (topic === undefined) throw missing(params.topic, rights.api.readiness())
    const lastEventId = headers['last-event-id']
    const asked = askedEvents(topic, query, Array.isArray(lastEventId) ? lastEventId[0] : lastEventId)
    if (!longLived.take(sender.client)) {
      throw new TailraceError('OVERLOADED', `${longLived.taken} WebSockets and streams of events are open.`)
    }
    reply.raw.once('close', () => longLived.release(sender.client))
    const stream = new EventStream(asked, context, { response: reply.raw, headers: reply.getHeaders() }, parts)
    reply.raw.once('close', streams.add(stream))
    // It takes no place of a request at work.
    places.leave(request)
    await stream.open()
    return reply.hijack()
  })
  return streams
}

/** A broker that has just started does not know all topics yet. */
function missing(topic: string, { ready, reason }: ReturnType<BrokerApi['readiness']>): TailraceError {
  return ready ? new TailraceError('UNKNOWN_TOPIC', `"${topic}".`) : new TailraceError('NOT_READY', reason)
}

/**
 * EventSource gives up where the status is not 200, also while a broker starts. So what asks for events alone is told
 * of an error that passes by an event, and comes back. All others get the status.
 */
function comeBack({ random, metrics }: EventRouteParts): RouteShorthandOptions['errorHandler'] {
  return (error, { headers }, reply) => {
    if (!(error instanceof TailraceError) || !error.retriable || headers.accept !== eventStream) throw error
    metrics.transports.http_events.failed(error.code)
    const ms = error.retryAfterMs ?? retryMs + random.below(retryMs)
    reply.header('content-type', eventHeaders['content-type']).header('cache-control', eventHeaders['cache-control'])
    reply.code(200).send(`event: error\nretry: ${ms}\ndata: ${JSON.stringify(error)}\n\n`)
  }
}

const eventStream = 'text/event-stream'
const partition = { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 } as const
const schema = {
  tags: ['records'],
  summary: 'Follow a topic with server-sent events',
  description:
    'A stream of `text/event-stream`: `record` events with a record as JSON each, as they are committed. The `id` of each is the position behind it: sent back as `Last-Event-ID`, the stream goes on there. See docs/protocol.md.',
  operationId: 'streamEvents',
  params: topicParams,
  querystring: object(
    {
      partition: {
        type: 'array',
        items: partition,
        minItems: 1,
        maxItems: mostStreamPartitions,
        uniqueItems: true,
        description: 'Of these partitions, each as a parameter of its own. Default: all.',
      },
      from: {
        type: 'string',
        maxLength: 8_000,
        default: 'latest',
        description:
          'An offset, "earliest", "latest", a time (ISO 8601), or the id of an event. `Last-Event-ID` counts more.',
      },
      key: {
        type: 'array',
        items: { type: 'string', maxLength: 1_000 },
        maxItems: 100,
        description: 'Only records with one of these keys, each as a parameter of its own.',
      },
      topicId,
      clientId: { type: 'string', description: 'As the header tailrace-client-id, for browsers.' },
    },
    ['partition', 'from', 'key', 'topicId', 'clientId'],
  ),
  response: {
    200: { description: 'Events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    ...errorResponses,
  },
} as const
