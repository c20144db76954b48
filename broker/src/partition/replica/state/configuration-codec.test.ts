import { configurationBatch, termStartBatch } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { configurationBytes, configurationIn, decodeConfiguration, encodeConfiguration } from './configuration-codec.ts'

const joint = { voters: [2, 3, 4], outgoing: [1, 2, 3], learners: [9], admissions: { 4: 17, 9: 21 } }

test('M71 a configuration comes back out of its entry as it was, and its size follows from it alone', () => {
  for (const [term, baseOffset, timestamp] of [
    [1, 0, 0],
    [2 ** 31 - 1, 2 ** 50, 1_700_000_000_000],
  ] as const) {
    const batch = configurationBatch({ term, baseOffset, timestamp, json: encodeConfiguration(joint) })
    expect(configurationIn(batch)).toEqual(joint)
    expect(batch.length).toBe(configurationBytes(joint))
  }
})

test('no admissions means founders', () => {
  const plain = { voters: [1], outgoing: [], learners: [] }
  expect(decodeConfiguration(encodeConfiguration(plain))).toEqual({ ...plain, admissions: {} })
})

test.each([
  ['no JSON', '{'],
  ['an array', '[]'],
  ['a version that is none', '{"version":0,"voters":[1],"outgoing":[],"learners":[],"admissions":{}}'],
  ['no voters', '{"version":1,"outgoing":[],"learners":[],"admissions":{}}'],
  ['a voter twice', '{"version":1,"voters":[1,1],"outgoing":[],"learners":[],"admissions":{}}'],
  ['a voter that is no broker', '{"version":1,"voters":[0],"outgoing":[],"learners":[],"admissions":{}}'],
  ['a voter that is text', '{"version":1,"voters":["1"],"outgoing":[],"learners":[],"admissions":{}}'],
  ['a voter that learns', '{"version":1,"voters":[1],"outgoing":[],"learners":[1],"admissions":{}}'],
  ['an admission below 0', '{"version":1,"voters":[1],"outgoing":[],"learners":[],"admissions":{"1":-1}}'],
  ['an admission of no broker', '{"version":1,"voters":[1],"outgoing":[],"learners":[],"admissions":{"x":1}}'],
])('%s is refused', (_, json) => {
  expect(() => decodeConfiguration(json)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
})

test('another control entry is refused', () => {
  const batch = termStartBatch({ term: 1, baseOffset: 0, timestamp: 0, leader: 1 })
  expect(() => configurationIn(batch)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
})
