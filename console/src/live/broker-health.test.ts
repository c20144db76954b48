import { expect, test } from 'vitest'
import type { ClusterState, Trouble } from '../api/answers.ts'
import { brokerProblems } from './broker-health.ts'

const broker = { http: '', peer: '', level: 0, alive: true }
const cluster = {
  clusterId: 'c',
  metadataLeader: 1,
  brokers: [
    { ...broker, id: 1 },
    { ...broker, id: 2 },
    { ...broker, id: 3, alive: false },
    { ...broker, id: 101, level: 1 },
  ],
}
const ready = { ready: true, reason: '' }

function shown(state: Partial<ClusterState>) {
  const problems = brokerProblems({ ready, cluster, conditions: null, ...state })
  return problems.map(({ severity, what, why }) => [severity, what, why])
}

test.each([
  [ready, []],
  [{ ready: true, reason: 'ready' }, []],
  [{ ready: false, reason: 'joining' }, [['bad', 'This broker is not ready', 'Joining.']]],
])('one that tells nothing of others: %j', (ready, expected) => {
  expect(shown({ ready })).toEqual(expected)
})

test('all are well', () => {
  const well = { ...ready, troubles: [] }
  expect(shown({ conditions: [1, 2].map((broker) => ({ broker, condition: well, why: '' })) })).toEqual([])
})

test('one that is not ready, or not well, is named', () => {
  const conditions = [
    { broker: 2, condition: { ready: false, reason: 'It joins', troubles: [] }, why: '' },
    { broker: 101, condition: { ready: true, reason: 'no source yet', troubles: [] }, why: '' },
  ]
  expect(shown({ conditions })).toEqual([
    ['bad', 'Broker 2 is not ready', 'It joins.'],
    ['warning', 'Broker 101 is ready, but not well', 'No source yet.'],
  ])
})

test('one that is not known has the reason, unless the cluster says that it is not reached', () => {
  const conditions = [2, 3].map((broker) => ({ broker, condition: null, why: 'It has not answered in time.' }))
  expect(shown({ conditions })).toEqual([
    ['warning', 'The condition of broker 2 is not known', 'It has not answered in time.'],
  ])
})

test('replicas that take no part are told once', () => {
  const troubles = [
    { kind: 'replicas-quarantined', amount: 1 },
    { kind: 'replicas-stopped', amount: 2 },
  ]
  const condition = { ready: true, reason: 'Replicas here in quarantine: 1, stopped: 2.', troubles }
  expect(shown({ conditions: [{ broker: 2, condition, why: '' }] }).map(([, what]) => what)).toEqual([
    'Broker 2 has 1 replica in quarantine',
    'Broker 2 has 2 replicas that stopped',
  ])
  const stopped = { ...ready, troubles: troubles.slice(1) }
  expect(shown({ conditions: [{ broker: 101, condition: stopped, why: '' }] })).toEqual([])
})

test.each<[Trouble, unknown[]]>([
  [{ kind: 'of a later version', amount: 1 }, []],
  [
    { kind: 'disk-full', amount: 1e9 },
    ['bad', 'The disk of broker 2 is full', 'Not more than the reserve of 1.0 GB is free: it takes no records.'],
  ],
  [
    { kind: 'disk-low', amount: 1e9 },
    [
      'warning',
      'The disk of broker 2 is almost full',
      'Less than twice the reserve of 1.0 GB is free. At the reserve it takes no records.',
    ],
  ],
  [
    { kind: 'disk-filling', amount: 3 },
    [
      'warning',
      'The disk of broker 2 will soon be full',
      'In about 3 h only the reserve is free, if it fills up as in the last minutes.',
    ],
  ],
  [
    { kind: 'checksum-failures', amount: 2 },
    [
      'bad',
      'The disk of broker 2 has damaged records',
      'Since its start it has found 2 places whose checksum is wrong.',
    ],
  ],
])('%j', (trouble, expected) => {
  const condition = { ...ready, troubles: [trouble] }
  expect(shown({ conditions: [{ broker: 2, condition, why: '' }] })).toEqual(expected.length === 0 ? [] : [expected])
})
