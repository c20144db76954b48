import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { StreamProducer, StreamResult } from '../../api/streams-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { arrayOf, messagesOf } from '../../streams/state/json-messages.ts'
import { isJson } from '../../streams/state/stream-record.ts'
import { BEGINNING, END, offsetText, positionFrom } from '../../streams/wire/stream-offset.ts'
import type { Abandonment } from '../http/abandonment.ts'
import { type CacheScope, hasAlready } from '../http/cached-reads.ts'
import type { RequestPlaces } from '../http/load-shedding.ts'
import type { ClientShares } from '../limits/client-shares.ts'
import type { ReadBudget } from '../limits/read-budget.ts'
import type { WaitingReads } from '../limits/waiting-reads.ts'
import { EventStreams } from '../sse/event-streams.ts'
import { LiveStream, type LiveStreamParts } from './live-stream.ts'
import { streamSchemas as schemas } from './schemas.ts'
import { cacheControl, streamTag } from './stream-caching.ts'
import { cursorAfter } from './stream-cursor.ts'
import { appendFrom, createFrom, factHeaders, refusalError, refusalHeaders, tailHeaders } from './stream-headers.ts'
import { pathOf, ROOT } from './stream-path.ts'
import { type FoundPart, isAtOpenEnd, StreamReader } from './stream-reader.ts'

export interface StreamRouteParts extends LiveStreamParts {
  readonly clock: Clock
  readonly places: RequestPlaces
  readonly abandonment: Abandonment
  readonly reads: ReadBudget
  readonly waits: WaitingReads
  /** Of WebSockets and streams of events. */
  readonly longLived: ClientShares
  readonly cacheScope: CacheScope
}

interface Named {
  Params: { '*': string }
}
interface Read extends Named {
  Querystring: { offset?: string; live?: 'long-poll' | 'sse'; cursor?: string }
}

/** Of a body that is refused, in limits of bodies. */
const MOST_DROPPED = 4
const LONG_POLL_MS = 20_000
const ADDRESS = `${ROOT}*`
const NOTHING = new Uint8Array(0)

/** The protocol of durable streams. Returns all streams that are followed. */
export function streamRoutes(app: FastifyInstance, parts: StreamRouteParts): EventStreams {
  const followed = new EventStreams(parts.clock)
  void app.register(async (routes) => {
    takeAnyBody(routes)
    refuseLongBodies(routes)
    protectBrowsers(routes)
    writeRoutes(routes)
    readRoute(routes, parts, followed)
    const config = { publishes: false }
    routes.head<Named>(ADDRESS, { schema: schemas.head, config }, async ({ context, params }, reply) => {
      const { result } = await context.rights.streams.ask({ kind: 'head', path: pathOf(params) })
      reply.headers({ ...factHeaders(result), 'cache-control': 'no-store' })
    })
    routes.delete<Named>(ADDRESS, { schema: schemas.remove }, async ({ context, params }, reply) => {
      await context.rights.streams.ask({ kind: 'delete', path: pathOf(params) })
      reply.code(204)
    })
  })
  return followed
}

/** A stream has any content, of any type. */
function takeAnyBody(routes: FastifyInstance): void {
  routes.removeAllContentTypeParsers()
  routes.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/**
 * A body that is too long is refused without closing: clients see the status only if they may send to the end. What
 * they send is dropped, up to some times the limit.
 */
function refuseLongBodies(routes: FastifyInstance): void {
  routes.addHook('preParsing', ({ headers, routeOptions: { bodyLimit } }, _reply, payload, done) => {
    const length = Number(headers['content-length'] ?? 0)
    const isLong = length > bodyLimit && length <= MOST_DROPPED * bodyLimit
    if (isLong) done(new TailraceError('FRAME_TOO_LARGE', `The body may have ${bodyLimit} bytes.`))
    else done(null, payload)
  })
}

/** What clients have written must be nothing else to a browser than it says, and no part of a foreign page. */
function protectBrowsers(routes: FastifyInstance): void {
  routes.addHook('onRequest', (_request, reply, done) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'cross-origin' })
    done()
  })
}

function writeRoutes(routes: FastifyInstance): void {
  const creates = { publishes: true, checkSender: checks('create') }
  routes.put<Named>(ADDRESS, { schema: schemas.create, config: creates }, async (request, reply) => {
    const { context, params, headers } = request
    const started = context.now()
    const asked = createFrom(pathOf(params), headers)
    const body = storedBody(request, asked.type)
    const { result } = await context.rights.streams.ask(asked, body)
    if (result.kind === 'refused') throw refused(reply, result, null)
    if (result.isNew && body.length > 0) counted(request, body, started)
    reply.headers(factHeaders(result)).code(result.isNew ? 201 : 200)
    if (result.isNew)
      reply.header('location', `${request.protocol}://${request.host}${request.originalUrl.split('?', 1)[0]}`)
    return reply.send(NOTHING)
  })

  const appends = { publishes: true, checkSender: checks('append') }
  routes.post<Named>(ADDRESS, { schema: schemas.append, config: appends }, async (request, reply) => {
    const { context, params, headers } = request
    const started = context.now()
    const asked = appendFrom(pathOf(params), headers)
    const hasBody = bodyOf(request).length > 0
    if (hasBody && asked.type === '') throw new TailraceError('INVALID_REQUEST', 'An append names its Content-Type.')
    const body = hasBody ? storedBody(request, asked.type) : NOTHING
    if (body.length === 0 && (hasBody || !asked.close)) {
      throw new TailraceError('INVALID_REQUEST', 'There is nothing to append; Stream-Closed: true closes the stream.')
    }
    const { result } = await context.rights.streams.ask(asked, body)
    if (result.kind === 'refused') throw refused(reply, result, asked.producer)
    if (!result.duplicate) counted(request, body, started)
    const { producer } = asked
    const isNew = producer !== null && body.length > 0 && !result.duplicate
    reply.headers(tailHeaders(result.tail, result.closed)).code(isNew ? 200 : 204)
    if (producer !== null) {
      reply.headers({ 'producer-epoch': String(producer.epoch), 'producer-seq': String(result.lastSeq) })
    }
    return reply.send()
  })
}

