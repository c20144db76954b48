import { expect, it, test } from 'vitest'
import { TopicChoice } from './topic-choice.ts'

const choice = (...patterns: string[]): TopicChoice => new TopicChoice(patterns)

it.each([
  [['*'], ['a', 'b.c'], []],
  [[], ['a'], []],
  [
    ['a', 'b*'],
    ['a', 'b', 'b.c'],
    ['ab', 'c', 'A'],
  ],
  [['a.*'], ['a.', 'a.b'], ['a', 'aXb']],
])('%j takes %j and not %j', (patterns, taken, others) => {
  expect([...taken, ...others].filter((topic) => choice(...patterns).takes(topic))).toEqual(taken)
})

it.each([
  [['*'], ['*'], true],
  [['*'], [], true],
  [['*'], ['a', 'b*'], true],
  [['a', 'b*'], ['b*', 'a'], true],
  [['a', 'b*'], ['bc*', 'bd', 'b'], true],
  [['a', 'b*'], ['*'], false],
  [['a', 'b*'], [], false],
  [['a', 'b*'], ['a*'], false],
  [['ab*'], ['a*'], false],
  [['a'], ['a', 'c'], false],
])('%j covers %j: %s', (patterns, wanted, expected) => {
  expect(choice(...patterns).covers(choice(...wanted))).toBe(expected)
})

test('one that takes all is reported as no choice', () => {
  expect([choice('*').patterns, choice('a', '*').patterns, choice().patterns]).toEqual([[], [], []])
  expect(choice('b*', 'a').patterns).toEqual(['a', 'b*'])
})
