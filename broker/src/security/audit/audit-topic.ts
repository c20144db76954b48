import { BatchWriter, Compression, NO_PRODUCER, TailraceError } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import { AUDIT_TOPIC } from './audit-event.ts'
import type { AuditEntry } from './audit-trail.ts'

const KEPT_MS = 90 * 86_400_000
const MOST_REPLICAS = 3
const PUBLISH_MS = 10_000

/** Publishes entries to the internal topic, which is made when the first of them comes. */
export class AuditTopic {
  readonly #api: Pick<BrokerApi, 'publish' | 'createTopic' | 'routing' | 'describeCluster'>

  constructor(api: Pick<BrokerApi, 'publish' | 'createTopic' | 'routing' | 'describeCluster'>) {
    this.#api = api
  }

  /** Resolves when they are on a majority's disks. @throws TailraceError as BrokerApi.publish and createTopic */
  async keep(entries: readonly AuditEntry[]): Promise<void> {
    if (this.#api.routing([AUDIT_TOPIC]).topics.length === 0) await this.#create()
    const writer = new BatchWriter()
    for (const entry of entries) {
      const { at: timestamp, principal: key } = entry
      writer.append({ timestamp, key, value: JSON.stringify(entry) })
    }
    const nobody = { producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1 }
    const batch = writer.finish({ ...nobody, compression: Compression.none })
    await this.#api.publish(AUDIT_TOPIC, 0, batch, { timeoutMs: PUBLISH_MS, wait: true })
  }

  async #create(): Promise<void> {
    const { brokers } = await this.#api.describeCluster()
    const replicas = Math.min(MOST_REPLICAS, brokers.filter(({ level }) => level === 0).length)
    const config = { retentionMs: KEPT_MS }
    try {
      await this.#api.createTopic({ name: AUDIT_TOPIC, partitions: 1, replicas, config })
    } catch (error) {
      // Another broker was faster.
      if (TailraceError.from(error).code !== 'TOPIC_EXISTS') throw error
    }
  }
}
