import type { TopicConfig } from '../../api/broker-api.ts'
import { fixedSettings, type TopicDefaults, topicSettings } from './topic-settings.ts'

/** A setting of a topic with the value that holds, and where that comes from. */
export interface EffectiveSetting {
  /** Kafka's name, or that of the API where Kafka has none. */
  readonly name: string
  /** The name in the API, where `name` is Kafka's; null: `name` is the only one. */
  readonly alias: string | null
  /** Null: none, which `about` explains. */
  readonly value: number | boolean | string | null
  /** topic: set for the topic. broker: a setting of the broker that is asked. default: neither. */
  readonly source: 'topic' | 'broker' | 'default'
  readonly about: string
}

/** All settings of a topic, in the order of the table. */
export function effectiveSettings(config: TopicConfig, defaults: TopicDefaults): EffectiveSetting[] {
  const own = topicSettings.map(({ name, kafka, fallback, about }): EffectiveSetting => {
    const shown = { name: kafka ?? name, alias: kafka === null ? null : name, about }
    const value = config[name]
    if (value !== undefined) return { ...shown, value, source: 'topic' }
    if (fallback === null || typeof fallback !== 'object') return { ...shown, value: fallback, source: 'default' }
    return { ...shown, value: defaults[fallback.broker], source: 'broker' }
  })
  const fixed = fixedSettings.map(({ kafka, value, about }) => ({
    name: kafka,
    alias: null,
    value,
    source: 'default' as const,
    about,
  }))
  return [...own, ...fixed]
}
