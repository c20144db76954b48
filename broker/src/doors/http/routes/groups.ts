import type { BrokerId } from '@tailrace/schemas'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GroupTarget } from '../../../api/admin-api.ts'
import { groupSchemas } from './group-schemas.ts'

type Params = { topic: string; partition: number }
/** Only under a partition's path: the id of the topic. */
type Query = { topicId?: string }
type Request<Body> = FastifyRequest<{ Body: Body; Params: Params }>

interface ForceRequest {
  readonly members: readonly BrokerId[]
  readonly acceptDataLoss?: boolean
  readonly by?: string
}

/**
 * Requests of operators about a Raft group: the same under a partition's path and, for the metadata group, under
 * /cluster.
 */
export function groupRoutes(app: FastifyInstance): void {
  routesOf(app, 'partition', '/topics/:topic/partitions/:partition', ({ topic, partition }, { topicId }) => ({
    kind: 'partition',
    topic,
    partition,
    ...(topicId ? { topicId } : {}),
  }))
  routesOf(app, 'cluster', '/cluster', () => ({ kind: 'metadata' }))
}

function routesOf(
  app: FastifyInstance,
  prefix: 'partition' | 'cluster',
  path: string,
  targetOf: (params: Params, query: Query) => GroupTarget,
): void {
  const schemas = groupSchemas(prefix)
  const target = ({ params, query }: { params: unknown; query: unknown }): GroupTarget =>
    targetOf(params as Params, query as Query)

  app.get(`${path}/describe`, { schema: schemas.describe }, (request) =>
    request.context.rights.admin.describeGroup(target(request)),
  )

  app.get(`${path}/members`, { schema: schemas.members }, (request) =>
    request.context.rights.admin.members(target(request)),
  )

  const named = { errorCodes: { '/replicas': 'INVALID_MEMBERS', '/members': 'INVALID_MEMBERS' } } as const
  app.put(
    `${path}/members`,
    { schema: schemas.change, config: named },
    async (request: Request<{ replicas: BrokerId[] }>, reply) => {
      await request.context.rights.admin.changeMembers(target(request), request.body.replicas)
      // The change is recorded and goes on by itself: this address shows its progress.
      return reply.code(202).header('location', request.url.split('?')[0]).send()
    },
  )

  app.delete(`${path}/members/change`, { schema: schemas.cancel }, async (request, reply) => {
    await request.context.rights.admin.cancelChange(target(request))
    reply.code(204)
  })

  app.post(`${path}/leader`, { schema: schemas.transfer }, (request: Request<{ to?: BrokerId }>) =>
    request.context.rights.admin.transferLeadership(target(request), request.body.to ?? 0),
  )

  app.post(`${path}/force-members`, { schema: schemas.force, config: named }, (request: Request<ForceRequest>) => {
    const { members, acceptDataLoss = false, by = '' } = request.body
    return request.context.rights.admin.forceMembers(target(request), {
      members,
      acceptDataLoss,
      by: by === '' ? request.ip : `${by} from ${request.ip}`,
    })
  })

  app.post(
    `${path}/snapshot`,
    { schema: schemas.snapshot },
    (request: Request<{ broker: BrokerId; thenFetch?: boolean }>) =>
      request.context.rights.admin.snapshot(target(request), {
        broker: request.body.broker,
        thenFetch: request.body.thenFetch ?? false,
      }),
  )

  app.put(
    `${path}/priority`,
    { schema: schemas.priority },
    async (request: Request<{ broker: BrokerId; factor: number }>, reply) => {
      await request.context.rights.admin.setPriority(target(request), request.body)
      reply.code(204)
    },
  )
}
