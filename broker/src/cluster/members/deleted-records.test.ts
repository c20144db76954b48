import { BatchWriter } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
const ids = [1, 2, 3]
const node = (id: number) => cluster.broker(id).node
const place = { kind: 'partition', topic: 't', partition: 1 } as const
const remove = (id: number, before: number) => during(cluster, node(id).admin.deleteRecords(place, before))

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  await during(cluster, node(1).api.createTopic({ name: 't', partitions: 2, replicas: 3 }))
  const writer = new BatchWriter()
  for (const value of ['a', 'b', 'c']) writer.append({ timestamp: 0, key: null, value })
  const bytes = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  await during(cluster, node(2).api.publish('t', 1, bytes, { timeoutMs: 1000, wait: true }))
})

test('any broker deletes records; all brokers tell cascade brokers of it, and count no deletion back', async () => {
  for (const [at, id] of ids.entries()) expect(await remove(id, at)).toEqual({ logStart: at })
  await remove(1, 1)
  await cluster.clock.advance(100)
  for (const id of ids) expect(node(id).api.listTopics()).toMatchObject([{ deleted: [{ partition: 1, before: 2 }] }])
})

test('beyond the end it is refused, and nobody is told of it', async () => {
  await expect(remove(2, 4)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  await expect(during(cluster, node(1).admin.deleteRecords({ ...place, partition: 2 }, 0))).rejects.toMatchObject({
    code: 'UNKNOWN_PARTITION',
  })
  expect(node(1).api.listTopics()[0]).not.toHaveProperty('deleted')
})

test('a cluster that is not at the level of it keeps its records', async () => {
  const old = new TestCluster()
  for (const id of ids) {
    old.levels.set(id, { lowest: 1, highest: 2, commands: { 'records-deleted': 3 } })
    await old.start(id, ids)
  }
  old.linkAll()
  await old.clock.advance(2000)
  await during(old, old.broker(1).node.api.createTopic({ name: 't', partitions: 2, replicas: 3 }))
  await expect(during(old, old.broker(2).node.admin.deleteRecords(place, 0))).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_TOO_LOW',
  })
})
