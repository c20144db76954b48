import { TailraceError } from '@tailrace/schemas'
import type { TopicChanges } from '../../api/admin-api.ts'
import { fixedSettings, topicSettings } from './topic-settings.ts'

const byKafka = new Map(topicSettings.map((setting) => [setting.kafka, setting]))
const fixed = new Map(fixedSettings.map((setting) => [setting.kafka, setting]))

/**
 * Settings under the names of the API in the place of Kafka's; -1 becomes null where it means that there is no bound.
 * Settings of Kafka that have one value here are left out. Names that nobody knows stay.
 * @throws TailraceError INVALID_SETTING: one has another value, or is named twice
 */
export function withoutKafkaNames(settings: Readonly<Record<string, unknown>>): TopicChanges {
  const named: Record<string, unknown> = {}
  for (const [given, value] of Object.entries(settings)) {
    const only = fixed.get(given)
    if (only !== undefined) {
      if (value === only.value || value === null) continue
      throw new TailraceError('INVALID_SETTING', `${given} is ${only.value}, not ${String(value)}. ${only.about}`)
    }
    const setting = byKafka.get(given)
    const name = setting?.name ?? given
    if (Object.hasOwn(named, name)) throw new TailraceError('INVALID_SETTING', `${given} is named twice.`)
    named[name] = value === -1 && setting?.endless ? null : value
  }
  return named as TopicChanges
}
