import { expect, test } from 'vitest'
import { overTheWire } from '../testing/over-the-wire.ts'
import { groupReportFields, groupReportOf, isGroupReport } from './group-report-fields.ts'
import type { GroupReport } from './group-requests.ts'

const idle: GroupReport = {
  broker: 2,
  lastTerm: 0,
  status: {
    group: 0,
    role: 'follower',
    term: 0,
    leader: 0,
    asleep: false,
    commitIndex: 0,
    lastIndex: 0,
    durableIndex: 0,
    prevIndex: 0,
    configuration: { voters: [], outgoing: [], learners: [] },
    configurationIndex: 0,
    change: { stage: 'stable', target: null, round: 0 },
    lastChange: null,
    transferringTo: null,
    electionFactor: 1,
    followers: [],
    voters: [],
    inSync: [],
    highWatermark: 0,
    logStart: 0,
    sizeBytes: 0,
    trouble: null,
    installing: null,
    snapshot: null,
  },
  tail: [],
}
const busy: GroupReport = {
  broker: 1,
  lastTerm: 4,
  status: {
    ...idle.status,
    role: 'leader',
    term: 4,
    leader: 1,
    lastIndex: 9,
    trouble: 'a rule was broken',
    transferringTo: 3,
    configuration: { voters: [1, 2], outgoing: [2, 3], learners: [3, 4], admissions: { 4: 7, 3: 5 } },
    change: {
      stage: 'leaving',
      round: 2,
      reason: 'too slow',
      target: { voters: [1], learners: [4], admissions: { 4: 7 } },
    },
    lastChange: { outcome: 'failed', reason: 'too slow' },
    followers: [{ id: 2, matchIndex: 8, nextIndex: 9, state: 'probe', inflight: 1, active: false }],
    installing: { source: 2, receivedBytes: 5, totalBytes: 10 },
    snapshot: { index: 4, term: 2, at: 1.7e12, bytes: 100 },
  },
  tail: [
    { index: 7, term: null, kind: null, state: 'purged' },
    { index: 8, term: 4, kind: 1, batch: { baseOffset: 0, lastOffset: -1, bytes: 80 }, state: 'applied' },
    { index: 9, term: 4, kind: 0, batch: { baseOffset: 0, lastOffset: 4, bytes: 90 }, state: 'uncommitted' },
  ],
}

test.each([
  ['at rest', idle],
  ['in the middle of everything', busy],
])('a report of a replica %s is the same at the broker that has asked', (_, report) => {
  const heard = overTheWire('GroupReportReply', { correlation: 1, ...groupReportFields(report) })
  expect(isGroupReport(heard)).toBe(true)
  expect(groupReportOf(heard)).toEqual(report)
  expect(JSON.stringify(groupReportOf(heard).status.configuration.admissions)).toBe(
    JSON.stringify(report.status.configuration.admissions),
  )
})

test('entries come in order', () => {
  const fields = groupReportFields(busy)
  expect(isGroupReport({ ...fields, tail: fields.tail.toReversed() })).toBe(false)
})
