import type { TopicChanges } from '../../api/admin-api.ts'
import type { TopicConfig } from '../../api/broker-api.ts'
import { type TopicSetting, topicSettings } from '../../cluster/metadata/topic-settings.ts'
import { bytes, duration, integer, yesOrNo } from '../../config/setting-kinds.ts'
import { UsageError } from '../command-failure.ts'
import { flagOf } from '../setting-flag.ts'

/** Flags of a topic's settings, as `topic create` and `topic alter` take them. */
export type SettingFlags = { readonly [Name in keyof TopicConfig]?: string }

const most = Number.MAX_SAFE_INTEGER
const readers = { bytes: bytes(0, most), milliseconds: duration(0, most), count: integer(0, most), boolean: yesOrNo }
const words = {
  bytes: 'a size like 10GiB, 512MiB or a number of bytes',
  milliseconds: 'a duration like 7d, 12h, 30m or a number of milliseconds',
  count: 'a whole number',
  boolean: 'true or false',
}

/** Settings that were given as flags. `resets`: the word "default" puts one back (null). Throws UsageError. */
export function settingChanges(flags: SettingFlags, resets: boolean): TopicChanges {
  const changes: Record<string, number | boolean | null> = {}
  for (const setting of topicSettings) {
    const text = flags[setting.name]
    if (text !== undefined) changes[setting.name] = settingFrom(setting, flagOf(setting), text, resets)
  }
  return changes
}

/**
 * `name=value` pairs of --config, by the names of the API or Kafka's. A name that is not known is left to the broker,
 * with text of a number or boolean as such. `resets`: as above. Throws UsageError.
 */
export function parseTopicConfig(
  pairs: readonly string[],
  resets: boolean,
): Record<string, string | number | boolean | null> {
  const config: Record<string, string | number | boolean | null> = {}
  for (const pair of pairs) {
    const match = /^([A-Za-z][A-Za-z0-9.]*)=(.*)$/.exec(pair)
    if (match === null)
      throw new UsageError(`--config ${JSON.stringify(pair)} is not of the form name=value, like retention.ms=7d`)
    const [, name, text] = match as unknown as [string, string, string]
    const setting = topicSettings.find((some) => some.name === name || some.kafka === name)
    const isEndless = setting?.endless === true && name === setting.kafka && text === '-1'
    config[name] = isEndless
      ? -1
      : setting === undefined
        ? plain(text, resets)
        : settingFrom(setting, name, text, resets)
  }
  return config
}

function settingFrom({ kind }: TopicSetting, given: string, text: string, resets: boolean): number | boolean | null {
  if (resets && text === 'default') return null
  const value = readers[kind].read(text)
  if (value !== undefined) return value
  const orDefault = resets ? ', or "default"' : ''
  throw new UsageError(`${given} is ${JSON.stringify(text)}, but must be ${words[kind]}${orDefault}`)
}

function plain(text: string, resets: boolean): string | number | boolean | null {
  if (resets && text === 'default') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text
}
