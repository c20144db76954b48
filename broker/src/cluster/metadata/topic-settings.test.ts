import { expect, test } from 'vitest'
import { effectiveSettings } from './effective-settings.ts'
import { checkChanges, defaultPartitionLimits } from './intents/topic-rules.ts'
import { withoutKafkaNames } from './kafka-names.ts'
import { fixedSettings, levelOf, topicSettings } from './topic-settings.ts'

const limits = { ...defaultPartitionLimits, maxBatchBytes: 4_000_000 }
const outcome = (changes: object): string => {
  try {
    checkChanges(changes, limits)
    return 'taken'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each(topicSettings.map((setting) => [setting.name, setting] as const))(
  '%s: its bounds are valid, what is beyond them is not; null is its default',
  (name, setting) => {
    expect(outcome({ [name]: null })).toBe('taken')
    if (setting.kind === 'boolean') {
      expect([true, false, 1, 'true'].map((value) => outcome({ [name]: value }))).toEqual([
        'taken',
        'taken',
        'INVALID_SETTING',
        'INVALID_SETTING',
      ])
      return
    }
    const most = typeof setting.most === 'number' ? setting.most : limits[setting.most]
    for (const value of [setting.least, most]) expect(outcome({ [name]: value })).toBe('taken')
    for (const value of [setting.least - 1, most + 1, 1.5, true, `${most}`])
      expect(outcome({ [name]: value }), `${value}`).toBe('INVALID_SETTING')
  },
)

test('no name stands for two settings', () => {
  const names = [
    ...topicSettings.flatMap(({ name, kafka }) => [name, kafka ?? []].flat()),
    ...fixedSettings.map(({ kafka }) => kafka),
  ]
  expect(new Set(names).size).toBe(names.length)
})

test('settings that the first version did not have need the third level, also to be put back', () => {
  expect(levelOf({ retentionMs: 5, readOnly: true })).toBe(1)
  expect(levelOf({ retentionMs: 5, segmentMs: null })).toBe(3)
  expect(levelOf({})).toBe(1)
})

test("each of Kafka's names stands for one of ours; -1 is no bound where Kafka has it so", () => {
  for (const { name, kafka } of topicSettings)
    if (kafka !== null) expect(withoutKafkaNames({ [kafka]: 7 })).toEqual({ [name]: 7 })
  expect(withoutKafkaNames({ 'retention.ms': -1, 'segment.ms': -1, retentionBytes: -1, other: 1 })).toEqual({
    retentionMs: null,
    segmentMs: -1,
    retentionBytes: -1,
    other: 1,
  })
  for (const { kafka, value } of fixedSettings) {
    expect(withoutKafkaNames({ [kafka]: value })).toEqual({})
    expect(() => withoutKafkaNames({ [kafka]: 'other' })).toThrow(value)
  }
})

test('what holds: the topic, else the broker, else the default', () => {
  const all = effectiveSettings({ maxBatchBytes: 5000 }, { maxBatchBytes: 1, segmentBytes: 2 })
  const of = (name: string) => all.find((some) => some.name === name)
  expect(of('max.message.bytes')).toMatchObject({ value: 5000, source: 'topic' })
  expect(of('segment.bytes')).toMatchObject({ value: 2, source: 'broker' })
  expect(of('readOnly')).toMatchObject({ value: false, source: 'default' })
  expect(of('compression.type')).toMatchObject({ value: 'producer', source: 'default' })
})
