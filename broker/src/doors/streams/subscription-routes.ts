import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { STREAM_PARTITIONS } from '../../api/streams-api.ts'
import type { ListedSubscriptions, SubscriptionAct, SubscriptionAnswer } from '../../api/subscriptions-api.ts'
import { idOfSubscription, subscriptionPath } from '../../api/subscriptions-api.ts'
import { isPath } from '../../streams/wire/request-checks.ts'
import { isSubscriptionAct } from '../../streams/wire/subscription-checks.ts'
import { baseOf } from './stream-path.ts'
import { type AckBody, ackFrom, type ConfigBody, configFrom, nameFrom, type WakeBody } from './subscription-bodies.ts'
import { subscriptionSchemas as schemas } from './subscription-schemas.ts'

const ROOT = '/streams/__ds'
const ADDRESS = `${ROOT}/subscriptions/:id`
/** Of one answer. */
const MOST_LISTED = 200
/** Of a body: the names of a hundred streams, or a thousand acks. */
const MOST_BYTES = 2 * 1024 * 1024

interface Named {
  Params: { readonly id: string }
}

/** Subscriptions of the protocol of durable streams. `keySet`: of webhooks. */
export function subscriptionRoutes(app: FastifyInstance, keySet: object): void {
  void app.register(async (routes) => {
    tellErrorsAsTheProtocol(routes)
    const bodyLimit = MOST_BYTES
    routes.put<Named & { Body: ConfigBody }>(ADDRESS, { schema: schemas.put, bodyLimit }, (request, reply) => {
      return answer(request, reply, {
        act: 'put',
        config: configFrom(request.body),
        base: baseOf(request),
        owner: null,
      })
    })
    const described = { schema: schemas.get, exposeHeadRoute: false }
    routes.get<Named & { Querystring: { readonly after?: string } }>(ADDRESS, described, (request, reply) =>
      answer(request, reply, { act: 'get', after: request.query.after ?? '' }),
    )
    routes.delete<Named>(ADDRESS, { schema: schemas.remove }, (request, reply) =>
      answer(request, reply, { act: 'delete' }),
    )
    listRoute(routes)
    membershipRoutes(routes)
    wakeRoutes(routes)
    const open = { schema: schemas.keys, config: { open: true }, exposeHeadRoute: false }
    routes.get(`${ROOT}/jwks.json`, open, async (_request, reply) => {
      reply.headers({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' })
      return reply.send(JSON.stringify(keySet))
    })
  })
}

function listRoute(routes: FastifyInstance): void {
  type Listed = { Querystring: { readonly after?: string } }
  const options = { schema: schemas.list, exposeHeadRoute: false }
  routes.get<Listed>(`${ROOT}/subscriptions`, options, async ({ context, query: { after } }, reply) => {
    const path = subscriptionPath('*')
    const from = after === undefined ? '' : subscriptionPath(after)
    const pages = await Promise.all(
      Array.from({ length: STREAM_PARTITIONS }, async (_, partition) => {
        const act = { act: 'list', partition, after: from } as const
        if (!isSubscriptionAct(act)) throw new TailraceError('INVALID_REQUEST', 'after is no id.')
        const { answer } = (await context.rights.streams.ask({ kind: 'subscription', path, act })).result
        return (answer.body as ListedSubscriptions).subscriptions
      }),
    )
    const all = pages.flat().sort((one, other) => (one.path < other.path ? -1 : 1))
    const listed = all.slice(0, MOST_LISTED).map((one) => ({ id: idOfSubscription(one.path), type: one.type }))
    reply.header('cache-control', 'no-store')
    return { subscriptions: listed, ...(all.length > MOST_LISTED && { next_after: listed.at(-1)!.id }) }
  })
}

function membershipRoutes(routes: FastifyInstance): void {
  const linked = { schema: schemas.link, bodyLimit: MOST_BYTES }
  routes.post<Named & { Body: { readonly streams: readonly string[] } }>(
    `${ADDRESS}/streams`,
    linked,
    (request, reply) => answer(request, reply, { act: 'link', streams: request.body.streams.map(nameFrom) }),
  )
  type Unlinked = { Params: { readonly id: string; readonly '*': string } }
  routes.delete<Unlinked>(`${ADDRESS}/streams/*`, { schema: schemas.unlink }, (request, reply) =>
    answer(request, reply, { act: 'unlink', stream: nameFrom(request.params['*']) }),
  )
}

function wakeRoutes(routes: FastifyInstance): void {
  const claimed = { schema: schemas.claim }
  routes.post<Named & { Body: { readonly worker: string } }>(`${ADDRESS}/claim`, claimed, (request, reply) =>
    answer(request, reply, { act: 'claim', worker: request.body.worker }),
  )
  // A program that has the token of a wake may ack it, by no right of its own.
  const config = { open: true, ownToken: true }
  for (const [name, by] of [
    ['ack', 'worker'],
    ['callback', 'callback'],
  ] as const) {
    const acked = { schema: schemas[name], config, bodyLimit: MOST_BYTES }
    routes.post<Named & { Body: AckBody }>(`${ADDRESS}/${name}`, acked, (request, reply) =>
      answer(request, reply, { act: 'ack', by, token: tokenOf(request), ...ackFrom(request.body) }),
    )
  }
  routes.post<Named & { Body: WakeBody }>(
    `${ADDRESS}/release`,
    { schema: schemas.release, config },
    (request, reply) => {
      const { wake_id: wake, generation } = request.body
      return answer(request, reply, { act: 'release', token: tokenOf(request), wake, generation })
    },
  )
}

async function answer(
  { context, params }: FastifyRequest,
  reply: FastifyReply,
  act: SubscriptionAct,
): Promise<FastifyReply> {
  if (!isSubscriptionAct(act)) throw new TailraceError('INVALID_REQUEST', 'A field is missing or wrong.')
  const path = subscriptionPath((params as Named['Params']).id)
  if (!isPath(path)) throw new TailraceError('INVALID_REQUEST', 'The id of a subscription has characters that print.')
  const { result } = await context.rights.streams.ask({ kind: 'subscription', path, act })
  return answered(reply, result.answer)
}

function answered(reply: FastifyReply, { status, body }: SubscriptionAnswer): FastifyReply {
  reply.code(status).header('cache-control', 'no-store')
  return body === null ? reply.send() : reply.send(body)
}

/** Empty: there is none, which no subscription takes. */
function tokenOf({ headers }: FastifyRequest): string {
  return /^Bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/** Errors of this broker have the form of the protocol besides their own. */
function tellErrorsAsTheProtocol(routes: FastifyInstance): void {
  routes.addHook<{ readonly code?: string; readonly message?: string; readonly error?: object }>(
    'preSerialization',
    (_request, reply, payload, done) => {
      const { code, message, error } = payload
      const isOwn = reply.statusCode >= 400 && code !== undefined && error === undefined
      done(null, isOwn ? { ...payload, error: { code, message } } : payload)
    },
  )
}
