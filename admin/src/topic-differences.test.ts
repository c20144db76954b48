import { expect, it } from 'vitest'
import type { TopicDescription } from './topic-answers.ts'
import { differencesOf, differencesText, type TopicSpec } from './topic-differences.ts'

const partition = (number: number) => {
  return { partition: number, leader: 1, term: 1, replicas: [1, 2], inSync: [1, 2], logStart: 0, highWatermark: 0 }
}
const setting = { about: '', source: 'default' } as const
const topic: TopicDescription = {
  name: 't',
  id: 'a',
  config: { segmentMs: 5000 },
  settings: [
    { ...setting, name: 'retention.ms', alias: 'retentionMs', value: null },
    { ...setting, name: 'segment.ms', alias: 'segmentMs', value: 5000, source: 'topic' },
    { ...setting, name: 'readOnly', alias: null, value: false },
    { ...setting, name: 'compression.type', alias: null, value: 'producer' },
  ],
  partitions: [partition(0), partition(1)],
}

it.each<[string, TopicSpec]>([
  ['nothing is named', {}],
  ['its numbers', { partitions: 2, replicas: 2 }],
  ['a setting by either name', { config: { segmentMs: 5000, 'segment.ms': 5000 } }],
  ['a default', { config: { readOnly: false, 'compression.type': 'producer' } }],
  ["Kafka's word for no bound", { config: { 'retention.ms': -1, retentionMs: -1 } }],
])('does not differ in %s', (_, spec) => expect(differencesOf(topic, spec)).toEqual([]))

it('tells each difference under the name that was given, with both values', () => {
  const spec = { partitions: 3, replicas: 1, config: { retentionMs: 7, 'segment.ms': 6000, readOnly: true, other: 1 } }
  const differences = differencesOf(topic, spec)
  expect(differences).toEqual([
    { name: 'partitions', wanted: 3, actual: 2 },
    { name: 'replicas', wanted: 1, actual: 2 },
    { name: 'retentionMs', wanted: 7, actual: null },
    { name: 'segment.ms', wanted: 6000, actual: 5000 },
    { name: 'readOnly', wanted: true, actual: false },
    { name: 'other', wanted: 1, actual: null },
  ])
  expect(differencesText(differences.slice(0, 3))).toBe(
    'partitions is 2, not 3; replicas is 2, not 1; retentionMs is not set, not 7',
  )
})

it('compares with what is set for the topic where a broker of an earlier version tells no more', () => {
  const { settings: _, ...before } = topic
  expect(differencesOf({ ...before, settings: [] }, { config: { segmentMs: 5000, retentionMs: 7 } })).toEqual([
    { name: 'retentionMs', wanted: 7, actual: null },
  ])
})
