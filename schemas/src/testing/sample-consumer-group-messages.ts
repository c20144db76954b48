import type {
  ConsumerGroupMessageShapes,
  ConsumerGroupRequestFields,
  ConsumerGroupResultFields,
} from '../consumer-groups/messages.ts'
import { asker } from './sample-peer-messages.ts'

const correlation = 2 ** 40
const far = Number.MAX_SAFE_INTEGER - 1
const place = { topicId: 'e3b0', partition: 3 }
const progress = { topic: 'flights', ...place, token: far, offset: far, term: 4, metadata: 'page 7' }
const position = { ...progress, done: true }

/** One of each request to a coordinator. */
export const sampleGroupRequests: readonly ConsumerGroupRequestFields[] = [
  {
    'tailrace.groups.Beat': {
      epoch: 7,
      clientId: 'loader',
      instance: 'pod-1',
      rack: 'east-1',
      sessionMs: 45_000,
      waitMs: 15_000,
      subscribed: { topics: ['flights'], patterns: ['orders.*'] },
      owned: [{ ...place, token: far }],
      stuck: [{ ...place, offset: far, sinceMs: 60_000 }],
      number: far,
      via: '1.8d1f.12',
      declined: [{ ...place, token: far, ended: true }],
    },
  },
  { 'tailrace.groups.Commit': { positions: [position] } },
  { 'tailrace.groups.Delay': { topic: 'flights', ...place, token: far, offset: far, delayMs: 90_000, attempt: 2 } },
  { 'tailrace.groups.Describe': {} },
  { 'tailrace.groups.List': { partition: 5 } },
  { 'tailrace.groups.Alter': { remove: false, positions: [{ ...position, token: 0, done: false }] } },
]

/** One of each answer of a coordinator. */
export const sampleGroupResults: readonly ConsumerGroupResultFields[] = [
  {
    'tailrace.groups.Beaten': {
      epoch: 8,
      heartbeatMs: 15_000,
      assignment: [progress],
      revoke: [place],
      due: [{ ...place, offset: far, attempt: 2, token: far }],
      heedsDeclined: true,
    },
  },
  { 'tailrace.groups.Committed': { fenced: [place] } },
  { 'tailrace.groups.Altered': {} },
  {
    'tailrace.groups.Described': {
      state: 'stable',
      epoch: 8,
      members: [
        {
          id: '0c9e',
          instance: 'pod-1',
          clientId: 'loader',
          host: '10.0.0.1',
          principal: 'User:ann',
          rack: 'east-1',
          sessionMs: 45_000,
          epoch: 8,
          topics: ['flights'],
          patterns: ['orders.*'],
          stuck: [{ topic: 'flights', partition: 3, offset: far, sinceMs: 60_000 }],
        },
      ],
      partitions: [{ ...progress, member: '0c9e', committedAt: far, end: far, lag: 5 }],
      delayed: 2,
    },
  },
  {
    'tailrace.groups.Listed': {
      groups: [{ group: 'billing', state: 'stable', members: 3, topics: ['flights'], lag: 12, stuck: 1 }],
    },
  },
]

/** As sample-messages.ts. */
export const sampleConsumerGroupMessages: {
  [Name in keyof ConsumerGroupMessageShapes]: ConsumerGroupMessageShapes[Name]
} = {
  ConsumerGroup: { correlation, group: 'billing', member: '0c9e', request: sampleGroupRequests[0]!, asker },
  ConsumerGroupReply: { correlation, result: sampleGroupResults[0]! },
}
