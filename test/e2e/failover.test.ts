import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const KILLS = 20
const LIMIT_MS = 1500

let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'failover', partitions: 1, replicas: 3 })
})

afterAll(() => cluster.destroy())

it('acknowledges a publish within 1.5 s (p99 over 20 kills) after kill -9 of the leader', async () => {
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  const waits: number[] = []
  const offsets: number[] = []
  let witness = 1
  for (let kill = 0; kill < KILLS; kill += 1) {
    const view = await topicBecomes(cluster, witness, 'failover', allInSync)
    offsets.push((await producer.send('failover', { value: `before ${kill}` })).offset)
    const { leader } = view.partitions[0]!
    witness = cluster.ids.find((id) => id !== leader)!
    const killed = performance.now()
    const gone = cluster.kill(leader)
    offsets.push((await producer.send('failover', { value: `after ${kill}` })).offset)
    waits.push(performance.now() - killed)
    await gone
    await cluster.launch(leader)
    await cluster.ready([leader])
  }
  await producer.close()
  waits.sort((a, b) => a - b)
  console.log(`first acknowledged publish after kill -9, ms: ${waits.map((ms) => ms.toFixed(0)).join(' ')}`)
  expect(waits[Math.ceil(KILLS * 0.99) - 1]).toBeLessThan(LIMIT_MS)
  expect(offsets).toEqual(offsets.map((_, at) => at))
}, 180_000)
