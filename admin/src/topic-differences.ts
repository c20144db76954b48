import type { TopicConfig, TopicDescription } from './topic-answers.ts'

/** A topic as it is to be. What is not named is as it comes. */
export interface TopicSpec {
  /** Default: 1. */
  readonly partitions?: number
  /** Copies of each partition. Default: 3, or as many as there are brokers. */
  readonly replicas?: number
  /** Settings by Kafka's names or those of the API, such as `{ 'retention.ms': 86_400_000 }`. */
  readonly config?: TopicConfig
}

/** Something in which a topic is not as it is to be. */
export interface TopicDifference {
  /** `partitions`, `replicas`, or a setting under the name that was given. */
  readonly name: string
  readonly wanted: number | boolean | string
  /** Null: no value. */
  readonly actual: number | boolean | string | null
}

/** Where the topic differs from what of it is named. Settings are the same under Kafka's names and those of the API. */
export function differencesOf(topic: TopicDescription, { partitions, replicas, config = {} }: TopicSpec) {
  const found: TopicDifference[] = []
  const compare = (name: string, wanted: TopicDifference['wanted'], actual: TopicDifference['actual']): void => {
    // Kafka's -1 is no bound, which is no value here.
    if (wanted !== actual && !(wanted === -1 && actual === null)) found.push({ name, wanted, actual })
  }
  if (partitions !== undefined) compare('partitions', partitions, topic.partitions.length)
  if (replicas !== undefined) compare('replicas', replicas, topic.partitions[0]?.replicas.length ?? 0)
  for (const [name, wanted] of Object.entries(config)) {
    const setting = topic.settings.find((one) => one.name === name || one.alias === name)
    compare(name, wanted, setting === undefined ? (topic.config[name] ?? null) : setting.value)
  }
  return found
}

export function differencesText(differences: readonly TopicDifference[]): string {
  return differences.map(({ name, wanted, actual }) => `${name} is ${actual ?? 'not set'}, not ${wanted}`).join('; ')
}