/** Before the body of a request is asked for. */
function checks(kind: 'create' | 'append'): (request: FastifyRequest) => void {
  return ({ context, params }) => context.rights.checkStream(kind, pathOf(params as Named['Params']))
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return (body as Buffer | undefined) ?? NOTHING
}

/** As it is stored. @throws TailraceError INVALID_REQUEST: it is no JSON */
function storedBody(request: FastifyRequest, type: string): Uint8Array {
  const body = bodyOf(request)
  return body.length > 0 && isJson(type) ? messagesOf(body) : body
}

function counted({ context }: FastifyRequest, { length: bytes }: Uint8Array, started: number): void {
  context.published({ bytes, records: 1, batches: 1 }, started)
}

function refused(
  reply: FastifyReply,
  result: StreamResult & { readonly kind: 'refused' },
  producer: StreamProducer | null,
): TailraceError {
  reply.headers(refusalHeaders(result, producer))
  return refusalError(result)
}

function readRoute(routes: FastifyInstance, parts: StreamRouteParts, followed: EventStreams): void {
  const { clock, abandonment, places, waits, reads, cacheScope } = parts
  const options = { schema: schemas.read, config: { fetches: true }, exposeHeadRoute: false }
  routes.get<Read>(ADDRESS, options, async (request, reply) => {
    const { context, params, query, headers } = request
    const { live, offset, cursor } = query
    if (live !== undefined && offset === undefined) {
      throw new TailraceError('INVALID_REQUEST', 'A live read names its offset.')
    }
    const from = offset === undefined ? BEGINNING : positionFrom(offset)
    const { streams } = context.rights
    const reader = new StreamReader(pathOf(params), { streams, quotas: context.sender.quotas, reads, clock })
    const found = await reader.read(from)
    if (live === 'sse') return follow(request, reply, { reader, found, cursor }, { parts, followed })
    if (live === undefined) {
      const tag = from === END ? null : streamTag(found.result)
      return send(reply, found, { tag, ifNoneMatch: headers['if-none-match'], places, cacheScope })
    }
    const signal = abandonment.of(reply)
    const wait = (over: AbortSignal) => reader.next(found, LONG_POLL_MS, over)
    if (isAtOpenEnd(found)) places.leave(request)
    const part = isAtOpenEnd(found) ? await waits.wait(context.sender.client, found, signal, wait) : found
    const { closed, next, tail } = part.result
    if (!closed || next < tail) reply.header('stream-cursor', cursorAfter(cursor, parts))
    const isEmpty = part.result.next === part.result.offset
    if (!isEmpty) return send(reply, part, { tag: streamTag(part.result), ifNoneMatch: undefined, places, cacheScope })
    reply.headers({ ...tailHeaders(next, closed), 'stream-up-to-date': 'true', 'cache-control': 'no-store' })
    return reply.code(204).send()
  })
}

interface Sending {
  readonly tag: string | null
  readonly ifNoneMatch: string | undefined
  readonly places: RequestPlaces
  readonly cacheScope: CacheScope
}

function send(reply: FastifyReply, { result, body }: FoundPart, sending: Sending): FastifyReply {
  const { tag, ifNoneMatch, places, cacheScope } = sending
  const isAtEnd = result.next === result.tail
  reply.headers({
    'content-type': result.type,
    ...tailHeaders(result.next, isAtEnd && result.closed),
    'stream-next-offset': offsetText(result.next),
    'cache-control': cacheControl(result, cacheScope),
    vary: 'origin',
    ...(isAtEnd && { 'stream-up-to-date': 'true' }),
    ...(tag !== null && { etag: tag }),
  })
  if (hasAlready(ifNoneMatch, tag)) return reply.code(304).send()
  const bytes = isJson(result.type) ? arrayOf(body) : body
  places.answer(reply, bytes.length).finish()
  return reply.send(bytes)
}

interface Following {
  readonly reader: StreamReader
  readonly found: FoundPart
  readonly cursor: string | undefined
}

function follow(
  request: FastifyRequest,
  reply: FastifyReply,
  { reader, found, cursor }: Following,
  { parts, followed }: { readonly parts: StreamRouteParts; readonly followed: EventStreams },
): FastifyReply {
  const { longLived, places } = parts
  const { client } = request.context.sender
  if (!longLived.take(client)) {
    throw new TailraceError('OVERLOADED', `${longLived.taken} WebSockets and streams of events are open.`)
  }
  reply.raw.once('close', () => longLived.release(client))
  // It takes no place of a request at work.
  places.leave(request)
  const headers = reply.getHeaders()
  reply.hijack()
  const live = new LiveStream(reader, reply.raw, parts)
  reply.raw.once('close', followed.add(live))
  void live.run(found, cursor, headers)
  return reply
}
