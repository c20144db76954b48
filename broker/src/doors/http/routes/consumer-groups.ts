import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { ConsumerGroupDescription } from '../../../api/consumer-groups-api.ts'
import type { CarriedPosition } from '../../../consumer-groups/positions/carried-positions.ts'
import { arrivedPositions, carriedPositions } from '../../../consumer-groups/positions/carried-positions.ts'
import { positionsOf, resetTargetOf, resolveReset } from '../../../consumer-groups/positions/reset-positions.ts'
import type { Rights } from '../../limits/rights.ts'
import { consumerGroupSchemas as schemas } from '../consumer-group-schemas.ts'

type Params = { readonly group: string }
interface ResetBody {
  readonly to: string
  readonly topics?: readonly string[]
  readonly dryRun?: boolean
}

/** Consumer groups: list, describe, move positions, carry them elsewhere, delete. */
export function consumerGroupRoutes(app: FastifyInstance): void {
  app.get('/consumer-groups', { schema: schemas.list }, async ({ context }) => ({
    groups: await context.rights.consumerGroups.list(),
  }))

  app.get<{ Params: Params }>('/consumer-groups/:group', { schema: schemas.describe }, async ({ context, params }) => {
    const { kind: _, ...described } = await description(context.rights, params)
    return { group: params.group, ...described }
  })

  app.delete<{ Params: Params }>(
    '/consumer-groups/:group',
    { schema: schemas.remove },
    async ({ context, params: { group } }, reply) => {
      await context.rights.consumerGroups.ask({ kind: 'alter', group, remove: true, positions: [] })
      reply.code(204)
    },
  )

  app.post<{ Params: Params; Body: ResetBody }>(
    '/consumer-groups/:group/reset',
    { schema: schemas.reset },
    async ({ context: { rights }, params: { group }, body: { to, topics = null, dryRun = false } }) => {
      const target = resetTargetOf(to)
      const { partitions, members } = await knownOrNew(rights, group, topics !== null)
      if (members.length > 0) throw new TailraceError('CONSUMER_GROUP_ACTIVE', `"${group}"`)
      const moves = await resolveReset(rights.api, partitions, target, topics)
      if (!dryRun) {
        await rights.consumerGroups.ask({ kind: 'alter', group, remove: false, positions: positionsOf(moves) })
      }
      return { group, dryRun, positions: moves }
    },
  )

  app.get<{ Params: Params }>(
    '/consumer-groups/:group/positions',
    { schema: schemas.positions },
    async ({ context, params }) => {
      const { partitions } = await description(context.rights, params)
      return { group: params.group, positions: carriedPositions(partitions) }
    },
  )

  app.put<{ Params: Params; Body: { readonly positions: readonly CarriedPosition[] } }>(
    '/consumer-groups/:group/positions',
    { schema: schemas.setPositions },
    async ({ context: { rights }, params: { group }, body }, reply) => {
      const positions = await arrivedPositions(rights.api, body.positions)
      await rights.consumerGroups.ask({ kind: 'alter', group, remove: false, positions })
      reply.code(204)
    },
  )
}

function description({ consumerGroups }: Rights, { group }: Params): Promise<ConsumerGroupDescription> {
  return consumerGroups.ask({ kind: 'describe', group })
}

/** A group may come to be with positions of named topics. */
async function knownOrNew(
  rights: Rights,
  group: string,
  mayBeNew: boolean,
): Promise<Pick<ConsumerGroupDescription, 'partitions' | 'members'>> {
  try {
    return await description(rights, { group })
  } catch (error) {
    if (!mayBeNew || TailraceError.from(error).code !== 'UNKNOWN_CONSUMER_GROUP') throw error
    return { partitions: [], members: [] }
  }
}
