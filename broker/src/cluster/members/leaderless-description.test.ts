import { beforeEach, describe, expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import type { GroupReport } from './group-requests.ts'
import { describeLeaderless } from './leaderless-description.ts'

const target: GroupTarget = { kind: 'partition', topic: 't', partition: 0 }
let cluster: TestCluster

beforeEach(async () => {
  cluster = await TestCluster.of(5)
  const { api } = cluster.broker(1).node
  await during(cluster, api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
})

test('a group that has lost its leader and its majority is described by the replicas that are left', async () => {
  const { replicas } = cluster.broker(1).node.api.routing(['t']).topics[0]!.partitions[0]!
  const [left, ...lost] = replicas
  for (const id of lost) await cluster.kill(cluster.broker(id))
  await cluster.clock.advance(1000)
  const asked = cluster.broker([1, 2, 3, 4, 5].find((id) => !replicas.includes(id))!)
  const page = await during(cluster, asked.node.admin.describeGroup(target))
  expect([page.leader, page.replicas.map(({ broker }) => broker)]).toEqual([0, [left]])
  expect(page.members.map(({ broker, role, active }) => [broker, role, active])).toEqual(
    page.voters.map((id) => [id, 'voter', id === left]),
  )
  expect(page.lastIndex).toBe(page.replicas[0]!.lastIndex)
})

test('without any replica left the error is LEADER_UNAVAILABLE', async () => {
  const { replicas } = cluster.broker(1).node.api.routing(['t']).topics[0]!.partitions[0]!
  const asked = cluster.broker([1, 2, 3, 4, 5].find((id) => !replicas.includes(id))!)
  for (const id of replicas) await cluster.kill(cluster.broker(id))
  await cluster.clock.advance(1000)
  await expect(during(cluster, asked.node.admin.describeGroup(target))).rejects.toMatchObject({
    code: 'LEADER_UNAVAILABLE',
  })
})

describe('members of a group without a leader', () => {
  // A change from voters 1, 4 and 5 is under way, 4 stays as a learner when it is done, 6 is one in any case; 3 and 5
  // do not answer.
  const configuration = { voters: [1, 2, 3], outgoing: [1, 4, 5], learners: [4, 6] }
  const report = (broker: number, lastTerm: number, lastIndex: number, durableIndex = lastIndex): GroupReport => {
    const change = { stage: 'joint', target: null, round: 0 }
    const none = { snapshot: null, installing: null, trouble: null, lastChange: null, transferringTo: null }
    const status = { role: 'follower', configuration, change, lastIndex, durableIndex, followers: [], ...none }
    return { broker, lastTerm, status, tail: [] } as unknown as GroupReport
  }
  const pageOf = (replicas: readonly GroupReport[]) => describeLeaderless(replicas, null, false)

  test.each([
    ['a voter', { 1: 12, 2: 9, 4: 8, 6: 7 }],
    ['an outgoing voter', { 1: 7, 2: 8, 4: 12, 6: 9 }],
    ['a learner', { 1: 7, 2: 8, 4: 9, 6: 12 }],
  ])('vote or do not, as the configuration says, with %s the newest', (_, lastIndexes) => {
    const replicas = Object.entries(lastIndexes).map(([broker, lastIndex]) => report(Number(broker), 3, lastIndex))
    const page = pageOf(replicas)
    const roles = page.members.map(({ broker, role }) => [broker, role])
    expect(new Map(roles as [number, string][])).toEqual(
      new Map([1, 2, 3, 4, 5, 6].map((id) => [id, id === 6 ? 'learner' : 'voter'])),
    )
    expect(page.replicas.map(({ broker, role }) => [broker, role])).toEqual(
      [1, 2, 4, 6].map((id) => [id, id === 6 ? 'learner' : 'follower']),
    )
    expect([page.leader, page.lastIndex]).toEqual([0, 12])
  })

  test('have as much as they report on their disks, measured against the newest log', () => {
    const { members } = pageOf([report(1, 3, 10, 8), report(2, 2, 14)])
    const of = (id: number) => members.find(({ broker }) => broker === id)
    const common = { state: 'probe', inFlight: 0, caughtUp: false }
    expect(of(1)).toMatchObject({ ...common, matchIndex: 8, nextIndex: 9, lag: 2, active: true })
    expect(of(2)).toMatchObject({ ...common, matchIndex: 14, nextIndex: 15, lag: 0, active: true })
    expect(of(3)).toMatchObject({ ...common, matchIndex: 0, nextIndex: 1, lag: 10, active: false })
  })
})
