import { CascadeProcesses } from '../../test/e2e/cascade-processes.ts'
import { ClusterProcesses } from '../../test/e2e/cluster-processes.ts'
import { FlightLoad } from '../../test/e2e/flight-load.ts'
import { allInSync, topicBecomes } from '../../test/e2e/topic-view.ts'

const ROWS_PER_SECOND = 400

/** Three brokers and three cascade brokers, with topics, users and rules as a cluster at work has them. */
export class PictureCluster {
  readonly brokers: ClusterProcesses
  readonly #cascades: CascadeProcesses
  #load: FlightLoad | null = null

  private constructor(brokers: ClusterProcesses, cascades: CascadeProcesses) {
    this.brokers = brokers
    this.#cascades = cascades
  }

  static async start(): Promise<PictureCluster> {
    const cluster = new PictureCluster(await ClusterProcesses.start(), await CascadeProcesses.inFolder())
    try {
      await cluster.#prepare()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  /** `host:port` of the broker whose console is shown. */
  get http(): string {
    return this.brokers.http(1)
  }

  async stop(): Promise<void> {
    await this.#load?.abandon()
    await this.#cascades.destroy()
    await this.brokers.destroy()
  }

  async #prepare(): Promise<void> {
    const ask = (method: string, path: string, body: object) => this.brokers.request(1, method, path, body)
    const config = { retentionMs: 604_800_000, maxBatchBytes: 2_097_152 }
    await ask('POST', '/topics', { name: 'flights', partitions: 4, replicas: 3, config })
    await ask('POST', '/topics', { name: 'airports', partitions: 1, replicas: 3 })
    await ask('POST', '/topics', { name: 'delays', partitions: 3, replicas: 2, config: { retentionMs: 86_400_000 } })
    for (const user of ['ann', 'reports']) await ask('PUT', `/security/users/${user}`, { password: 'made up for this' })
    const resource = { type: 'topic', name: 'flights', pattern: 'literal' }
    const rule = { principal: 'User:reports', host: '*', operation: 'read', permission: 'allow', resource }
    await ask('POST', '/security/acls', { acls: [rule] })
    const limits = { produceBytesPerSecond: 10_000_000 }
    await ask('PUT', '/security/quotas', { entity: { principal: 'User:ann' }, limits })
    await topicBecomes(this.brokers, 1, 'flights', allInSync)
    for (const [id, source] of [
      [101, () => this.brokers.http(1)],
      [102, () => this.brokers.http(2)],
      [201, () => this.#cascades.http(101)],
    ] as const) {
      await this.#cascades.add(id, source())
      await this.#cascades.ready([id])
    }
    this.#load = await FlightLoad.start(this.brokers, 'flights', ROWS_PER_SECOND)
  }
}
