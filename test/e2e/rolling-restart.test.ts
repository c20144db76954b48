import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { digestReplicas } from './replica-bytes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

const ELECTION_MS = 600
const PARTITIONS = 6

let cluster: ClusterProcesses
let load: FlightLoad

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  load = await FlightLoad.start(cluster, 'flights', 2000)
})

afterAll(async () => {
  await load?.abandon()
  await cluster?.destroy()
})

/**
 * Restarts a broker; resolves with the partitions that it led and the longest time in which a partition got no
 * acknowledgement.
 */
async function restart(broker: number, end: () => Promise<unknown>): Promise<{ led: number; gap: number }> {
  const witness = cluster.ids.find((id) => id !== broker)!
  const view = await viewTopic(cluster, witness, 'flights')
  const led = view.partitions.filter(({ leader }) => leader === broker).length
  const from = performance.now()
  await end()
  await cluster.launch(broker)
  await cluster.ready([broker])
  await topicBecomes(cluster, witness, 'flights', allInSync)
  await load.nextAcknowledgement()
  return { led, gap: load.longestGap(from, performance.now()) }
}

it('M81: a restart of all three brokers transfers leaderships first; a producer does not notice it, unlike kill -9', async () => {
  const rolling: { led: number; gap: number }[] = []
  for (const broker of [1, 2, 3]) {
    rolling.push(await restart(broker, async () => expect(await cluster.stop(broker)).toBe(0)))
  }
  // The last one that was stopped has transferred its leaderships.
  const killed = await restart(1, () => cluster.kill(1))
  const text = (each: { led: number; gap: number }) => `${each.gap.toFixed(0)} ms (led ${each.led})`
  console.log(
    `longest time without an acknowledgement of a partition: SIGTERM ${rolling.map(text).join(', ')}; kill -9 ${text(killed)}`,
  )
  expect(rolling.reduce((sum, { led }) => sum + led, 0)).toBeGreaterThanOrEqual(PARTITIONS)
  for (const { gap } of rolling) expect(gap).toBeLessThan(ELECTION_MS)
  expect(killed.led).toBeGreaterThan(0)
  expect(killed.gap).toBeGreaterThan(Math.max(...rolling.map(({ gap }) => gap)))
  await load.stop()
  expect(await load.problems(cluster)).toEqual([])
  await cluster.stopAll()
  const [first, ...others] = await Promise.all(cluster.ids.map((id) => digestReplicas(cluster.dataFolder(id))))
  expect(first!.size).toBe(PARTITIONS + 1)
  for (const other of others) expect(other).toEqual(first)
})
