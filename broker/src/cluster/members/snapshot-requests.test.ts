import { expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { snapshotOf } from './group-descriptions.ts'

const target: GroupTarget = { kind: 'partition', topic: 't', partition: 0 }

test('a snapshot is asked of a broker that has a replica; of another the error names the broker', async () => {
  const cluster = await TestCluster.of(4)
  const { api, admin } = cluster.broker(1).node
  await during(cluster, api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
  const { replicas } = api.routing(['t']).topics[0]!.partitions[0]!
  const stranger = [1, 2, 3, 4].find((id) => !replicas.includes(id))!
  await expect(during(cluster, admin.snapshot(target, { broker: stranger, thenFetch: false }))).rejects.toMatchObject({
    code: 'INVALID_MEMBERS',
    message: expect.stringContaining(`Broker ${stranger} has no replica`),
  })
  const { index } = await during(cluster, admin.snapshot(target, { broker: replicas[1]!, thenFetch: false }))
  expect(index).toBe(cluster.world.group(1).entries.length)
})

test('the page shows when the last one was taken, and how large it is', () => {
  const snapshot = { index: 7, term: 2, at: 1_700_000_000_000, bytes: 512 }
  expect(snapshotOf({ status: { snapshot } })).toEqual({ index: 7, at: 1_700_000_000_000, bytes: 512 })
  expect(snapshotOf({ status: { snapshot: null } })).toBeNull()
})
