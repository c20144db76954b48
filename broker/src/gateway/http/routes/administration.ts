import type { BrokerId } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { AdminApi } from '../../../cluster/admin-api.ts'
import { brokerNumber } from '../admin-schemas.ts'
import { object } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'

/** What operators do to the cluster as a whole: take brokers out, read the audit. */
export function administrationRoutes(app: FastifyInstance, admin: AdminApi): void {
  app.delete<{ Params: { id: BrokerId } }>(
    '/cluster/brokers/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      await admin.removeBroker(request.params.id, request.ip)
      reply.code(204)
    },
  )

  app.get('/cluster/audit', { schema: schemas.audit }, async () => ({ records: await admin.audit() }))
}

const tags = ['operations']
const schemas = {
  remove: {
    tags,
    summary: 'Take a broker out of the cluster for ever',
    operationId: 'removeBroker',
    params: object({ id: brokerNumber }),
    response: { 204: { description: 'It is out.', type: 'null' }, ...errorResponses },
  },
  audit: {
    tags,
    summary: 'What operators did that could not be undone',
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
