import { array, bool, integer, object, string } from './schema-parts.ts'

/** JSON schemas of the requests of operators and their answers; the shapes are those of AdminApi (api/admin-api.ts). */

const broker = { ...integer, minimum: 1, maximum: 2 ** 31 - 1 } as const
const brokers = array(integer)
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] })
const brokerOrNone = { ...integer, description: '0: none.' }

/** Brokers named in a request: at least one, each once. */
export const brokerList = { type: 'array', items: broker, minItems: 1, maxItems: 99, uniqueItems: true } as const
export const brokerNumber = broker

const memberProgress = object({
  broker: integer,
  role: { type: 'string', enum: ['leader', 'voter', 'learner'] },
  matchIndex: { ...integer, description: 'The last entry that it is known to hold on disk.' },
  nextIndex: integer,
  lag: { ...integer, description: 'Entries that the leader has and this member is not known to have.' },
  state: { type: 'string', enum: ['leader', 'probe', 'replicate', 'snapshot'] },
  inFlight: integer,
  active: bool,
  caughtUp: bool,
  copy: {
    ...orNull(object({ receivedBytes: integer, totalBytes: integer })),
    description: 'A copy of files in transfer to it.',
  },
})

const membersFields = {
  leader: brokerOrNone,
  term: integer,
  stage: {
    type: 'string',
    enum: ['stable', 'staging', 'joint', 'leaving'],
    description: 'staging: newcomers catch up; joint: the old and the new majority are both needed.',
  },
  voters: brokers,
  outgoing: { ...brokers, description: 'The old voters, while their majority is needed too.' },
  learners: brokers,
  target: { ...orNull(brokers), description: 'The members that were requested and are not reached yet.' },
  members: array(memberProgress),
  lastOutcome: orNull(
    object({ outcome: { type: 'string', enum: ['done', 'failed'] }, reason: string, target: brokers }),
  ),
}

const entry = object({
  index: integer,
  term: integer,
  kind: { type: 'string', enum: ['records', 'term-start', 'configuration', 'fence', 'deletion'] },
  baseOffset: integer,
  lastOffset: integer,
  bytes: integer,
  state: { type: 'string', enum: ['uncommitted', 'committed', 'applied'] },
})

const replica = object({
  broker: integer,
  role: { type: 'string', enum: ['leader', 'follower', 'candidate', 'pre-candidate', 'learner', 'stopped'] },
  term: integer,
  leader: brokerOrNone,
  commitIndex: integer,
  lastIndex: integer,
  durableIndex: integer,
  prevIndex: integer,
  logStart: integer,
  highWatermark: integer,
  sizeBytes: integer,
  asleep: bool,
  trouble: { ...orNull(string), description: 'Why it takes no part at present.' },
})

const members = { $id: 'Members', ...object(membersFields) }

const moves = {
  $id: 'Moves',
  ...object({
    moves: array(
      object({
        topic: { ...orNull(string), description: 'Null: the metadata group.' },
        partition: integer,
        from: brokers,
        to: brokers,
        failed: { ...orNull(string), description: 'Why it has failed; null: it is under way.' },
        members: {
          ...orNull({ $ref: 'Members#' }),
          description: 'The progress of one under way; null: its leader does not tell.',
        },
      }),
    ),
    more: { ...integer, description: 'How many more there are than are listed.' },
  }),
}

const balance = {
  $id: 'Balance',
  ...object({
    balancing: { ...bool, description: 'An operator has asked for moves that are not done yet.' },
    imbalance: {
      type: 'number',
      description: 'Root mean square of how far brokers are from their part: 0 is even, 1 as far as the part itself.',
    },
    brokers: array(
      object({
        broker: integer,
        rack: { ...string, description: 'Of one without a rack its host.' },
        up: { ...bool, description: 'It has told what it holds.' },
        draining: bool,
        replicas: integer,
        leaders: { ...integer, description: 'Partitions that prefer it as their leader.' },
        bytes: integer,
        bytesPerSecond: { ...integer, description: 'Written to its replicas.' },
        ledBytesPerSecond: { ...integer, description: 'Written to partitions that prefer it as their leader.' },
      }),
    ),
    moves: array(
      object({
        topic: string,
        partition: integer,
        kind: { type: 'string', enum: ['replica', 'leader'], description: 'leader: another preferred leader.' },
        why: {
          type: 'string',
          enum: ['leaving', 'racks', 'load'],
          description: 'leaving: of a broker that is emptied; racks: replicas share one; load: uneven shares.',
        },
        from: brokers,
        to: brokers,
        bytes: { ...integer, description: 'That are copied.' },
        imbalanceAfter: { type: 'number', description: 'Of the cluster after it.' },
      }),
    ),
    more: { ...integer, description: 'How many more were planned than are listed.' },
  }),
}

const group = {
  $id: 'Group',
  ...object({
    ...membersFields,
    group: integer,
    asleep: bool,
    commitIndex: integer,
    lastIndex: integer,
    durableIndex: integer,
    prevIndex: { ...integer, description: 'The log begins with the entry after this one.' },
    logStart: integer,
    highWatermark: integer,
    sizeBytes: integer,
    readOnly: bool,
    transferringTo: brokerOrNone,
    lastSnapshot: orNull(object({ index: integer, at: integer, bytes: integer })),
    tail: { ...array(entry), description: 'The newest entries as the leader sees them, oldest first.' },
    replicas: { ...array(replica), description: 'The report of each replica that answers.' },
  }),
}

const forced = { $id: 'ForcedMembers', ...object({ term: integer, lastIndex: integer, highWatermark: integer }) }

const audit = {
  $id: 'AuditRecord',
  ...object({
    at: { ...integer, description: 'Milliseconds since 1970.' },
    broker: integer,
    by: string,
    action: string,
    target: string,
    detail: string,
  }),
}

export const adminSchemas: readonly object[] = [members, moves, balance, group, forced, audit]
