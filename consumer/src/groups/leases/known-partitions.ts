import type { Client } from '@tailrace/client'
import type { Lease } from '../beats/beat-messages.ts'

const LOOK_UP_MS = 10_000

/**
 * How many partitions topics had when a member learnt of them. Those with higher numbers were added while it ran: what
 * is in them is new to the group, wherever it begins in topics that it finds.
 */
export class KnownPartitions {
  readonly #client: Pick<Client, 'topic'>
  /** By the id of the topic. */
  readonly #counts = new Map<string, number>()
  /** By name. One that takes long, or is not there, holds up no other. */
  readonly #learning: ReadonlyMap<string, Promise<void>>

  /** `topics`: those that the member names; of patterns it learns by its leases. */
  constructor(client: Pick<Client, 'topic'>, topics: readonly string[]) {
    this.#client = client
    this.#learning = new Map(topics.map((topic) => [topic, this.#learn(topic)]))
  }

  async wasAdded({ topic, topicId, partition }: Lease): Promise<boolean> {
    await this.#learning.get(topic)
    if (!this.#counts.has(topicId)) await this.#learn(topic)
    return partition >= (this.#counts.get(topicId) ?? Number.POSITIVE_INFINITY)
  }

  /** Never rejects: of a topic that is not found nothing is known, and a lease of it asks again. */
  async #learn(topic: string): Promise<void> {
    try {
      const { id, leaders } = await this.#client.topic(topic, { timeoutMs: LOOK_UP_MS })
      if (!this.#counts.has(id)) this.#counts.set(id, leaders.length)
    } catch {
      // As above.
    }
  }
}
