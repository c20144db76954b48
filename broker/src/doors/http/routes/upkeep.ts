import type { BrokerId } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { brokerNumber } from '../admin-schemas.ts'
import { object } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'

/** Requests of operators about the spread of replicas over brokers. */
export function upkeepRoutes(app: FastifyInstance): void {
  app.get('/cluster/balance', { schema: schemas.balance }, ({ context }) => context.rights.admin.balance())

  app.post('/cluster/balance', { schema: schemas.startBalancing }, async (request, reply) => {
    await request.context.rights.admin.setBalancing(true, request.ip)
    reply.code(202)
  })

  app.delete('/cluster/balance', { schema: schemas.stopBalancing }, async (request, reply) => {
    await request.context.rights.admin.setBalancing(false, request.ip)
    reply.code(204)
  })

  app.put<{ Params: { id: BrokerId } }>(
    '/cluster/brokers/:id/draining',
    { schema: schemas.drain },
    async (request, reply) => {
      await request.context.rights.admin.setDraining(request.params.id, true, request.ip)
      reply.code(202)
    },
  )

  app.delete<{ Params: { id: BrokerId } }>(
    '/cluster/brokers/:id/draining',
    { schema: schemas.undrain },
    async (request, reply) => {
      await request.context.rights.admin.setDraining(request.params.id, false, request.ip)
      reply.code(204)
    },
  )
}

const tags = ['operations']
const accepted = (description: string) => ({ 202: { description, type: 'null' }, ...errorResponses })
const done = (description: string) => ({ 204: { description, type: 'null' }, ...errorResponses })
const params = object({ id: brokerNumber })
const schemas = {
  balance: {
    tags,
    summary: 'How evenly replicas and leaderships are spread, and the moves that would make it even',
    operationId: 'balance',
    response: {
      200: { description: 'The plan of the asked broker; nothing moves. It takes some seconds.', $ref: 'Balance#' },
      ...errorResponses,
    },
  },
  startBalancing: {
    tags,
    summary: 'Spread replicas and leaderships evenly',
    operationId: 'startBalancing',
    response: accepted('It is on record, and goes on until it is done, a few replicas at a time.'),
  },
  stopBalancing: {
    tags,
    summary: 'Call off what was asked for by startBalancing; moves that have begun end',
    operationId: 'stopBalancing',
    response: done('It is called off.'),
  },
  drain: {
    tags,
    summary: 'Move the replicas and leaderships of a broker to others, and give it no new ones',
    operationId: 'drainBroker',
    params,
    response: accepted('It is on record, and goes on until others hold all that they can take.'),
  },
  undrain: {
    tags,
    summary: 'Let a broker that was to be emptied hold replicas again',
    operationId: 'undrainBroker',
    params,
    response: done('It counts like all others again.'),
  },
} as const
