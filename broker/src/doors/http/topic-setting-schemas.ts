import { fixedSettings, type TopicSetting, topicSettings } from '../../cluster/metadata/topic-settings.ts'
import { object, string } from './schema-parts.ts'

/** JSON schemas of the settings of a topic, made of the one table. Requests may use Kafka's names. */

/** `isNullable`: null puts it back to its default. */
function schemaOf(setting: TopicSetting, isKafka: boolean, isNullable: boolean): object {
  const type = setting.kind === 'boolean' ? 'boolean' : 'integer'
  const described = { type: isNullable ? [type, 'null'] : type, description: setting.about }
  if (setting.kind === 'boolean') return described
  const minimum = isKafka && setting.endless ? -1 : setting.least
  // A bound that depends on the broker is checked by the metadata leader.
  return { ...described, minimum, ...(typeof setting.most === 'number' && { maximum: setting.most }) }
}

function ownNames(isNullable: boolean): Record<string, object> {
  return Object.fromEntries(topicSettings.map((some) => [some.name, schemaOf(some, false, isNullable)]))
}

function kafkaNames(isNullable: boolean): Record<string, object> {
  const own = topicSettings.flatMap((some) => {
    return some.kafka === null ? [] : [[some.kafka, schemaOf(some, true, isNullable)] as const]
  })
  const fixed = fixedSettings.map(({ kafka, value, about }) => {
    return [
      kafka,
      { type: isNullable ? ['string', 'null'] : 'string', description: `Always ${value}. ${about}` },
    ] as const
  })
  return Object.fromEntries([...own, ...fixed])
}

function allOptional(properties: Record<string, object>): object {
  return object(properties, Object.keys(properties))
}

/** Every name under which a setting of a topic may be given. */
export const settingNames: readonly string[] = Object.keys({ ...ownNames(false), ...kafkaNames(false) })

export const topicSettingSchemas: readonly object[] = [
  { $id: 'TopicConfig', ...allOptional(ownNames(false)) },
  {
    $id: 'TopicSettings',
    description: "Settings of a new topic, under these names or Kafka's.",
    ...allOptional({ ...ownNames(false), ...kafkaNames(false) }),
  },
  {
    $id: 'TopicChanges',
    description: 'Settings that are not named stay as they are; null puts one back to its default.',
    minProperties: 1,
    ...allOptional({ ...ownNames(true), ...kafkaNames(true) }),
  },
  {
    $id: 'EffectiveSetting',
    ...object({
      name: { ...string, description: "Kafka's name, where it has one." },
      alias: { type: ['string', 'null'], description: "The name in the API, where name is Kafka's." },
      value: { type: ['integer', 'boolean', 'string', 'null'], description: 'Null: none, as about explains.' },
      source: {
        type: 'string',
        enum: ['topic', 'broker', 'default'],
        description: 'topic: set for the topic. broker: a setting of this broker. default: neither.',
      },
      about: string,
    }),
  },
]
