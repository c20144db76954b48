import {
  configurationBatch,
  deletionBatch,
  type EntryFields,
  EntryKind,
  encodeFrame,
  fenceBatch,
  type Message,
  type MessageName,
  placeBatch,
  TailraceError,
  termStartBatch,
} from '@tailrace/schemas'
import { batchOf } from '../../../broker/src/partition/testing/batches.ts'
import type { Choices } from '../choices.ts'
import { joined } from '../target.ts'

/** The state of the receiver of a message: made-up numbers lie near these. */
export interface Surroundings {
  readonly group: number
  readonly terms: readonly number[]
  readonly indexes: readonly number[]
  readonly offsets: readonly number[]
  /** Where the log ends. */
  readonly end: { readonly prevIndex: number; readonly prevTerm: number; readonly baseOffset: number }
  readonly brokers: readonly number[]
  readonly ticks: readonly number[]
}

type Made<Name extends MessageName> = { readonly fields: Message<Name>; readonly body?: readonly Uint8Array[] }
type Maker<Name extends MessageName> = (choices: Choices, near: Surroundings) => Made<Name>
type Makers = { readonly [Name in MessageName]?: Maker<Name> }

const configurations = [
  '{"version":1,"voters":[1,2,3],"outgoing":[],"learners":[],"admissions":{}}',
  '{"version":1,"voters":[1],"outgoing":[1,2,3],"learners":[],"admissions":{}}',
  '{"version":1,"voters":[2,3,9],"outgoing":[],"learners":[1],"admissions":{"9":7}}',
  '{"version":1,"voters":[],"outgoing":[],"learners":[],"admissions":{}}',
  '{"version":2}',
  'nothing',
]
const kinds = [
  EntryKind.Records,
  EntryKind.Records,
  EntryKind.TermStart,
  EntryKind.Configuration,
  EntryKind.Fence,
  EntryKind.Deletion,
]
const copyFiles = ['', 'state', '00000001-00000000.log', '../identity.json']

function entry(choices: Choices, term: number, baseOffset: number): { fields: EntryFields; batch: Uint8Array } {
  const kind = choices.of(kinds)
  const control = { term, baseOffset, timestamp: 1.7e12 }
  if (kind === EntryKind.Records) {
    const records = 1 + (choices.byte() % 3)
    const batch = batchOf(Array.from({ length: records }, (_, at) => `lie ${at}`))
    placeBatch(batch, 0, baseOffset, term)
    return { fields: { term, kind, baseOffset, lastOffset: baseOffset + records - 1, bytes: batch.length }, batch }
  }
  const batch = controlBatch(choices, kind, control)
  return { fields: { term, kind, baseOffset, lastOffset: baseOffset - 1, bytes: batch.length }, batch }
}

function controlBatch(
  choices: Choices,
  kind: EntryKind,
  control: { term: number; baseOffset: number; timestamp: number },
): Uint8Array {
  if (kind === EntryKind.Fence) return fenceBatch({ ...control, fence: choices.byte() })
  if (kind === EntryKind.Deletion) return deletionBatch({ ...control, before: choices.byte() })
  return kind === EntryKind.TermStart
    ? termStartBatch({ ...control, leader: 1 + (choices.byte() % 3) })
    : configurationBatch({ ...control, json: choices.of(configurations) })
}

/** Most of the time it fits the end of the log, so that faults in its other fields are reached. */
const append: Maker<'Append'> = (choices, { group, terms, indexes, offsets, end }) => {
  const fits = choices.byte() % 4 > 0
  const { prevIndex, prevTerm } = fits ? end : { prevIndex: choices.number(indexes), prevTerm: choices.number(terms) }
  const place = { group, term: choices.number(terms), prevIndex, prevTerm }
  const entries: EntryFields[] = []
  const body: Uint8Array[] = []
  let baseOffset = choices.number(fits ? [end.baseOffset] : offsets)
  for (let count = choices.byte() % 4; count > 0; count--) {
    const made = entry(choices, choices.number([place.term, prevTerm]), baseOffset)
    entries.push(made.fields)
    body.push(made.batch)
    baseOffset = choices.number([made.fields.lastOffset + 1])
  }
  return { fields: { ...place, commit: choices.number(indexes), entries }, body }
}

const flag = (choices: Choices): boolean => choices.byte() % 2 === 1

