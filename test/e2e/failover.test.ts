import { Producer } from '@tailrace/producer'
import { afterEach, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { killLeaders } from './leader-kills.ts'

const KILLS = 20

let cluster: ClusterProcesses

afterEach(() => cluster.destroy())

it.each([
  ['by default', [], 1_500],
  ['on a local network', ['--election-timeout-ms', '150', '--heartbeat-ms', '60'], 1_000],
] as const)(
  'acknowledges a publish soon after kill -9 of the leader, %s',
  async (_name, flags, mostMs) => {
    cluster = await ClusterProcesses.start({ flags })
    await cluster.request(1, 'POST', '/topics', { name: 'failover', partitions: 1, replicas: 3 })
    const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
    const { waits, offsets } = await killLeaders(cluster, 'failover', producer, KILLS)
    await producer.close()
    waits.sort((a, b) => a - b)
    console.log(`first acknowledged publish after kill -9, ms: ${waits.map((ms) => ms.toFixed(0)).join(' ')}`)
    // p99 of 20.
    expect(waits.at(-1)).toBeLessThan(mostMs)
    expect(offsets).toEqual(offsets.map((_, at) => at))
  },
  180_000,
)
