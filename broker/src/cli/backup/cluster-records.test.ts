import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { type ClusterRecords, clusterRecords } from './cluster-records.ts'

let cluster: TestCluster
let records: ClusterRecords
afterEach(async () => {
  records?.close()
  await cluster?.close()
})

test('records are read from the leader, linearizably', async () => {
  cluster = await TestCluster.start({ t: 1 }, 3)
  const writer = new BatchWriter()
  writer.append({ timestamp: 1000, key: null, value: 'v' })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  cluster.log('t', 0).append(batch, 1e6)
  records = clusterRecords({ servers: cluster.servers }, nodeClock, new AbortController().signal)
  const place = { topic: 't', topicId: cluster.topicId('t'), partition: 0 }
  expect((await records.read(place, 0)).length).toBe(batch.length)
  expect(cluster.brokers.map(({ linearizableFetches }) => linearizableFetches)).toEqual([1, 0, 0])
})
