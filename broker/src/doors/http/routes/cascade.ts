import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { brokerNumber } from '../admin-schemas.ts'
import { sendError } from '../errors.ts'
import { array, integer, levelRange, object, string } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'

/** For operators: the list of cascade brokers, and the choice of a source (M89). Beats come over WebSocket. */
export function cascadeRoutes(app: FastifyInstance): void {
  // Cascade brokers of an earlier version send their beats here, and show the error in their log.
  app.post('/cascade/beat', { schema: { hide: true } as object, config: { open: true } }, (_request, reply) => {
    sendError(reply, new TailraceError('INCOMPATIBLE_PEER', outdated), 404)
  })

  app.get('/cascade', { schema: schemas.status }, ({ context }) => context.rights.cascade.status())

  app.put<{ Params: { id: BrokerId }; Body: { source: BrokerId } }>(
    '/cascade/brokers/:id/source',
    { schema: schemas.assign },
    async (request, reply) => {
      await request.context.rights.cascade.assign(request.params.id, request.body.source)
      reply.code(204)
    },
  )
}

const outdated =
  'Brokers of this version take beats of cascade brokers on the WebSocket, and no more at POST /cascade/beat. Update the cascade broker; its data folder stays as it is.'
const tags = ['operations']
const count = { ...integer, minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const rates = ['sentBytesPerSecond', 'clientBytesPerSecond', 'copiedBytesPerSecond']
/** Missing from brokers of earlier versions. */
const later = ['overtaken', 'missedRecords', 'rack', 'connections', ...rates, 'topics']
const reportFields = {
  broker: brokerNumber,
  directoryId: { ...string, maxLength: 100 },
  http: { ...string, maxLength: 300 },
  level: { ...count, description: 'One more than its source; 0 while it has had none.' },
  home: { ...count, description: 'The level it belongs to.' },
  source: { ...count, description: '0 while it has none.' },
  pinned: { ...count, description: 'The source that an operator has chosen; 0: the cluster chooses.' },
  lagRecords: { ...count, description: "Behind its source's high watermark, over all partitions." },
  lagBytes: { ...count, description: 'lagRecords, by the mean size of the records that it has.' },
  lagMs: { ...count, description: 'For how long the partition that is furthest behind has been so.' },
  partitions: count,
  stopped: { ...count, description: 'Partitions that are not copied any more; its log says why.' },
  ageMs: { ...count, description: 'How old this is.' },
  featureLevels: levelRange,
  overtaken: {
    ...count,
    description: 'Partitions of which the source has removed records, in the last hour, before they were copied.',
  },
  missedRecords: { ...count, description: 'Those records.' },
  rack: { ...string, maxLength: 100, description: 'Where it stands; empty: it has not been told.' },
  connections: { ...integer, description: 'WebSockets that are open; -1: it does not tell.' },
  sentBytesPerSecond: {
    ...integer,
    description: 'Bytes of batches to clients and to brokers below, in the last seconds; -1: it does not tell.',
  },
  clientBytesPerSecond: { ...integer, description: 'The part of it that went to clients; -1: it does not tell.' },
  copiedBytesPerSecond: {
    ...integer,
    description: 'Bytes of batches from its source, in the last seconds; -1: it does not tell.',
  },
  topics: {
    ...array(string),
    description: 'Of the topics that it copies: names, and beginnings of names with * behind them. Empty: all.',
  },
}

const schemas = {
  status: {
    tags,
    summary: 'Cascade brokers, their sources and their lag',
    operationId: 'cascadeStatus',
    response: {
      200: {
        description: 'All that sent a report in the last seconds.',
        ...object({
          brokers: array(
            object({ ...reportFields, assigned: { ...integer, description: 'The source it should have.' } }, later),
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
    body: object({ source: { ...brokerNumber, minimum: 0, description: '0: the cluster chooses again.' } }),
    response: { 204: { description: 'It has moved.', type: 'null' }, ...errorResponses },
  },
} as const
