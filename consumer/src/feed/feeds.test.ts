import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { expect, it } from 'vitest'
import { Consumer } from '../consumer.ts'

it('reads more partitions than a connection has subscriptions, and closes what it has opened', async () => {
  const cluster = await TestCluster.start({ wide: 450 })
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  await producer.sendBatch(
    'wide',
    [0, 199, 200, 449].map((partition) => ({ partition, value: String(partition) })),
  )
  await producer.close()
  const broker = cluster.broker(1)
  const consumer = new Consumer({ servers: cluster.servers })
  const group = consumer.group('g', { heartbeats: 'timers' })
  const seen: string[] = []
  for await (const { value } of group.subscribe('wide')) {
    seen.push(value!)
    if (seen.length === 4) break
    expect(Math.max(...[...broker.sessions].map(({ subscriptions }) => subscriptions))).toBeLessThanOrEqual(200)
  }
  expect(seen.sort()).toEqual(['0', '199', '200', '449'])
  await group.close()
  await consumer.close()
  await expect.poll(() => broker.sessions.size, { timeout: 10_000 }).toBe(0)
  await cluster.close()
})
