import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { sharedSchemas } from './schemas.ts'

const document = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Tailrace',
      version: '1',
      description: 'A Raft-replicated message log. WebSocket and binary frames: docs/protocol.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: ['records', 'topics', 'consumer groups', 'members', 'operations', 'security'].map((name) => ({ name })),
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
  const { default: swagger } = await import('@fastify/swagger')
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
