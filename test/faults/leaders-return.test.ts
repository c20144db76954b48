import type { BrokerId } from '@tailrace/schemas'
import { afterEach, expect, test } from 'vitest'
import { batchOf } from '../../broker/src/partition/testing/batches.ts'
import { WholeBrokers } from './whole-brokers.ts'

const PARTITIONS = 6
const options = { leaderReturnMs: 5000 }
let cluster: WholeBrokers

afterEach(() => cluster.close())

function leaders(): number[] {
  const { topics } = cluster.broker(1).node.api.routing(['t'])
  return topics[0]!.partitions.map(({ leader }) => leader)
}

async function restart(id: BrokerId): Promise<void> {
  const { disk, store, stop } = cluster.broker(id)
  await cluster.during(stop())
  const started = await cluster.during(cluster.start(id, [1, 2, 3], options, { disk, store }))
  cluster.brokers[id - 1] = started
  await cluster.until(() => started.node.api.readiness().ready)
}

test('after a rolling restart leaderships return by themselves, also for sleeping partitions, and no record is lost', async () => {
  cluster = await WholeBrokers.of(3, options)
  const { api } = cluster.broker(1).node
  await cluster.during(api.createTopic({ name: 't', partitions: PARTITIONS, replicas: 3 }))
  await cluster.until(() => leaders().every((leader) => leader > 0))
  await cluster.pass(10_000)
  const spread = leaders()
  expect(new Set(spread).size).toBe(3)
  for (const id of [1, 2, 3]) await restart(id)
  // Only the even partitions are awake.
  for (let partition = 0; partition < PARTITIONS; partition += 2) {
    await cluster.during(
      cluster.broker(1).node.api.publish('t', partition, batchOf(['a']), { timeoutMs: 5000, wait: true }),
    )
  }
  expect(leaders()).not.toEqual(spread)
  await cluster.until(() => leaders().join() === spread.join(), 60_000)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const published = cluster
      .broker(2)
      .node.api.publish('t', partition, batchOf(['b']), { timeoutMs: 5000, wait: true })
    expect(await cluster.during(published)).toMatchObject({ baseOffset: partition % 2 === 0 ? 1 : 0 })
  }
})
