import type { ClusterProcesses } from './cluster-processes.ts'

/** GET /topics/{topic}, as tests need it. */
export interface TopicView {
  readonly partitions: readonly {
    readonly partition: number
    readonly leader: number
    readonly term: number
    readonly replicas: readonly number[]
    readonly inSync: readonly number[]
    readonly logStart: number
    readonly highWatermark: number
  }[]
}

export function viewTopic(cluster: ClusterProcesses, through: number, topic: string): Promise<TopicView> {
  return cluster.request<TopicView>(through, 'GET', `/topics/${topic}`)
}

/** Polls until the topic looks as asked; rejects with its last state. */
export async function topicBecomes(
  cluster: ClusterProcesses,
  through: number,
  topic: string,
  asked: (view: TopicView) => boolean,
  timeoutMs = 20_000,
): Promise<TopicView> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const view = await viewTopic(cluster, through, topic).catch((error: unknown) => String(error))
    if (typeof view !== 'string' && asked(view)) return view
    if (Date.now() > deadline)
      throw new Error(`the topic is not as asked after ${timeoutMs} ms: ${JSON.stringify(view)}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

export function allInSync(view: TopicView): boolean {
  return view.partitions.every(
    (partition) => partition.leader !== 0 && partition.inSync.length === partition.replicas.length,
  )
}
