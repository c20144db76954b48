import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { sharedSchemas } from './schemas.ts'

const tags = {
  records: 'Publish, read and follow records.',
  'durable streams': 'Streams of bytes or JSON, by the protocol of durable-streams.',
  topics: 'Topics and their settings.',
  'consumer groups': 'What groups have read, and where they go on.',
  members: 'The replicas of partitions and of the metadata.',
  operations: 'The cluster and its brokers.',
  security: 'Users, tokens, rules and quotas.',
} as const

const document = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Tailrace',
      version: '1',
      description: 'A Raft-replicated message log. WebSocket and binary frames: docs/protocol.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Of the broker that gave this description.
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    // Some credential, or none where brokers ask for none.
    security: [{}, { bearer: [] }, { basic: [] }] as Record<string, string[]>[],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http' as const,
          scheme: 'bearer',
          description: 'A token of this cluster, or of its OpenID provider.',
        },
        basic: { type: 'http' as const, scheme: 'basic', description: 'A user and a password, over TLS.' },
      },
    },
  },
  refResolver: {
    buildLocalReference: (json: { $id?: unknown }, _base: object, _fragment: string, i: number) =>
      String(json.$id ?? `def-${i}`),
  },
}

/**
 * The OpenAPI description of the routes that `app` gets from now on. Made when it is first asked for, by a server that
 * listens nowhere: what makes it takes longer to load than any other part of a broker that is not needed before.
 */
export function apiDocument(app: FastifyInstance): () => Promise<object> {
  const routes: Pick<RouteOptions, 'method' | 'url' | 'schema'>[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (method !== 'HEAD') routes.push({ method, url, ...(schema !== undefined && { schema }) })
  })
  let made: Promise<object> | null = null
  return () => {
    made ??= describe(routes).catch((error) => {
      made = null
      throw error
    })
    return made
  }
}

async function describe(routes: readonly Pick<RouteOptions, 'method' | 'url' | 'schema'>[]): Promise<object> {
  const { swagger } = await import('./swagger.ts')
  const app = Fastify()
  // Nothing is asked of it, so nothing is compiled.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  for (const schema of sharedSchemas) app.addSchema(schema)
  await app.register(swagger, document)
  await app.register(async (described) => {
    for (const route of routes) described.route({ ...route, handler: () => undefined })
  })
  await app.ready()
  return app.swagger()
}
