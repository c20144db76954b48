import type { BrokerId } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { CascadeApi, CascadeBeat } from '../../../cascade/wire/cascade-messages.ts'
import { brokerNumber } from '../admin-schemas.ts'
import { array, integer, levelRange, object, string } from '../schema-parts.ts'
import { clusterFields, errorResponses } from '../schemas.ts'

/** Cascade brokers: what they say to their source, who there is, and who copies from whom (M88, M89). */
export function cascadeRoutes(app: FastifyInstance, cascade: CascadeApi): void {
  // Answered however busy the gateway is: a source that seems dead loses all that copy from it.
  app.post<{ Body: CascadeBeat }>(
    '/cascade/beat',
    { schema: schemas.beat, config: { alwaysAnswered: true } },
    (request) => cascade.beat(request.body),
  )

  app.get('/cascade', { schema: schemas.status }, () => cascade.status())

  app.put<{ Params: { id: BrokerId }; Body: { source: BrokerId } }>(
    '/cascade/brokers/:id/source',
    { schema: schemas.assign },
    async (request, reply) => {
      await cascade.assign(request.params.id, request.body.source)
      reply.code(204)
    },
  )
}

const tags = ['operations']
const count = { ...integer, minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const reportFields = {
  broker: brokerNumber,
  directoryId: { ...string, maxLength: 100 },
  http: { ...string, maxLength: 300 },
  level: { ...count, description: 'One more than its source; 0 while it has had none.' },
  home: { ...count, description: 'The level it belongs to.' },
  source: { ...count, description: '0 while it has none.' },
  pinned: { ...count, description: 'The source that an operator has chosen; 0: the cluster chooses.' },
  lagRecords: { ...count, description: "Behind its source's high watermark, over all partitions." },
  lagMs: { ...count, description: 'For how long the partition that is furthest behind has been so.' },
  partitions: count,
  stopped: { ...count, description: 'Partitions that are not copied any more; its log says why.' },
  ageMs: { ...count, description: 'How old this is.' },
  featureLevels: levelRange,
}
const optional = ['featureLevels']

const schemas = {
  beat: {
    tags,
    summary: 'A cascade broker tells its source that it is there, and hears what to copy',
    operationId: 'cascadeBeat',
    body: object({
      clusterId: { ...string, maxLength: 100 },
      broker: brokerNumber,
      reports: { type: 'array', items: object(reportFields, optional), minItems: 1, maxItems: 10_000 },
      topics: { ...string, maxLength: 100 },
    }),
    response: {
      200: {
        description: 'What it needs to go on.',
        ...object(
          {
            clusterId: string,
            broker: integer,
            level: integer,
            ancestors: { ...array(integer), description: 'This broker, its source, and so on up to level 0.' },
            assignments: array(
              object({ broker: integer, source: integer, pin: { anyOf: [integer, { type: 'null' }] } }),
            ),
            cluster: object(clusterFields, ['featureLevel']),
            topics: { ...string, description: 'Digest of the list of topics.' },
            topicsVersion: { ...count, description: 'What a list of a higher version lacks has been deleted since.' },
            topicList: { anyOf: [array({ $ref: 'TopicSummary#' }), { type: 'null' }] },
            caughtUp: { type: 'boolean', description: 'False: it lacks records that its own source had at its start.' },
          },
          ['caughtUp'],
        ),
      },
      ...errorResponses,
    },
  },
  status: {
    tags,
    summary: 'Cascade brokers, their sources and their lag',
    operationId: 'cascadeStatus',
    response: {
      200: {
        description: 'All that were heard of in the last seconds.',
        ...object({
          brokers: array(
            object({ ...reportFields, assigned: { ...integer, description: 'The source it should have.' } }, optional),
          ),
        }),
      },
      ...errorResponses,
    },
  },
  assign: {
    tags,
    summary: 'Choose the source of a cascade broker',
    operationId: 'assignSource',
    params: object({ id: brokerNumber }),
    body: object({ source: { ...count, description: '0: the cluster chooses again.' } }),
    response: { 204: { description: 'It has moved.', type: 'null' }, ...errorResponses },
  },
} as const
