import type { FastifyInstance } from 'fastify'
import type { Quota, QuotaEntity } from '../../../api/quotas.ts'
import { entityQuery, quotaBody } from '../quota-schemas.ts'
import { array, object } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'

/** How much clients may do: limits by principal, client id and address. */
export function quotaRoutes(app: FastifyInstance): void {
  app.get('/security/quotas', { schema: schemas.list }, async ({ context }) => ({
    quotas: context.rights.security.listQuotas(),
  }))

  app.put<{ Body: { entity: Partial<QuotaEntity>; limits: Quota['limits'] } }>(
    '/security/quotas',
    { schema: schemas.set },
    async ({ context, body: { entity, limits } }, reply) => {
      await context.rights.security.setQuota({ entity: whole(entity), limits })
      reply.code(204)
    },
  )

  app.delete<{ Querystring: Partial<QuotaEntity> }>(
    '/security/quotas',
    { schema: schemas.remove },
    async ({ context, query }, reply) => {
      await context.rights.security.removeQuota(whole(query))
      reply.code(204)
    },
  )
}

function whole({ principal = null, clientId = null, address = null }: Partial<QuotaEntity>): QuotaEntity {
  return { principal, clientId, address }
}

const tags = ['security']
const done = (description: string) => ({ 204: { description, type: 'null' }, ...errorResponses }) as const
const schemas = {
  list: {
    tags,
    summary: 'List quotas',
    operationId: 'listQuotas',
    response: {
      200: { description: 'All quotas.', ...object({ quotas: array({ $ref: 'Quota#' }) }) },
      ...errorResponses,
    },
  },
  set: {
    tags,
    summary: 'Limit what a principal, a client id or an address may do',
    description: 'In the place of all limits that exactly this entity had. Every broker keeps to it for itself.',
    operationId: 'setQuota',
    body: quotaBody,
    response: done('The limits hold within seconds, on every broker.'),
  },
  remove: {
    tags,
    summary: 'Remove the quota of exactly this entity',
    operationId: 'removeQuota',
    querystring: entityQuery,
    response: done('It is gone; a less specific one may hold now.'),
  },
} as const
