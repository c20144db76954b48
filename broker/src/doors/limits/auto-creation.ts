import { checkTopicName, TailraceError } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import type { GatewayLimits } from './limits.ts'
import type { SenderQuotas } from './quotas/sender-quotas.ts'
import type { Rights } from './rights.ts'

/** A client that wants a topic. */
export interface Creator {
  readonly rights: Pick<Rights, 'api' | 'session'>
  readonly quotas: Pick<SenderQuotas, 'create'>
}

export type AutoCreationSettings = Pick<
  GatewayLimits,
  'autoCreateTopics' | 'autoCreatePartitions' | 'autoCreateReplicas'
>

/** As `tailrace topic create` chooses them. */
const USUAL_REPLICAS = 3
/** Creations under way at one time; a client that wants more waits and tries again. */
const MOST_AT_ONCE = 100

/**
 * Creates topics that are missing when a client publishes to them, where the broker is told to: in the name of the
 * client, with its rights and from its quotas. Names that begin with two underscores are the brokers' own.
 */
export class AutoCreation {
  readonly #api: Pick<BrokerApi, 'describeCluster'>
  readonly #settings: AutoCreationSettings
  readonly #underWay = new Map<string, Promise<void>>()

  /** `api`: without checks. */
  constructor(api: Pick<BrokerApi, 'describeCluster'>, settings: AutoCreationSettings) {
    this.#api = api
    this.#settings = settings
  }

  /**
   * Does what needs the topic; if that is missing, creates it and does it again. `act` is called before this returns,
   * and must have changed nothing where it fails with UNKNOWN_TOPIC. `topicId`: not empty means a certain topic, and
   * another one would not do.
   * @throws TailraceError as `act` and `create`
   */
  orCreate<Result>(
    creator: Creator,
    topic: string,
    topicId: string | undefined,
    act: () => Promise<Result>,
  ): Promise<Result> {
    const first = act()
    if (!this.#settings.autoCreateTopics || (topicId !== undefined && topicId !== '')) return first
    return first.catch(async (error) => {
      if (!(error instanceof TailraceError && error.code === 'UNKNOWN_TOPIC')) throw error
      await this.create(creator, topic)
      return act()
    })
  }

  /**
   * Resolves when the topic is there. Those who want the same topic at the same time go on in the order in which they
   * came.
   * @throws TailraceError UNKNOWN_TOPIC: this broker creates none, or none of this name; INVALID_TOPIC_NAME,
   * AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED, THROTTLED, OVERLOADED, NOT_READY, TOO_MANY_PARTITIONS
   */
  create(creator: Creator, topic: string): Promise<void> {
    const key = `${topic} ${creator.rights.session.principal}`
    const running = this.#underWay.get(key)
    if (running !== undefined) return running
    if (this.#underWay.size >= MOST_AT_ONCE) {
      return Promise.reject(new TailraceError('OVERLOADED', 'Too many topics are being created.'))
    }
    const created = this.#create(creator, topic).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, created)
    return created
  }

  async #create({ rights, quotas }: Creator, name: string): Promise<void> {
    const { autoCreateTopics, autoCreatePartitions: partitions, autoCreateReplicas } = this.#settings
    if (!autoCreateTopics || name.startsWith('__')) throw new TailraceError('UNKNOWN_TOPIC', `"${name}".`)
    checkTopicName(name)
    const giveBack = quotas.create(partitions)
    try {
      const { brokers } = await this.#api.describeCluster()
      const holders = brokers.filter(({ level }) => level === 0).length
      const replicas = autoCreateReplicas > 0 ? autoCreateReplicas : Math.max(1, Math.min(USUAL_REPLICAS, holders))
      await rights.api.createTopic({ name, partitions, replicas })
    } catch (error) {
      giveBack()
      // Another client was faster.
      if (!(error instanceof TailraceError && error.code === 'TOPIC_EXISTS')) throw error
      if (rights.api.topicIdOf(name) === undefined) throw new TailraceError('NOT_READY', `"${name}" is being created.`)
    }
  }
}
