import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { TailraceError } from '@tailrace/schemas'
import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { ShownSetting } from '../api/shown-setting.ts'
import type { StaticFiles } from '../api/static-files.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { TlsPort } from '../platform/tls-port.ts'
import { Abandonment, endAbandoned } from './http/abandonment.ts'
import { apiDocument } from './http/api-document.ts'
import { authenticateRequests } from './http/authentication.ts'
import { answerBareConnections, refuseConnections } from './http/bare-connections.ts'
import { BodyDeadlines } from './http/body-deadlines.ts'
import { boundConnections, countConnections } from './http/connections.ts'
import { giveContexts } from './http/contexts.ts'
import { answerCrossOrigin } from './http/cors.ts'
import { answerErrors, answerFrameworkError } from './http/errors.ts'
import { answerExpectations } from './http/expectations.ts'
import { parseJsonBodies } from './http/json-bodies.ts'
import { answerEarly } from './http/lines/early-answers.ts'
import { admitRequests } from './http/load-shedding.ts'
import { boundPipelining } from './http/pipelining.ts'
import { keepQuotas } from './http/quotas.ts'
import { administrationRoutes } from './http/routes/administration.ts'
import { cascadeRoutes } from './http/routes/cascade.ts'
import { consoleRoutes } from './http/routes/console.ts'
import { consumerGroupRoutes } from './http/routes/consumer-groups.ts'
import { groupRoutes } from './http/routes/groups.ts'
import { LineBodies } from './http/routes/line-publishing.ts'
import { type MetricsPage, operationRoutes, type Telling } from './http/routes/operations.ts'
import { readRoutes } from './http/routes/reads.ts'
import { recordRoutes } from './http/routes/records.ts'
import { securityRoutes } from './http/routes/security.ts'
import { topicRoutes } from './http/routes/topics.ts'
import { replacedCompilers, validateRequests } from './http/validation.ts'
import { JsonPublisher } from './json/publisher.ts'
import { AutoCreation } from './limits/auto-creation.ts'
import { ClientShares } from './limits/client-shares.ts'
import { HeldBytes } from './limits/held-bytes.ts'
import { defaultLimits, type GatewayLimits, mostReadBytes } from './limits/limits.ts'
import { type GatewayMetrics, gatewayMetrics } from './limits/metrics.ts'
import { NewProducers } from './limits/new-producers.ts'
import { QuotaKeeper } from './limits/quotas/quota-keeper.ts'
import { ReadBudget } from './limits/read-budget.ts'
import type { ContextParts } from './limits/request-context.ts'
import type { Services } from './limits/rights.ts'
import { SharedBrokers } from './limits/shared-brokers.ts'
import type { SentBytes } from './limits/transport-metrics.ts'
import { WaitingReads } from './limits/waiting-reads.ts'
import type { EventStreams } from './sse/event-streams.ts'
import { eventRoutes } from './sse/routes.ts'
import { LongPolls } from './standing/long-polls.ts'
import { PartitionEnds } from './standing/partition-ends.ts'
import { streamRoutes } from './streams/routes.ts'
import { underRoot } from './streams/stream-path.ts'
import { subscriptionRoutes } from './streams/subscription-routes.ts'
import { streamGateway } from './ws/gateway.ts'
import { SharedTexts } from './ws/messages/shared-texts.ts'
import { SharedAnswers } from './ws/shared-answers.ts'
import { SharedViews } from './ws/shared-views.ts'

export interface HttpGatewayParts {
  readonly services: Services
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** It may hold metrics of other parts of the broker already; default: a new one. */
  readonly registry?: Registry
  /** Lines of the page of metrics that are in no registry; with the series of each partition, or without. */
  readonly series?: MetricsPage['series']
  readonly limits?: Partial<GatewayLimits>
  /** Default: the console is not there. */
  readonly console?: StaticFiles
  /** Default: plain HTTP and WebSocket. */
  readonly tls?: TlsPort | undefined
  /** What is told of webhooks: their public keys, as a JSON Web Key Set. Default: this broker sends none. */
  readonly webhooks?: { readonly keySet: object } | null
  /** For operators: why any client, or any broker, may do everything here; a sentence each. */
  readonly exposures?: readonly string[]
  /** For operators. */
  readonly settings?: readonly ShownSetting[]
  readonly listen: { readonly host: string; readonly port: number }
  /**
   * Within a process that is not the broker's alone: gives the server its connections in the place of `listen`, and
   * resolves with `host:port`.
   */
  readonly attach?: ((server: Server) => Promise<string>) | null
}