const makers: Makers = {
  Append: append,
  AppendReply: (choices, { group, terms, indexes }) => ({
    fields: {
      group,
      term: choices.number(terms),
      success: flag(choices),
      matchIndex: choices.number(indexes),
      rejectedIndex: choices.number(indexes),
      hintIndex: choices.number(indexes),
      hintTerm: choices.number(terms),
      admission: choices.number([0]),
    },
  }),
  Vote: (choices, { group, terms, indexes }) => ({
    fields: {
      group,
      term: choices.number(terms),
      pre: flag(choices),
      transfer: flag(choices),
      lastIndex: choices.number(indexes),
      lastTerm: choices.number(terms),
    },
  }),
  VoteReply: (choices, { group, terms }) => ({
    fields: { group, term: choices.number(terms), pre: flag(choices), granted: flag(choices) },
  }),
  Heartbeats: (choices, { group, terms, indexes, ticks }) => ({
    fields: {
      beats: Array.from({ length: choices.byte() % 3 }, () => ({
        group,
        term: choices.number(terms),
        commit: choices.number(indexes),
        sentAt: choices.number(ticks),
        sleep: flag(choices),
        acknowledged: choices.number(indexes),
        round: choices.number([0]),
      })),
    },
  }),
  HeartbeatReplies: (choices, { group, terms, indexes, ticks }) => ({
    fields: {
      beats: Array.from({ length: choices.byte() % 3 }, () => ({
        group,
        term: choices.number(terms),
        lastIndex: choices.number(indexes),
        sentAt: choices.number(ticks),
        asleep: flag(choices),
        admission: choices.number([0]),
        round: choices.number([0]),
      })),
    },
  }),
  Snapshot: (choices, { group, terms, indexes, brokers }) => ({
    fields: {
      group,
      term: choices.number(terms),
      lastIndex: choices.number(indexes),
      lastTerm: choices.number(terms),
      source: choices.number(brokers),
    },
  }),
  TimeoutNow: (choices, { group, terms }) => ({ fields: { group, term: choices.number(terms) } }),
  Leaders: (choices, { group, terms }) => ({ fields: { leaders: [{ group, term: choices.number(terms) }] } }),
  NodeBeat: (choices) => {
    const [led, followed, durable] = [choices.number([0, 1]), choices.number([0, 1]), choices.number([0, 1])]
    return { fields: { led, ledDigest: choices.byte(), followed, followedDigest: choices.byte(), durable } }
  },
  SleepingGroups: (choices, { group, terms }) => {
    const list = () => Array.from({ length: choices.byte() % 3 }, () => ({ group, term: choices.number(terms) }))
    return { fields: { led: list(), followed: list() } }
  },
  WakeGroups: (choices, { group }) => ({ fields: { groups: [choices.number([group])] } }),
  CopyOpen: (choices, { group, indexes, terms }) => ({
    fields: { correlation: 1, group, lastIndex: choices.number(indexes), lastTerm: choices.number(terms) },
  }),
  CopyRead: (choices) => ({
    fields: {
      correlation: 2,
      copy: choices.number([1_700_000_000_000_000, 1_700_000_000_100_000]),
      file: choices.of(copyFiles),
      position: choices.number([0]),
      maxBytes: choices.number([1000]),
    },
  }),
  CopyClose: (choices) => ({
    fields: { correlation: 3, copy: choices.number([1_700_000_000_000_000]), damaged: flag(choices) },
  }),
  ReadEntries: (choices, { group, indexes }) => ({
    fields: {
      correlation: 4,
      group,
      firstIndex: choices.number(indexes),
      lastIndex: choices.number(indexes),
      maxBytes: choices.number([100_000]),
    },
  }),
}

/** Those that change logs come more often. */
const names = [
  ...Object.keys(makers),
  'Append',
  'Append',
  'Append',
  'Append',
  'Heartbeats',
  'Snapshot',
] as MessageName[]

/**
 * Messages of a broker that lies as little as it can: Raft promises that these harm no replica, with any content. The
 * others are the word of a leader or of a voter, which a group must believe.
 */
function isHarmless(name: MessageName, fields: Partial<Message<'VoteReply'> & Message<'AppendReply'>>): boolean {
  if (name === 'VoteReply') return fields.pre === true || fields.granted !== true
  if (name === 'AppendReply') return fields.success !== true
  return name !== 'Append' && name !== 'Heartbeats' && name !== 'Snapshot'
}

export interface MadeUp {
  readonly name: MessageName
  readonly harmless: boolean
  readonly bytes: Uint8Array
}

/** The next message that the choices stand for; null if no encoder writes it. */
export function madeUp(choices: Choices, near: Surroundings): MadeUp | null {
  const name = choices.of(names)
  try {
    const { fields, body } = (makers[name] as Maker<MessageName>)(choices, near)
    return { name, harmless: isHarmless(name, fields as never), bytes: joined(encodeFrame(name, fields, body)) }
  } catch (error) {
    if (error instanceof TailraceError || error instanceof RangeError) return null
    throw error
  }
}
