import { expect, it } from 'vitest'
import { Positions, positionsFrom } from './positions.ts'
import { startOf } from './range/start-of.ts'

const saved = new Positions(
  [
    [0, 3],
    [1, 4],
  ],
  'an-id',
)

it.each<[string, unknown]>([
  ['as it is', saved],
  ['as JSON', JSON.parse(JSON.stringify(saved))],
  ['its JSON, in the JSON of more', JSON.parse(JSON.stringify({ position: saved })).position],
])('the result of position() is taken %s, with the topic that it belongs to', (_, given) => {
  const positions = positionsFrom(given as object)
  expect([...positions]).toEqual([...saved])
  expect(positions.topicId).toBe('an-id')
})

it.each<[string, unknown]>([
  ['a Map', new Map([...saved])],
  ['pairs', [...saved]],
  ['an array by partition', [3, 4]],
  ['an array of text', ['3', '4']],
  ['an object', { 0: 3, 1: 4 }],
  ['an object of text', { '0': '3', '1': '4' }],
  ['an object as JSON', JSON.parse('{"0":"3","1":"4"}')],
  ['offsets without a topic', { offsets: { 0: 3, 1: 4 } }],
])('offsets by partition may be %s', (_, given) => {
  const positions = positionsFrom(given as object)
  expect([...positions]).toEqual([...saved])
  expect(positions.topicId).toBe('')
})

it.each<[string, unknown]>([
  ['{}, what JSON makes of a Map', JSON.parse(JSON.stringify(new Map(saved)))],
  ['an empty Map', new Map()],
  ['an empty array', []],
  ['a Set', new Set([3])],
  ['no offsets', { topicId: 'x', offsets: {} }],
  ['offsets that are null', { offsets: null }],
  ['a topic that is a number', { topicId: 3, offsets: { 0: 3 } }],
  ['a name that is no partition', { zero: 3 }],
  ['a negative offset', { 0: -1 }],
  ['half an offset', { 0: 1.5 }],
  ['an offset in words', { 0: 'three' }],
  ['a nested object', { 0: { offset: 3 } }],
  ['a partition of text with a sign', { '+0': 3 }],
])('refuses %s', (_, given) => {
  expect(() => positionsFrom(given as object)).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }))
})

it('partitions that are not named begin where `otherwise` says; by default no record is left out', () => {
  expect(startOf({ 0: 3 }, undefined).partitions).toBeUndefined()
  expect(startOf({ 0: 3 }, undefined).positionOf(0)).toEqual({ kind: 'OFFSET', value: 3 })
  expect(startOf({ 0: 3 }, undefined).positionOf(1)).toEqual({ kind: 'EARLIEST', value: 0 })
  expect(startOf({ 0: 3 }, undefined, 'latest').positionOf(1)).toEqual({ kind: 'LATEST', value: 0 })
  expect(startOf({ 0: 3 }, [0]).partitions).toEqual([0])
})
