import type { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

export interface Faults {
  readonly count: number
  /** Resolves when there have been so many. Rejects where no more can come. */
  reached(count: number): Promise<void>
  /** Ends after the fault at hand; every broker runs again and holds everything. */
  stop(): Promise<void>
}

type Hurt = (cluster: ClusterProcesses, broker: number) => Promise<void>

/** kill -9, and up again at once. */
export const killAndRestart: Hurt = async (cluster, broker) => {
  await cluster.kill(broker)
  await cluster.launch(broker)
  await cluster.ready([broker])
}

/**
 * SIGSTOP long enough that another leader is elected, then SIGCONT: the old one runs again and believes that it leads.
 */
export const pauseAndResume: Hurt = async (cluster, broker) => {
  cluster.pause(broker)
  await new Promise((done) => setTimeout(done, 1500))
  cluster.resume(broker)
  await cluster.ready([broker])
}

/** Every second causes a fault at the leader of some partition, another partition each time. */
export function hurtLeaders(cluster: ClusterProcesses, topic: string, hurt: Hurt): Faults {
  let stopped = false
  let count = 0
  let broken: unknown
  const loop = async (): Promise<void> => {
    let witness = 1
    while (!stopped) {
      const began = Date.now()
      const view = await topicBecomes(cluster, witness, topic, (each) =>
        each.partitions.every(({ leader }) => leader !== 0),
      )
      const { leader } = view.partitions[count % view.partitions.length]!
      witness = cluster.ids.find((id) => id !== leader)!
      await hurt(cluster, leader)
      count += 1
      await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (Date.now() - began))))
    }
  }
  const running = loop().catch((error: unknown) => {
    broken = error
  })
  return {
    get count() {
      return count
    },
    async reached(wanted) {
      while (count < wanted) {
        if (broken !== undefined) throw broken
        await new Promise((done) => setTimeout(done, 20))
      }
    },
    async stop() {
      stopped = true
      await running
      if (broken !== undefined) throw broken
      await topicBecomes(cluster, 1, topic, allInSync)
    },
  }
}

export function highWatermarks(cluster: ClusterProcesses, topic: string): Promise<number[]> {
  return highWatermarksOf(cluster, 1, topic)
}

export async function highWatermarksOf(cluster: ClusterProcesses, through: number, topic: string): Promise<number[]> {
  return (await viewTopic(cluster, through, topic)).partitions.map((partition) => partition.highWatermark)
}
