import { expect, test } from 'vitest'
import { commitTo, type RaftState } from './state.ts'

test('the commit index only rises, and never past the log', () => {
  const commits: number[][] = []
  const window = { commit: (from: number, to: number) => commits.push([from, to]) }
  const state = { commitIndex: 3, log: { lastIndex: 6, window } } as unknown as RaftState
  commitTo(state, 2)
  commitTo(state, 3)
  expect([state.commitIndex, commits]).toEqual([3, []])
  commitTo(state, 6)
  expect([state.commitIndex, commits]).toEqual([6, [[3, 6]]])
  expect(() => commitTo(state, 7)).toThrow('commit of 7 beyond the last entry 6')
  expect(state.commitIndex).toBe(6)
})
