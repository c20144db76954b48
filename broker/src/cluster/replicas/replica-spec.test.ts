import { expect, test } from 'vitest'
import type { Topic } from '../metadata/metadata-state.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import { hasStateMachine, settingsOf, settingsOfMachine } from './replica-spec.ts'

const partition = { group: 1, partition: 0, founders: [1], replicas: [1] } as unknown as TopicPartition
const limits = { maxBatchBytes: 1000, largestMaxBatchBytes: 5000 }
const settings = (config: Topic['config']) => settingsOf({ config } as Topic, partition, 1, limits)

test('a topic without settings has the defaults: an hour into the future, any age', () => {
  expect(settings({})).toEqual({
    maxBatchBytes: 1000,
    retention: { bytes: null, ms: null },
    segments: { bytes: null, ms: null },
    readOnly: false,
    timestamps: { beforeMaxMs: Number.POSITIVE_INFINITY, afterMaxMs: 3_600_000 },
    electionFactor: 1,
  })
})

test('each setting of a topic reaches its replicas', () => {
  const config = {
    maxBatchBytes: 2000,
    retentionBytes: 5,
    retentionMs: 6,
    readOnly: true,
    timestampBeforeMaxMs: 7,
    timestampAfterMaxMs: 0,
    segmentBytes: 8,
    segmentMs: 9,
  }
  expect(settings(config)).toMatchObject({
    maxBatchBytes: 2000,
    retention: { bytes: 5, ms: 6 },
    segments: { bytes: 8, ms: 9 },
    readOnly: true,
    timestamps: { beforeMaxMs: 7, afterMaxMs: 0 },
  })
})

test('settings of the topic of the coordinators do not reach their logs', () => {
  expect(settingsOfMachine({ ...partition, priorities: { 1: 3 } }, 1, limits)).toEqual({
    maxBatchBytes: 5000,
    retention: { bytes: null, ms: null },
    segments: { bytes: null, ms: null },
    readOnly: false,
    timestamps: { beforeMaxMs: Number.POSITIVE_INFINITY, afterMaxMs: Number.POSITIVE_INFINITY },
    electionFactor: 3,
  })
})

test('below the level of consumer groups a topic of that name has records', () => {
  const at = (featureLevel: number, name: string) => hasStateMachine({ head: { featureLevel } } as never, { name })
  expect([at(2, '__groups'), at(3, '__groups'), at(3, 'flights')]).toEqual([false, true, false])
})
