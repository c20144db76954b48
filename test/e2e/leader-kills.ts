import type { Producer } from '@tailrace/producer'
import type { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

export interface LeaderKills {
  /** Milliseconds from each kill to the acknowledgement of a publish that began right after it, in order. */
  readonly waits: number[]
  /** Of all records, as they were acknowledged. */
  readonly offsets: number[]
}

/**
 * Kills the leader of the topic's only partition again and again, each time when all replicas are in sync, and starts
 * it again.
 */
export async function killLeaders(
  cluster: ClusterProcesses,
  topic: string,
  producer: Producer,
  kills: number,
): Promise<LeaderKills> {
  const waits: number[] = []
  const offsets: number[] = []
  let witness = 1
  for (let kill = 0; kill < kills; kill += 1) {
    const view = await topicBecomes(cluster, witness, topic, allInSync)
    offsets.push((await producer.send(topic, { value: `before ${kill}` })).offset)
    const { leader } = view.partitions[0]!
    witness = cluster.ids.find((id) => id !== leader)!
    const killed = performance.now()
    const gone = cluster.kill(leader)
    offsets.push((await producer.send(topic, { value: `after ${kill}` })).offset)
    waits.push(performance.now() - killed)
    await gone
    await cluster.launch(leader)
    await cluster.ready([leader])
  }
  return { waits, offsets }
}
