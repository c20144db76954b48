import { expect, test } from 'vitest'
import type { FeatureLevels } from '../metadata/feature-levels.ts'
import { featureLevels } from '../metadata/feature-levels.ts'
import { during } from '../testing/running.ts'
import { BrokerData, TestCluster } from '../testing/test-cluster.ts'

const first: FeatureLevels = { lowest: 1, highest: 1, commands: {} }
const { highest } = featureLevels

const levels = async (cluster: TestCluster) =>
  Promise.all(
    [...cluster.brokers.values()].map(async ({ node }) => (await node.api.describeCluster()).featureLevel ?? 0),
  )
const raises = async (cluster: TestCluster) =>
  (await cluster.broker(1).node.admin.audit()).filter(({ action }) => action === 'set-feature-level')

test('a new cluster works at the highest level of its founders by itself, and keeps a record of it', async () => {
  const cluster = await TestCluster.of(3)
  expect(highest).toBeGreaterThan(1)
  expect(await levels(cluster)).toEqual([highest, highest, highest])
  expect(await raises(cluster)).toMatchObject([{ by: '', detail: `1 to ${highest}` }])
  await cluster.clock.advance(30_000)
  expect(await raises(cluster)).toHaveLength(1)
})

test('so does a cluster of one broker', async () => {
  expect(await levels(await TestCluster.of(1))).toEqual([highest])
})

/** Broker 3 goes away before it has registered. */
async function withoutThird(): Promise<{ cluster: TestCluster; data: BrokerData }> {
  const cluster = new TestCluster()
  for (const id of [1, 2, 3]) await cluster.start(id, [1, 2, 3])
  cluster.linkAll()
  await cluster.clock.advance(1)
  const { data } = cluster.broker(3)
  await cluster.kill(cluster.broker(3))
  await cluster.clock.advance(10_000)
  expect(await levels(cluster)).toEqual([1, 1])
  return { cluster, data }
}

test('the level waits until every founder has registered, and a new leader raises it as well', async () => {
  const cluster = await TestCluster.of(3)
  const { cluster: late, data } = await withoutThird()
  const leader = late.broker(late.world.leaderOf(0))
  const other = [1, 2].find((id) => id !== leader.id)!
  await leader.groups.get(0)!.transferLeadership(other)
  await late.start(3, [1, 2, 3], data)
  late.linkAll()
  await late.clock.advance(5000)
  expect(late.world.leaderOf(0)).toBe(other)
  expect(await levels(late)).toEqual(await levels(cluster))
})

test('a change that needs the level waits for it in a new cluster, and says after a while which broker is missing', async () => {
  const { cluster, data } = await withoutThird()
  const setPassword = () => cluster.broker(1).node.security.setPassword('ann', 'pencil')
  await expect(during(cluster, setPassword())).rejects.toMatchObject({
    code: 'NOT_READY',
    retriable: true,
    message: expect.stringContaining('is raised when all brokers have been up: not 3.'),
  })
  const change = setPassword()
  await cluster.clock.advance(1000)
  await cluster.start(3, [1, 2, 3], data)
  cluster.linkAll()
  await during(cluster, change)
  expect(cluster.broker(2).node.security.listUsers()).toMatchObject([{ name: 'ann' }])
})

test('founders of two versions stay at the level of the older one, also when that one is updated', async () => {
  const cluster = await TestCluster.of(3, [featureLevels, featureLevels, first])
  await cluster.clock.advance(10_000)
  expect(await levels(cluster)).toEqual([1, 1, 1])
  const { data } = cluster.broker(3)
  await cluster.kill(cluster.broker(3))
  cluster.levels.set(3, featureLevels)
  await cluster.start(3, [1, 2, 3], data)
  cluster.linkAll()
  await cluster.clock.advance(10_000)
  expect(await levels(cluster)).toEqual([1, 1, 1])
  expect(await raises(cluster)).toEqual([])
  const { admin } = cluster.broker(1).node
  expect(await during(cluster, admin.raiseFeatureLevel({ level: null, by: 'ann', cascades: [] }))).toEqual({
    level: highest,
  })
})

test('a cluster whose data is of the time before stays at its level until an operator raises it', async () => {
  const cluster = await TestCluster.of(1, [first])
  const { data } = cluster.broker(1)
  await cluster.kill(cluster.broker(1))
  const head = JSON.parse(new TextDecoder().decode(data.store.content.get('meta/head')))
  const { alwaysSupported, featureLevel, ...before } = head
  expect([alwaysSupported, featureLevel]).toEqual([1, 1])
  data.store.content.set('meta/head', new TextEncoder().encode(JSON.stringify(before)))
  cluster.levels.set(1, featureLevels)
  await cluster.start(1, [1], data)
  await cluster.clock.advance(10_000)
  expect(cluster.broker(1).node.api.readiness().ready).toBe(true)
  expect(await levels(cluster)).toEqual([1])
})

test('a broker of an older version that joins later is refused, as in any cluster of that level', async () => {
  const cluster = await TestCluster.of(3)
  cluster.levels.set(4, first)
  await cluster.start(4, [1, 2, 3], new BrokerData())
  cluster.linkAll()
  await cluster.clock.advance(5000)
  expect(cluster.broker(4).node.api.readiness().ready).toBe(false)
  const { brokers } = await cluster.broker(1).node.api.describeCluster()
  expect(brokers.map(({ id, pid }) => [id, pid])).toEqual([
    [1, 1001],
    [2, 1002],
    [3, 1003],
    [4, 0],
  ])
})
