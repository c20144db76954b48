import type { BrokerId } from '@tailrace/schemas'
import { afterEach, describe, expect, test } from 'vitest'
import { batchOf } from '../../broker/src/partition/testing/batches.ts'
import { type BrokerOptions, WholeBrokers } from './whole-brokers.ts'

const KiB = 1024
const big = 'z'.repeat(300 * KiB)
let cluster: WholeBrokers

afterEach(() => cluster.close())

async function publish(topic: string, value: string): Promise<void> {
  const { api } = cluster.broker(1).node
  await cluster.during(api.publish(topic, 0, batchOf([value]), { timeoutMs: 5000, wait: true }))
}

async function create(name: string, replicas = 3): Promise<number> {
  const { api } = cluster.broker(1).node
  await cluster.during(api.createTopic({ name, partitions: 1, replicas, config: { maxBatchBytes: 400 * KiB } }))
  return [...cluster.broker(1).groups.all()].at(-1)!.id
}

/** Broker `id` is stopped and comes back with other limits. */
async function restart(id: BrokerId, options: BrokerOptions): Promise<void> {
  const { disk, store, stop } = cluster.broker(id)
  await cluster.during(stop())
  cluster.brokers[id - 1] = await cluster.during(cluster.start(id, [1, 2, 3], options, { disk, store }))
}

function endsAt(group: number): number[] {
  return cluster.brokers.map(({ groups }) => groups.get(group)!.highWatermark)
}

describe('a broker that comes back with limits below the stored sizes', () => {
  const limits = { maxFrameBytes: 128 * KiB }

  test('is refused at its start, with the setting, the topic and the sizes', async () => {
    cluster = await WholeBrokers.of(3)
    await create('big')
    const { disk, store, stop } = cluster.broker(3)
    await cluster.during(stop())
    const sizeLimits = { maxFrameBytes: limits.maxFrameBytes }
    const start = cluster.start(3, [1, 2, 3], { limits, sizeLimits }, { disk, store })
    await expect(cluster.during(start)).rejects.toMatchObject({
      code: 'INVALID_SETTING',
      message: expect.stringMatching(/maxFrameBytes.*"big".*409600.*131072/),
    })
    disk.crash(() => 0)
    cluster.brokers[2] = await cluster.during(cluster.start(3, [1, 2, 3], {}, { disk, store }))
  })

  test('loses the partition that does not fit, says so, and keeps its links and all other partitions', async () => {
    cluster = await WholeBrokers.of(3)
    const [bigGroup, other] = [await create('big'), await create('other')]
    await cluster.during(cluster.broker(3).stop())
    await publish('big', big)
    await publish('other', 'a')
    const { disk, store } = cluster.broker(3)
    cluster.brokers[2] = await cluster.during(cluster.start(3, [1, 2, 3], { limits }, { disk, store }))
    const three = cluster.broker(3)
    await cluster.until(() => three.groups.get(bigGroup)?.unfit != null)
    const links = three.peers.stats.framesReceived
    for (let i = 0; i < 5; i++) {
      await publish('other', `b${i}`)
      await cluster.pass(2000)
    }
    await cluster.until(() => endsAt(other).join() === '6,6,6')
    expect(three.node.api.readiness()).toMatchObject({ ready: false, reason: expect.stringContaining('maxFrameBytes') })
    expect(three.groups.get(bigGroup)!.status().trouble).toContain('maxFrameBytes')
    expect(three.groups.metrics.replicasUnfit).toBe(1)
    expect(three.peers.stats.framesReceived).toBeGreaterThan(links)
    for (const { peers, complaints } of cluster.brokers) {
      expect(peers.stats.malformed).toBe(0)
      expect(complaints.filter((line) => line.includes('frame is larger'))).toEqual([])
    }
    // With room for it the next start makes it whole.
    await restart(3, {})
    await cluster.until(() => endsAt(bigGroup).join() === '1,1,1')
  })

  test('requests for too large data are answered with a code, and the link stays', async () => {
    cluster = await WholeBrokers.of(3)
    await create('big', 1)
    await publish('big', big)
    const leader = cluster.brokers.findIndex(({ groups }) => [...groups.all()].some(({ id }) => id > 0)) + 1
    const asker = leader === 3 ? 2 : 3
    await restart(asker, { limits })
    await cluster.until(() => cluster.broker(asker).node.api.readiness().ready)
    const request = { offset: 0, maxBytes: 1_000_000, waitMs: 0 }
    const { api } = cluster.broker(asker).node
    await expect(cluster.during(api.fetch('big', 0, request))).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
    const published = api.publish('big', 0, batchOf([big]), { timeoutMs: 3000, wait: false })
    await expect(cluster.during(published)).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
    const others = cluster.brokers.filter(({ id }) => id !== asker)
    for (const { peers } of others) expect([peers.connected(asker), peers.stats.malformed]).toEqual([true, 0])
    expect(cluster.broker(asker).peers.stats.tooLarge).toBeGreaterThan(0)
  })
})

const differing: [string, BrokerOptions][] = [
  ['maxAppendBytes', { partition: { maxAppendBytes: 64 * KiB } }],
  ['maxInflightBytes', { partition: { maxInflightBytes: 64 * KiB } }],
  ['maxUncommittedBytes', { partition: { maxUncommittedBytes: 64 * KiB } }],
  ['copyChunkBytes', { partition: { copyChunkBytes: 4 * KiB } }],
  ['maxBatchBytes', { maxBatchBytes: 2 * KiB, largestMaxBatchBytes: 2 * KiB }],
  ['maxQueuedBytes', { limits: { maxQueuedBytes: 1024 * KiB } }],
  // As small as settings may be beside a topic of 400 KiB a batch (config/resolve-settings.ts).
  ['journalFileBytes', { log: { journalFileBytes: 1024 * KiB } }],
  ['segmentBytes', { log: { segmentBytes: 512 * KiB } }],
  ['tailBytes', { log: { tailBytes: 64 * KiB } }],
  ['directBytes', { log: { directBytes: 16 * KiB } }],
]
test.each(differing)('a smaller %s on one broker keeps no record from it, and it leads', async (_, options) => {
  cluster = await WholeBrokers.of(3)
  const group = await create('big')
  for (let i = 0; i < 2; i++) await publish('big', big)
  await cluster.until(() => endsAt(group).join() === '2,2,2')
  await restart(3, options)
  await cluster.until(() => cluster.broker(3).node.api.readiness().ready)
  await publish('big', big)
  await cluster.until(() => endsAt(group).join() === '3,3,3')
  const target = { kind: 'partition', topic: 'big', partition: 0 } as const
  await cluster.during(cluster.broker(1).node.admin.transferLeadership(target, 3))
  for (let i = 0; i < 3; i++) await publish('big', big)
  await cluster.until(() => endsAt(group).join() === '6,6,6')
})
