import { expect, test } from 'vitest'
import { TestCluster } from '../cluster/testing/test-cluster.ts'
import { open } from '../log/testing/small-log.ts'
import { noPartitionMetrics } from '../partition/metrics.ts'
import { MemoryDisk } from '../platform/testing/disk.ts'
import { brokerMetrics } from './broker-metrics.ts'

const peers = { framesSent: 0, framesReceived: 0, raftDropped: 0, corruptAppends: 0, handlerFaults: 0, unheard: 0 }

test('replicas that take no part are counted and told, and leave their broker ready', async () => {
  const cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 3, replicas: 3 })
  await cluster.clock.run(2000)
  await created
  const { node, groups } = cluster.broker(2)
  const counted = { metrics: noPartitionMetrics(), openCopies: 0, sleeping: 0, all: () => groups.all() } as never
  const registry = brokerMetrics(await open(new MemoryDisk()), counted, peers)
  const shown = async () => {
    const text = await registry.metrics()
    const values = ['quarantined', 'stopped'].map((what) => `^tailrace_${what}_replicas (\\S+)`)
    return [...values.map((pattern) => Number(new RegExp(pattern, 'm').exec(text)?.[1])), node.api.readiness()]
  }
  expect(await shown()).toEqual([0, 0, { ready: true, reason: '' }])
  groups.get(1)!.standing = 'quarantined'
  groups.get(2)!.standing = 'quarantined'
  groups.get(3)!.standing = 'stopped'
  const reason = 'Replicas here in quarantine: 2, stopped: 1. The log says why.'
  expect(await shown()).toEqual([2, 1, { ready: true, reason }])
})