export interface HttpGateway {
  /**
   * Resolves with `host:port` as others reach it, the real port where 0 was asked for. Rejects when the address is
   * taken.
   */
  listen(): Promise<string>
  /** Ends waiting requests and subscriptions with SHUTTING_DOWN, lets the rest finish, and closes all connections. */
  close(): Promise<void>
  readonly registry: Registry
  /** WebSockets that are open. */
  webSockets(): number
  /** To all clients and cascade brokers since the start. */
  sent(): SentBytes
}

function tellingOf({ exposures = [], settings = [], services }: HttpGatewayParts): Omit<Telling, 'apiDocument'> {
  return { exposures, settings, authentication: services.authorizer.mode }
}

/** HTTP and WebSocket on one port. */
export async function createHttpGateway(parts: HttpGatewayParts): Promise<HttpGateway> {
  const limits = { ...defaultLimits, ...parts.limits }
  const metrics = gatewayMetrics(parts.registry, parts.attach == null)
  const app = newServer(parts, limits, metrics)
  const abandonment = new Abandonment()
  let closing = false
  app.addHook('onRequest', (_request, _reply, done) => done(closing ? new TailraceError('SHUTTING_DOWN') : undefined))
  app.addHook('onResponse', (request, _reply, done) => {
    // The socket of a refused upgrade is no HTTP connection to Node any more: no other code closes it, and the server
    // waits for it.
    if (closing || (request.raw as { upgrade?: unknown }).upgrade === true) request.raw.socket.destroySoon()
    done()
  })
  answerErrors(app, parts.log, metrics.transports.http, parts.services.audit)
  measureRequests(app, parts.clock, metrics)
  const { clock, random, log, services } = parts
  const newProducers = new NewProducers(limits)
  askSenders(app, parts, { clock, log, limits, newProducers }, metrics)
  const held = heldBytes(limits, parts.clock, metrics)
  const places = admitRequests(app, limits, held.received, held.answers)
  const deadlines = new BodyDeadlines(app.server, parts.clock, limits.receiveTimeoutMs)
  answerEarly(app, parts.clock, limits.stallGraceMs)
  validateRequests(app)
  const described = apiDocument(app)
  const publisher = new JsonPublisher({
    api: services.api,
    clock,
    random,
    timeoutMs: limits.requestTimeoutMs,
    maxBatchBytes: limits.maxBatchBytes,
  })
  const reads = new ReadBudget(limits.maxReadBytes, mostReadBytes(limits))
  const longLived = new ClientShares(limits.maxWebSockets)
  const shared = { clock, random, log, limits, metrics, publisher, reads, longLived, ...madeForAll(parts, limits) }
  const stream = await streamGateway(app, { ...shared, services, received: held.received, newProducers })
  const lineBodies = new LineBodies({ ...shared, received: held.received, abandonment, deadlines })
  const waits = new WaitingReads(limits.maxWaitingReads)
  const followed: EventStreams[] = []
  await app.register(async (routes) => {
    topicRoutes(routes, limits)
    for (const add of plainRoutes) add(routes)
    followed.push(eventRoutes(routes, { ...shared, places }))
    recordRoutes(routes, { ...shared, lineBodies })
    const cacheScope = services.authorizer.mode === 'off' ? 'public' : 'private'
    const reading = { ...shared, places, abandonment, waits, cacheScope } as const
    readRoutes(routes, reading)
    followed.push(streamRoutes(routes, reading))
    subscriptionRoutes(routes, parts.webhooks?.keySet ?? { keys: [] })
    const page = { registry: metrics.registry, series: parts.series ?? noSeries }
    operationRoutes(routes, page, { ...tellingOf(parts), apiDocument: described })
    consoleRoutes(routes, parts.console ?? new Map())
  })
  await app.ready()
  return {
    ...figuresOf(metrics),
    listen: () => parts.attach?.(app.server) ?? listen(app, parts.listen),
    async close() {
      closing = true
      parts.tls?.close()
      abandonment.close()
      for (const streams of followed) streams.close()
      await Promise.all([stream.close(), lineBodies.close()])
      await app.close()
    },
  }
}

/** Those that need the rights of a request alone. */
const plainRoutes = [groupRoutes, consumerGroupRoutes, administrationRoutes, cascadeRoutes, securityRoutes]

function figuresOf(metrics: GatewayMetrics): Pick<HttpGateway, 'registry' | 'webSockets' | 'sent'> {
  return { registry: metrics.registry, webSockets: () => metrics.webSockets(), sent: () => metrics.sent() }
}

/** What is read, computed or put into words once for all clients. */
function madeForAll(
  { services, clock, log }: HttpGatewayParts,
  limits: GatewayLimits,
): {
  creation: AutoCreation
  texts: SharedTexts
  ends: PartitionEnds
  polls: LongPolls
  views: SharedViews
  answers: SharedAnswers
  brokers: SharedBrokers
} {
  const ends = new PartitionEnds(services.api, clock)
  return {
    creation: new AutoCreation(services.api, limits),
    texts: new SharedTexts(clock),
    ends,
    polls: new LongPolls(ends, clock),
    views: new SharedViews(services, clock, log),
    answers: new SharedAnswers(services, clock, log),
    brokers: new SharedBrokers(services.api, clock),
  }
}

