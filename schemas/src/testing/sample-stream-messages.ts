import type { StreamMessageShapes, StreamRequestFields, StreamResultFields } from '../streams/messages.ts'
import { asker } from './sample-peer-messages.ts'

const correlation = 2 ** 40
const far = Number.MAX_SAFE_INTEGER - 1
const facts = { id: '5.1a', type: 'application/json', tail: far, closed: true, ttl: 60, expiresAt: far, next: far }
const loan = { borrower: 'jobs/8', borrowerId: '5.1b' }

/** One of each request to the leader of a stream. */
export const sampleStreamRequests: readonly StreamRequestFields[] = [
  {
    'tailrace.streams.Create': {
      type: 'text/plain',
      ttl: -1,
      expiresAt: 8_640_000_000_000_000,
      closed: false,
      fork: { source: 'jobs/7', offset: 9, sub: 1 },
      mark: 'b7.0',
    },
  },
  {
    'tailrace.streams.Append': { type: 'text/plain', close: true, seq: '09', producer: { id: 'p', epoch: 1, seq: 2 } },
  },
  { 'tailrace.streams.Read': { id: '', offset: -1, upTo: -1, maxBytes: 1 << 20 } },
  { 'tailrace.streams.Wait': { id: '5.1a', offset: far, waitMs: 20_000 } },
  { 'tailrace.streams.Head': {} },
  { 'tailrace.streams.Delete': {} },
  { 'tailrace.streams.Lend': { ...loan, type: '', offset: -1, sub: 0 } },
  { 'tailrace.streams.GiveBack': { id: '5.1a', ...loan } },
  { 'tailrace.streams.Place': { id: '5.1a', offset: 0, sub: 3, upTo: 9 } },
  { 'tailrace.streams.Exists': { id: '5.1b' } },
  { 'tailrace.streams.Subscription': { act: '{"act":"delete"}' } },
]

const nothing = { tail: 0, closed: false, offset: 0, next: 0, isNew: false, duplicate: false, exists: false }
const result: StreamResultFields = {
  ...nothing,
  ...facts,
  kind: 'found',
  lastSeq: 4,
  reason: '',
  epoch: -1,
  expected: 0,
  answer: '',
}

/** One of each result. */
export const sampleStreamResults: readonly StreamResultFields[] = [
  result,
  ...['described', 'created', 'appended', 'waited', 'deleted', 'lent', 'given-back', 'placed', 'known'].map((kind) => ({
    ...result,
    kind,
  })),
  { ...result, kind: 'refused', reason: 'closed' },
  { ...result, kind: 'subscription', answer: '{"status":204,"body":null}' },
]

/** As sample-messages.ts. */
export const sampleStreamMessages: { [Name in keyof StreamMessageShapes]: StreamMessageShapes[Name] } = {
  Stream: { correlation, path: 'jobs/7', request: sampleStreamRequests[0]!, asker },
  StreamReply: { correlation, result: sampleStreamResults[0]! },
}
