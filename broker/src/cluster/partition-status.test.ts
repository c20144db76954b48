import { BatchWriter } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { TestBroker } from './fakes/test-cluster.ts'
import { TestCluster } from './fakes/test-cluster.ts'

let cluster: TestCluster
let leader: TestBroker
let other: TestBroker

function batch(value: string): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
  await cluster.clock.run(3000)
  await created
  leader = cluster.broker(cluster.world.leaderOf(1))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
  const published = leader.node.api.publish('t', 0, batch('a'), { timeoutMs: 1000, wait: false })
  await cluster.clock.run(10)
  await published
})

const figures = async (broker: TestBroker) => (await broker.node.api.describeTopic('t')).partitions[0]!

for (const from of ['the leader', 'another broker']) {
  const asked = (): TestBroker => (from === 'the leader' ? leader : other)

  test(`asked of ${from}: a leader that does not know yet what was acknowledged is waited for`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    leader.groups.get(1)!.onConfirmed = () => promise
    let told: { leader: number; highWatermark: number } | null = null
    void figures(asked()).then((found) => (told = found))
    await cluster.clock.run(100)
    expect(told).toBeNull()
    resolve()
    await cluster.clock.run(10)
    expect(told).toMatchObject({ leader: leader.id, highWatermark: 1 })
  })

  test(`asked of ${from}: where it does not get to know it, the partition has no leader`, async () => {
    leader.groups.get(1)!.onConfirmed = () => Promise.reject(new Error('an election timeout has passed'))
    const told = figures(asked())
    await cluster.clock.run(10)
    expect(await told).toMatchObject({ leader: 0 })
  })
}

test('without the leader, the end is the last one that is known, be it from this broker or from another', async () => {
  const first = figures(other)
  await cluster.clock.run(10)
  expect(await first).toMatchObject({ highWatermark: 1 })
  leader.groups.get(1)!.onConfirmed = () => Promise.reject(new Error('an election timeout has passed'))
  other.groups.get(1)!.highWatermark = 0
  const later = figures(other)
  await cluster.clock.run(10)
  expect(await later).toMatchObject({ leader: 0, highWatermark: 1 })
  other.groups.get(1)!.highWatermark = 5
  const latest = figures(other)
  await cluster.clock.run(10)
  expect(await latest).toMatchObject({ leader: 0, highWatermark: 5 })
})
