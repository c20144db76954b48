import type { BrokerId } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { brokerNumber } from '../admin-schemas.ts'
import { integer, object } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'
import { upkeepRoutes } from './upkeep.ts'

/** Requests of operators about the whole cluster: take brokers out, see what moves, read the audit. */
export function administrationRoutes(app: FastifyInstance): void {
  app.post<{ Body: { level?: number } }>(
    '/cluster/feature-level',
    { schema: schemas.featureLevel },
    async (request) => {
      const { rights } = request.context
      const { brokers } = await rights.cascade.status()
      const cascades = brokers.map(({ broker, featureLevels: range }) => ({ broker, range }))
      return rights.admin.raiseFeatureLevel({ level: request.body.level ?? null, by: request.ip, cascades })
    },
  )

  app.delete<{ Params: { id: BrokerId } }>(
    '/cluster/brokers/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      await request.context.rights.admin.removeBroker(request.params.id, request.ip)
      reply.code(204)
    },
  )

  upkeepRoutes(app)

  app.get('/cluster/moves', { schema: schemas.moves }, ({ context }) => context.rights.admin.moves())

  app.get('/cluster/audit', { schema: schemas.audit }, async ({ context }) => ({
    records: await context.rights.admin.audit(),
  }))
}

const tags = ['operations']
const schemas = {
  remove: {
    tags,
    summary: 'Take a broker out of the cluster permanently',
    operationId: 'removeBroker',
    params: object({ id: brokerNumber }),
    response: { 204: { description: 'It is out.', type: 'null' }, ...errorResponses },
  },
  featureLevel: {
    tags,
    summary: 'Raise the feature level of the cluster',
    operationId: 'raiseFeatureLevel',
    body: object({ level: { ...integer, minimum: 1, description: 'Absent: the highest that all brokers support.' } }, [
      'level',
    ]),
    response: { 200: { description: 'The level from now on.', ...object({ level: integer }) }, ...errorResponses },
  },
  moves: {
    tags: ['members'],
    summary: 'Changes of replicas under way, and last ones that have failed',
    operationId: 'moves',
    response: {
      200: { description: 'Those under way first, of topics in the order of their names.', $ref: 'Moves#' },
      ...errorResponses,
    },
  },
  audit: {
    tags,
    summary: 'Actions of operators that cannot be undone',
    operationId: 'audit',
    response: {
      200: {
        description: 'Newest first.',
        ...object({ records: { type: 'array', items: { $ref: 'AuditRecord#' } } }),
      },
      ...errorResponses,
    },
  },
} as const
