import { describe, expect, test } from 'vitest'
import type { ClusterState, PartitionState } from '../api/answers.ts'
import { partitionProblem, problemsOf } from './health.ts'
import { worstFirst } from './problem.ts'

const partition: PartitionState = {
  partition: 0,
  leader: 1,
  term: 3,
  replicas: [1, 2, 3],
  inSync: [1, 2, 3],
  logStart: 0,
  highWatermark: 9,
}
const broker = (id: number, alive = true, level = 0) => ({ id, http: `h:${id}`, peer: '', level, alive })
const state: ClusterState = {
  at: 0,
  ready: { ready: true, reason: '' },
  conditions: null,
  cluster: { clusterId: 'c', metadataLeader: 1, brokers: [broker(1), broker(2), broker(3)] },
  topics: [],
  described: [{ name: 'a/b', id: 't', config: {}, partitions: [partition] }],
}

describe('a partition', () => {
  test.each([
    [{}, new Set<number>(), null],
    [{ inSync: [1, 3] }, new Set([2]), ['warning', 'is under-replicated', 'Broker 2 cannot be reached.']],
    [
      { inSync: [1] },
      new Set([3]),
      ['warning', 'is under-replicated', 'Broker 3 cannot be reached. Broker 2 does not keep up.'],
    ],
    [{ inSync: [1] }, new Set<number>(), ['warning', 'is under-replicated', 'Broker 2 and broker 3 do not keep up.']],
    [{ inSync: [1] }, new Set([2, 3]), ['bad', 'has no majority', 'Broker 2 and broker 3 cannot be reached.']],
    [{ replicas: [1, 3], inSync: [1] }, new Set([3]), ['bad', 'has no majority', 'Broker 3 cannot be reached.']],
    [
      { leader: 0 },
      new Set([2, 3]),
      ['bad', 'has no leader', 'Of its replicas broker 2 and broker 3 cannot be reached.'],
    ],
    [{ leader: 0 }, new Set<number>(), ['bad', 'has no leader', 'An election is under way.']],
  ])('%j', (change, dead, expected) => {
    const problem = partitionProblem({ ...partition, ...change }, dead)
    expect(problem && [problem.severity, problem.what, problem.why]).toEqual(expected)
  })
})

describe('a cluster', () => {
  test('that is well has no problem', () => {
    expect(problemsOf(state)).toEqual([])
    expect(problemsOf({ ...state, cluster: null })).toEqual([])
  })

  test('is told of with where to look', () => {
    const brokers = [broker(1), broker(2, false), broker(101, false, 1)]
    const described = [{ ...state.described[0]!, partitions: [{ ...partition, inSync: [1, 3] }] }]
    const ill = { ...state, cluster: { ...state.cluster!, metadataLeader: 0, brokers }, described }
    expect(worstFirst(problemsOf(ill)).map(({ severity, what, link }) => [severity, what, link])).toEqual([
      ['bad', 'The metadata group has no leader', undefined],
      ['bad', 'Broker 2 is not reached', '#/brokers'],
      ['warning', 'Broker 101 is not reached', '#/brokers'],
      ['warning', 'a/b/0 is under-replicated', '#/topics/a%2Fb/0'],
    ])
    expect(problemsOf({ ...state, ready: { ready: false, reason: 'joining' } })[0]).toMatchObject({ why: 'Joining.' })
  })
})
