import { type LogLevel, logLevels, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { ShownSetting } from '../../../api/shown-setting.ts'
import { type AuthenticationMode, authenticationModes } from '../../../security/access/authorizer.ts'
import { object } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'

export interface MetricsPage {
  readonly registry: Registry
  /** More of the page, in whole lines; with the series of each partition, or without. */
  readonly series: (ofPartitions: boolean) => AsyncIterable<string>
}

/** As bytes: with one text of many megabytes, making bytes of it would hold up all other requests. */
async function pageOf({ registry, series }: MetricsPage, ofPartitions: boolean): Promise<Buffer> {
  const pieces = [Buffer.from(await registry.metrics())]
  for await (const text of series(ofPartitions)) pieces.push(Buffer.from(text))
  return Buffer.concat(pieces)
}

/** What a broker tells of itself: how it was started, and its routes. */
export interface Telling {
  readonly exposures: readonly string[]
  readonly settings: readonly ShownSetting[]
  readonly authentication: AuthenticationMode
  readonly apiDocument: () => Promise<object>
}

/** Requests of operators and their tools: cluster, health, readiness, metrics, OpenAPI. */
export function operationRoutes(
  app: FastifyInstance,
  metrics: MetricsPage,
  { exposures, settings, authentication, apiDocument }: Telling,
): void {
  app.get('/', { schema: schemas.welcome, config: always }, ({ context }) => ({
    name: 'tailrace',
    brokerId: context.rights.api.brokerId,
    authentication,
    links: {
      openapi: '/openapi.json',
      cluster: '/cluster',
      topics: '/topics',
      stream: '/stream',
      metrics: '/metrics',
      ready: '/readyz',
      console: '/console/',
    },
  }))

  app.get('/cluster', { schema: schemas.cluster }, ({ context }) => context.rights.api.describeCluster())

  app.get('/cluster/conditions', { schema: schemas.conditions }, async ({ context }) => ({
    brokers: await context.rights.conditions(),
  }))

  app.get('/healthz', { schema: schemas.health, config: always }, ({ context }) => ({
    status: 'ok',
    brokerId: context.rights.api.brokerId,
  }))

  app.get('/readyz', { schema: schemas.ready, config: always }, ({ context }, reply) => {
    const { ready, reason } = context.rights.api.readiness()
    const insecure = exposures.length > 0 ? { insecure: exposures } : {}
    if (ready) return reply.send({ ready, reason, ...insecure })
    // An error like any other, with the fields that the reader of a probe looks for.
    return reply
      .code(503)
      .header('retry-after', 1)
      .send({ ready, reason, ...new TailraceError('NOT_READY', reason).toJSON() })
  })

  app.get<{ Querystring: { partitions: boolean } }>(
    '/metrics',
    { schema: schemas.metrics, config: { alwaysAnswered: true } },
    async ({ context, query }, reply) => {
      context.rights.checkCluster('describe')
      reply.type(metrics.registry.contentType)
      return pageOf(metrics, query.partitions)
    },
  )

  app.get('/operations/settings', { schema: schemas.settings }, async ({ context }) => {
    context.rights.checkCluster('describe')
    return { brokerId: context.rights.api.brokerId, settings }
  })

  app.get('/operations/log-level', { schema: schemas.logLevel }, async ({ context }) => ({
    level: await context.rights.logLevel.logLevel(),
  }))

  app.put<{ Body: { level: LogLevel } }>(
    '/operations/log-level',
    { schema: schemas.setLogLevel },
    ({ context, body }) => context.rights.logLevel.setLogLevel(body.level),
  )

  app.get('/openapi.json', { schema: schemas.openapi, config: always }, () => apiDocument())
}

/** Probes have no credential, and links show nothing of the cluster. */
const always = { alwaysAnswered: true, open: true } as const
const string = { type: 'string' } as const
const tags = ['operations']
const logLevel = { ...string, enum: [...logLevels] }
const setting = object({
  name: string,
  value: { ...string, description: '"set" in the place of texts, addresses and paths.' },
  default: { type: ['string', 'null'], description: 'Null: there is none, or it follows from what is not shown.' },
  changed: { type: 'boolean', description: 'It differs from its default.' },
  perBroker: { type: 'boolean', description: 'It differs from broker to broker in any cluster.' },
  about: string,
})
const count = { type: 'integer', minimum: 0 } as const
const condition = object({
  ready: { type: 'boolean', description: 'Clients may be sent to it.' },
  reason: { ...string, description: 'Why not, or what else is not well.' },
  writable: { type: 'boolean', description: 'False: the disk is full up to the reserve.' },
  freeBytes: count,
  reserveBytes: count,
  secondsUntilFull: {
    type: ['integer', 'null'],
    description: 'Until only the reserve is free, if the disk fills up as now. Null: it does not fill up.',
  },
  checksumFailures: { ...count, description: 'Places whose checksum was wrong, since the start.' },
  quarantined: { ...count, description: 'Replicas that take no part until they have caught up again.' },
  stopped: { ...count, description: 'Replicas, or copies of a cascade broker, that take no part any more.' },
})
const brokerCondition = object({
  broker: { type: 'integer' },
  condition: { oneOf: [condition, { type: 'null' }], description: 'Null: not known.' },
  why: { ...string, description: 'Why it is not known.' },
})
const readiness = object(
  {
    ready: { type: 'boolean' },
    reason: string,
    insecure: { type: 'array', items: string, description: 'Ports on which any client or broker may do everything.' },
  },
  ['insecure'],
)
const notReady = object({
  ready: { type: 'boolean' },
  reason: string,
  code: string,
  message: string,
  retriable: { type: 'boolean' },
  hint: string,
})
const schemas = {
  welcome: {
    tags,
    summary: 'Where to go from here',
    operationId: 'welcome',
    response: {
      200: {
        description: 'Links.',
        ...object({
          name: string,
          brokerId: { type: 'integer' },
          authentication: {
            ...string,
            enum: [...authenticationModes],
            description: 'Whether clients must show a credential.',
          },
          links: { type: 'object', additionalProperties: string },
        }),
      },
      ...errorResponses,
    },
  },
  cluster: {
    tags,
    summary: 'Brokers of the cluster',
    operationId: 'describeCluster',
    response: { 200: { description: 'The cluster.', $ref: 'Cluster#' }, ...errorResponses },
  },
  conditions: {
    tags,
    summary: 'How all brokers are: readiness, disks, replicas that take no part',
    operationId: 'conditions',
    response: {
      200: {
        description: 'Of all brokers, as each says itself; a few seconds old.',
        ...object({ brokers: { type: 'array', items: brokerCondition } }),
      },
      ...errorResponses,
    },
  },
  health: {
    tags,
    summary: 'Is the process alive?',
    operationId: 'health',
    response: {
      200: { description: 'It is.', ...object({ status: string, brokerId: { type: 'integer' } }) },
      ...errorResponses,
    },
  },
  ready: {
    tags,
    summary: 'May clients be sent here?',
    operationId: 'ready',
    response: {
      200: { description: 'Yes.', ...readiness },
      503: { description: 'Not yet; the reason says why.', ...notReady },
      ...errorResponses,
    },
  },
  metrics: {
    tags,
    summary: 'Metrics for Prometheus',
    operationId: 'metrics',
    querystring: object(
      { partitions: { type: 'boolean', default: true, description: 'false: without the series of each partition.' } },
      ['partitions'],
    ),
    response: {
      200: { description: 'Prometheus text format.', content: { 'text/plain': { schema: string } } },
      ...errorResponses,
    },
  },
  settings: {
    tags,
    summary: 'Settings of this broker, with their defaults',
    operationId: 'settings',
    response: {
      200: {
        description: 'All settings, as it was started with them.',
        ...object({ brokerId: { type: 'integer' }, settings: { type: 'array', items: setting } }),
      },
      ...errorResponses,
    },
  },
  logLevel: {
    tags,
    summary: 'How much this broker writes to its log',
    operationId: 'logLevel',
    response: { 200: { description: 'The level.', ...object({ level: logLevel }) }, ...errorResponses },
  },
  setLogLevel: {
    tags,
    summary: 'Change how much this broker writes to its log, until its next start',
    operationId: 'setLogLevel',
    body: object({ level: logLevel }),
    response: {
      200: { description: 'The level from now on, and until now.', ...object({ level: logLevel, before: logLevel }) },
      ...errorResponses,
    },
  },
  openapi: {
    tags,
    summary: 'This description',
    operationId: 'openapi',
    response: {
      200: { description: 'OpenAPI 3.1.', type: 'object', additionalProperties: true },
      ...errorResponses,
    },
  },
} as const
