import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { TestCluster } from '../cluster/testing/test-cluster.ts'
import { replicaMetrics } from '../partition/broker/replica-metrics.ts'
import { ReplicaTally } from '../partition/broker/replica-tally.ts'
import { noPartitionMetrics } from '../partition/metrics.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { register } from './metrics-registry.ts'

test('replicas that take no part are counted and reported, and leave their broker ready', async () => {
  const cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 3, replicas: 3 })
  await cluster.clock.advance(2000)
  await created
  const { node, groups } = cluster.broker(2)
  const counted = { metrics: noPartitionMetrics(), openCopies: 0, sleeping: 0, all: () => groups.all() }
  const registry = new Registry()
  register(registry, replicaMetrics, new ReplicaTally(counted, nodeClock))
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
