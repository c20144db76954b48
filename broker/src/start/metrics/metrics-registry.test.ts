import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { TestCluster } from '../../cluster/testing/test-cluster.ts'
import { replicaMetrics } from '../../partition/broker/replica-metrics.ts'
import { ReplicaTally } from '../../partition/broker/replica-tally.ts'
import { noPartitionMetrics } from '../../partition/metrics.ts'
import type { MetricTable } from '../../platform/metric-table.ts'
import { nodeClock } from '../../platform/node/clock.ts'
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

test('what takes longer to count is counted once for all figures of a page, and anew for the next page', async () => {
  let counted = 0
  const part = { figure: 0 }
  const registry = new Registry()
  const table: MetricTable<typeof part> = {
    refresh: async ({ figure }) => {
      counted += 1
      await Promise.resolve()
      part.figure = figure + 1
    },
    counters: [['a_total', 'A.', ({ figure }) => figure]],
    gauges: [
      ['b', 'B.', ({ figure }) => figure],
      ['c', 'C.', ({ figure }) => 10 * figure],
    ],
  }
  register(registry, table, part)
  const shown = async () => [...(await registry.metrics()).matchAll(/^\w+ (\d+)$/gm)].map(([, value]) => Number(value))
  expect([await shown(), counted]).toEqual([[1, 1, 10], 1])
  expect([await shown(), counted]).toEqual([[2, 2, 20], 2])
})

test('series with labels follow their part, also where one is gone', async () => {
  const part = new Map([
    ['x', 1],
    ['y', 2],
  ])
  const seconds: ((value: number) => void)[] = []
  const registry = new Registry()
  const rows = () => [...part].map(([name, figure]) => [[name], figure] as const)
  register(
    registry,
    {
      counters: [],
      gauges: [],
      labelledCounters: [['a_total', 'A.', ['of'], rows]],
      labelledGauges: [['b', 'B.', ['of'], rows]],
      labelledHistograms: [
        ['d', 'D.', 'of', [1, 5], (_part, observerOf) => void seconds.push(...['x', 'y'].map(observerOf))],
      ],
    },
    part,
  )
  const shown = async (name: string) =>
    [...(await registry.metrics()).matchAll(new RegExp(`^${name}\\{of="(\\w)"\\} (\\d+)$`, 'gm'))].map(
      ([, of, value]) => `${of}${value}`,
    )
  expect([await shown('a_total'), await shown('b'), await shown('d_count')]).toEqual([
    ['x1', 'y2'],
    ['x1', 'y2'],
    ['x0', 'y0'],
  ])
  part.delete('y')
  seconds[0]!(3)
  expect([await shown('a_total'), await shown('b'), await shown('d_count')]).toEqual([['x1'], ['x1'], ['x1', 'y0']])
})
