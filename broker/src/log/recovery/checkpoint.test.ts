import { expect, test } from 'vitest'
import { parseGroup } from './checkpoint.ts'

const segment = [1, 0, 500, 9, 30, 1000.5, 1, 3, 77, 1000]
const group = {
  group: 4,
  incarnation: 10,
  counter: 1,
  damage: null,
  hardState: [2, 1],
  prev: [0, 0, 0],
  end: [9, 30],
  terms: [[2, 1, 0]],
  segments: [segment],
}

test('a group of a checkpoint is taken with the segments that it names', () => {
  expect(parseGroup(JSON.stringify(group))).toEqual(group)
  const ofEarlierVersion = { ...group, segments: [segment.slice(0, 9)] }
  expect(parseGroup(JSON.stringify(ofEarlierVersion))).toEqual(ofEarlierVersion)
})

test.each([
  ['bytes', 2, -1],
  ['last index', 3, 0.5],
  ['index entries', 7, -1],
  ['index entries', 7, 0.5],
  ['index entries', 7, 1e300],
  ['checksum', 8, null],
])('a segment whose %s (field %i) is %s is none: reads of its files take lengths from it', (_, field, value) => {
  const wrong = { ...group, segments: [segment.with(field, value as number)] }
  expect(parseGroup(JSON.stringify(wrong))).toBeNull()
})
