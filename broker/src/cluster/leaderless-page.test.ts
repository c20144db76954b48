import { beforeEach, expect, test } from 'vitest'
import type { GroupTarget } from './admin-api.ts'
import { during } from './fakes/running.ts'
import { TestCluster } from './fakes/test-cluster.ts'

const target: GroupTarget = { kind: 'partition', topic: 't', partition: 0 }
let cluster: TestCluster

beforeEach(async () => {
  cluster = await TestCluster.of(5)
  const { api } = cluster.broker(1).node
  await during(cluster, api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
})

test('a group that has lost its leader and its majority is described by who is left', async () => {
  const { replicas } = cluster.broker(1).node.api.routing(['t']).topics[0]!.partitions[0]!
  const [left, ...lost] = replicas
  for (const id of lost) await cluster.kill(cluster.broker(id))
  await cluster.clock.run(1000)
  const asked = cluster.broker([1, 2, 3, 4, 5].find((id) => !replicas.includes(id))!)
  const page = await during(cluster, asked.node.admin.describeGroup(target))
  expect([page.leader, page.replicas.map(({ broker }) => broker)]).toEqual([0, [left]])
  expect(page.members.map(({ broker, role, active }) => [broker, role, active])).toEqual(
    page.voters.map((id) => [id, 'voter', id === left]),
  )
  expect(page.lastIndex).toBe(page.replicas[0]!.lastIndex)
})

test('nobody left is LEADER_UNAVAILABLE', async () => {
  const { replicas } = cluster.broker(1).node.api.routing(['t']).topics[0]!.partitions[0]!
  const asked = cluster.broker([1, 2, 3, 4, 5].find((id) => !replicas.includes(id))!)
  for (const id of replicas) await cluster.kill(cluster.broker(id))
  await cluster.clock.run(1000)
  await expect(during(cluster, asked.node.admin.describeGroup(target))).rejects.toMatchObject({
    code: 'LEADER_UNAVAILABLE',
  })
})
