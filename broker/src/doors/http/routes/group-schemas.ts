import { brokerList, brokerNumber } from '../admin-schemas.ts'
import { bool, integer, object } from '../schema-parts.ts'
import { errorResponses, partitionParams, topicQuery } from '../schemas.ts'

const bodies = {
  change: object({
    replicas: {
      ...brokerList,
      description:
        'Brokers, in order of preference for leadership. For the metadata group: its voters; all others learn.',
    },
  }),
  transfer: object(
    { to: { ...integer, minimum: 0, maximum: 2 ** 31 - 1, description: 'Default, and 0: the preferred replica.' } },
    ['to'],
  ),
  force: object(
    {
      members: { ...brokerList, description: 'Living replicas, which become the only ones of the group.' },
      acceptDataLoss: {
        ...bool,
        description: 'Must be true: acknowledged records that only lost replicas held are lost.',
      },
      by: {
        type: 'string',
        maxLength: 200,
        description: 'The operator, for the audit, which also records the address.',
      },
    },
    ['acceptDataLoss', 'by'],
  ),
  snapshot: object(
    {
      broker: { ...brokerNumber, description: 'The broker whose replica takes the snapshot.' },
      thenFetch: { ...bool, description: 'Late replicas take it from there instead of from the leader.' },
    },
    ['thenFetch'],
  ),
  priority: object({
    broker: brokerNumber,
    factor: {
      ...integer,
      minimum: 1,
      maximum: 10,
      description: 'It waits this many times longer before it campaigns.',
    },
  }),
}

const success = {
  members: { 200: { description: 'Members and progress.', $ref: 'Members#' } },
  describe: { 200: { description: 'The group, as its leader and each replica see it.', $ref: 'Group#' } },
  accepted: { 202: { description: 'Recorded; GET the same address for the progress.', type: 'null' } },
  leader: { 200: { description: 'The new leader.', ...object({ leader: integer }) } },
  forced: { 200: { description: 'The state from which the group goes on.', $ref: 'ForcedMembers#' } },
  snapshot: { 200: { description: 'The extent of the snapshot.', ...object({ index: integer, bytes: integer }) } },
  done: { 204: { description: 'Done.', type: 'null' } },
}

/** Schemas of the routes of one kind of group; operation ids must differ. */
export function groupSchemas(prefix: 'partition' | 'cluster') {
  const of = prefix === 'partition' ? 'a partition' : 'the metadata group'
  const params = prefix === 'partition' ? { params: partitionParams, querystring: topicQuery } : {}
  const common = (operation: string, summary: string, response: object) => ({
    tags: ['members'],
    summary: `${summary} ${of}`,
    operationId: `${prefix}${operation}`,
    ...params,
    response: { ...response, ...errorResponses },
  })
  return {
    members: common('Members', 'Members and their progress of', success.members),
    describe: common('Describe', 'Everything about', success.describe),
    change: { ...common('ChangeMembers', 'Ask for other replicas of', success.accepted), body: bodies.change },
    cancel: common('CancelChange', 'Give up the change of members of', success.done),
    transfer: { ...common('Transfer', 'Transfer the leadership of', success.leader), body: bodies.transfer },
    force: {
      ...common('ForceMembers', 'Replace the members, without a majority, of', success.forced),
      body: bodies.force,
    },
    snapshot: { ...common('Snapshot', 'Take a snapshot of', success.snapshot), body: bodies.snapshot },
    priority: { ...common('Priority', 'Let a replica campaign later for', success.done), body: bodies.priority },
  }
}
