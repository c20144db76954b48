import type { TopicChanges } from '../../api/admin-api.ts'
import { bytes, duration } from '../../config/setting-kinds.ts'
import { UsageError } from '../command-failure.ts'

/** Flags of a topic's settings, as `topic create` and `topic alter` take them. */
export interface SettingFlags {
  readonly maxBatchBytes?: string
  readonly retentionBytes?: string
  readonly retentionMs?: string
  readonly readOnly?: string
  readonly timestampBeforeMaxMs?: string
  readonly timestampAfterMaxMs?: string
}

const most = Number.MAX_SAFE_INTEGER
const sizes = bytes(0, most)
const durations = duration(0, most)

/** Settings that were given. `resets`: the word "default" puts one back (null). Throws UsageError. */
export function settingChanges(flags: SettingFlags, resets: boolean): TopicChanges {
  const changes: Record<string, number | boolean | null> = {}
  const take = (name: keyof SettingFlags, flag: string, valid: string, read: (text: string) => unknown): void => {
    const text = flags[name]
    if (text === undefined) return
    const value = resets && text === 'default' ? null : read(text)
    if (value === undefined) {
      const orDefault = resets ? ', or "default"' : ''
      throw new UsageError(`${flag} is ${JSON.stringify(text)}, but must be ${valid}${orDefault}`)
    }
    changes[name] = value as number | boolean | null
  }
  const size = 'a size like 10GiB, 512MiB or a number of bytes'
  take('maxBatchBytes', '--max-batch-bytes', size, (text) => sizes.read(text))
  take('retentionBytes', '--retention-bytes', size, (text) => sizes.read(text))
  const age = 'a duration like 7d, 12h, 30m or a number of milliseconds'
  take('retentionMs', '--retention-ms', age, (text) => durations.read(text))
  take('timestampBeforeMaxMs', '--timestamp-before-max-ms', age, (text) => durations.read(text))
  take('timestampAfterMaxMs', '--timestamp-after-max-ms', age, (text) => durations.read(text))
  take('readOnly', '--read-only', 'true or false', (text) => ({ true: true, false: false })[text])
  return changes
}