/** Connections count from when they are accepted, and are read when TLS has let them in. */
function guardConnections(
  { server }: FastifyInstance,
  { clock, tls }: HttpGatewayParts,
  limits: GatewayLimits,
  metrics: GatewayMetrics,
): void {
  boundPipelining(server, clock)
  metrics.watchConnections(countConnections(server))
  tls?.guard(server, refuseConnections(metrics.transports.http))
  boundConnections(server, limits.maxConnections, tls === undefined ? undefined : (socket) => tls.carrier(socket))
}

/** Finds out the sender of a request, its page, and whether that is allowed here: before its body is read. */
function askSenders(
  app: FastifyInstance,
  { services, tls }: HttpGatewayParts,
  parts: ContextParts,
  metrics: GatewayMetrics,
): void {
  const certificateOf = (socket: Socket) => tls?.certificateOf(socket) ?? null
  const { clock, log } = parts
  const quotas = services.quotas ?? (() => noQuotas)
  const { cascadeBytesPerSecond } = parts.limits
  const keeper = new QuotaKeeper({ clock, log, metrics: metrics.throttled, quotas, cascadeBytesPerSecond })
  giveContexts(app, metrics.transports.http, services, parts, keeper, certificateOf)
  answerCrossOrigin(app, parts.limits)
  refuseEncodedBodies(app)
  authenticateRequests(app, services)
  endAbandoned(app)
  keepQuotas(app, clock)
  answerExpectations(app)
  endAbandoned(app)
}

const noQuotas = new Map()
async function* noSeries(): AsyncIterable<string> {}

/** Answers that are read, however slowly, may take this long. */
const longestAnswerMs = 600_000

function heldBytes(limits: GatewayLimits, clock: Clock, metrics: GatewayMetrics) {
  const { maxReceiveBytes, maxAnswerBytes, receiveTimeoutMs, stallGraceMs: graceMs } = limits
  const received = new HeldBytes(clock, { bytes: maxReceiveBytes, graceMs, maxAgeMs: receiveTimeoutMs })
  const answers = new HeldBytes(clock, { bytes: maxAnswerBytes, graceMs: 3 * graceMs, maxAgeMs: longestAnswerMs })
  metrics.watchHeld({ received, answers })
  return { received, answers }
}

function newServer(parts: HttpGatewayParts, limits: GatewayLimits, metrics: GatewayMetrics): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    // For all requests alike: BodyDeadlines has a time for those that need one.
    requestTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    return503OnClosing: false,
    exposeHeadRoutes: true,
    rewriteUrl: ({ url = '/' }) => underRoot(url),
    schemaController: replacedCompilers!,
    // The name of a user, percent-encoded.
    routerOptions: { maxParamLength: 2_400 },
    http: {
      headersTimeout: limits.headersTimeoutMs,
      maxHeaderSize: 16 * 1024,
      // By default Node looks for late requests every 30 s, with any time limits.
      connectionsCheckingInterval: 1_000,
    },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBareConnections(metrics.transports.http),
  })
  guardConnections(app, parts, limits, metrics)
  // Only JSON is understood. This also protects against browsers: text/plain would let any page POST without a
  // preflight.
  app.removeContentTypeParser('text/plain')
  parseJsonBodies(app)
  return app
}

function refuseEncodedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined || encoding.toLowerCase() === 'identity') return done()
    done(Object.assign(new Error('A body is sent as it is, without content-encoding.'), { statusCode: 415 }))
  })
}

function measureRequests(app: FastifyInstance, clock: Clock, metrics: GatewayMetrics): void {
  const started = new WeakMap<object, number>()
  app.addHook('onRequest', (request, _reply, done) => {
    started.set(request, clock.monotonic())
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const seconds = (clock.monotonic() - (started.get(request) ?? clock.monotonic())) / 1000
    // The route's pattern, not the URL: a label for each topic or guess would grow without bound.
    metrics.request(request.method, request.routeOptions.url ?? 'none', reply.statusCode, seconds)
    done()
  })
}

/**
 * Connections that wait until they are accepted. When all clients of a broker connect anew at once, those beyond it try
 * again after 1, 3 and 7 s. The system has a limit of its own, 4,096 on Linux.
 */
const backlog = 8_192

async function listen(app: FastifyInstance, address: { host: string; port: number }): Promise<string> {
  await app.listen({ host: address.host, port: address.port, backlog })
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return address.host.includes(':') ? `[${address.host}]:${port}` : `${address.host}:${port}`
}
