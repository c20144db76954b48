import { BatchWriter } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
const ids = [1, 2, 3]
const node = (id: number) => cluster.broker(id).node
const add = (id: number, partitions: number) => during(cluster, node(id).admin.addPartitions('t', partitions))

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  await during(cluster, node(1).api.createTopic({ name: 't', partitions: 2, replicas: 3, config: { readOnly: false } }))
})

function batch(): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

test('any broker adds partitions: they are placed as those of a new topic, and led when the answer comes', async () => {
  expect(await add(3, 6)).toMatchObject({ name: 't', partitions: 6, replicas: 3, config: { readOnly: false } })
  await cluster.clock.advance(100)
  for (const id of ids) {
    const { partitions } = node(id).api.routing(['t']).topics[0]!
    expect(partitions.map(({ leader }) => leader).sort()).toEqual([1, 1, 2, 2, 3, 3])
    expect(partitions.every(({ leader, replicas }) => leader === replicas[0] && replicas.length === 3)).toBe(true)
    expect(cluster.broker(id).groups.opened).toHaveLength(7)
  }
  const options = { timeoutMs: 1000, wait: true }
  expect(await during(cluster, node(2).api.publish('t', 5, batch(), options))).toMatchObject({ baseOffset: 0 })
})

test('as many as it has are no change, fewer or too many are refused, also by the metadata leader', async () => {
  expect(await add(2, 2)).toMatchObject({ partitions: 2 })
  for (const partitions of [1, 0, 10_001, 1.5])
    await expect(add(2, partitions)).rejects.toMatchObject({ code: 'INVALID_PARTITIONS', retriable: false })
  await expect(during(cluster, node(1).admin.addPartitions('none', 3))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  expect(node(1).api.listTopics()).toMatchObject([{ partitions: 2 }])
})

test('two that ask at once get what the larger asks for', async () => {
  const asked = [4, 7, 4].map((partitions, at) => {
    return node(ids[at]!)
      .admin.addPartitions('t', partitions)
      .catch(({ code }) => code)
  })
  const answers = await during(cluster, Promise.all(asked))
  expect(answers[1]).toMatchObject({ partitions: 7 })
  // Where 7 was first, 4 would take partitions away.
  for (const one of [answers[0], answers[2]]) expect(['INVALID_PARTITIONS', 4, 7]).toContain(one.partitions ?? one)
  for (const id of ids) expect(node(id).api.listTopics()).toMatchObject([{ partitions: 7 }])
})

test('they are there after a restart of all, from the store and from the log', async () => {
  await add(1, 5)
  const former = node(1)
    .api.routing(['t'])
    .topics[0]!.partitions.map(({ replicas }) => replicas)
  const data = ids.map((id) => cluster.broker(id).data)
  for (const id of ids) await cluster.kill(cluster.broker(id))
  for (const [at, id] of ids.entries()) await cluster.start(id, ids, data[at])
  cluster.linkAll()
  await cluster.clock.advance(3000)
  for (const id of ids) {
    const { partitions } = node(id).api.routing(['t']).topics[0]!
    expect(partitions.map(({ replicas }) => replicas)).toEqual(former)
    expect(partitions.every(({ leader }) => leader > 0)).toBe(true)
  }
})

test('who listens for leaderships hears of each new partition', async () => {
  const heard = new Set<number>()
  const stop = node(2).api.onLeadership((topic, partition) => void (topic === 't' && heard.add(partition)))
  await add(1, 4)
  stop()
  expect([...heard].filter((partition) => partition > 1).sort()).toEqual([2, 3])
})
