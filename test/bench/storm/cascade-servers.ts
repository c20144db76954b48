import { Producer } from '@tailrace/producer'
import { CascadeProcesses } from '../../e2e/cascade-processes.ts'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { allInSync, topicBecomes } from '../../e2e/topic-view.ts'
import { topic } from './dialects.ts'

const FIRST_ID = 101

/** Cascade brokers, which the subscribers use, below a cluster of three that takes the records. */
export class CascadeServers {
  readonly ports: readonly number[]
  readonly #cluster: ClusterProcesses
  readonly #cascade: CascadeProcesses
  readonly #ids: readonly number[]
  readonly #producer: Producer
  #pids: readonly number[]

  private constructor(cluster: ClusterProcesses, cascade: CascadeProcesses, ids: readonly number[]) {
    this.#cluster = cluster
    this.#cascade = cascade
    this.#ids = ids
    this.#pids = ids.map((id) => cascade.pid(id))
    this.ports = ids.map((id) => Number(cascade.http(id).split(':').at(-1)))
    this.#producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  }

  /** `subscribers`: at each of the processes. */
  static async start(processes: number, subscribers: number): Promise<CascadeServers> {
    const cluster = await ClusterProcesses.start()
    const cascade = await CascadeProcesses.inFolder()
    const ids = Array.from({ length: processes }, (_, at) => FIRST_ID + at)
    try {
      await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 3 })
      await topicBecomes(cluster, 1, topic, allInSync)
      // One client address gets three quarters of the WebSockets; while all connect anew there are twice as many.
      const [connections, webSockets] = [subscribers * 4, subscribers * 3].map(String) as [string, string]
      const flags = ['--max-connections', connections, '--max-web-sockets', webSockets]
      const source = cluster.ids.map((id) => cluster.http(id)).join(',')
      for (const id of ids) await cascade.add(id, source, flags)
      await cascade.ready()
    } catch (error) {
      await cascade.destroy()
      await cluster.destroy()
      throw error
    }
    return new CascadeServers(cluster, cascade, ids)
  }

  /** Of the cascade brokers; while they are started again, of those of before. */
  pids(): readonly number[] {
    return this.#pids
  }

  async publish(value: string): Promise<void> {
    await this.#producer.send(topic, { value, partition: 0 })
  }

  /** `kill -9` of all cascade brokers, which are started again at once with their folders. */
  async restart(): Promise<void> {
    await this.#cascade.endAll('SIGKILL')
    for (const id of this.#ids) this.#cascade.launch(id)
    this.#pids = this.#ids.map((id) => this.#cascade.pid(id))
    await this.#cascade.ready()
  }

  async close(): Promise<void> {
    await this.#producer.close()
    await this.#cascade.destroy()
    await this.#cluster.destroy()
  }
}
