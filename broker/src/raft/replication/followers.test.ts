import { expect, test } from 'vitest'
import type { RaftState } from '../state.ts'
import { ET, testOptions } from '../testing/test-cluster.ts'
import { dropLeavers } from './followers.ts'
import { newProgress } from './progress.ts'

/** A leader of 1 and 2, which entry 8 says; broker 3 was a member until then and has acknowledged `match`. */
function leader(match: number) {
  const options = testOptions(1, [1, 2])
  const member = (id: number, leaving: boolean) => ({ ...newProgress(id, 8, 0, options, 0, leaving), match })
  const state = {
    options,
    followers: [member(2, false), member(3, true)],
    configurationIndex: 8,
    commitIndex: 8,
    now: 100,
  }
  const tick = (now: number, commitIndex = 8): number[] => {
    Object.assign(state, { now, commitIndex })
    dropLeavers(state as unknown as RaftState)
    return state.followers.map(({ id }) => id)
  }
  return { state, tick, leaver: state.followers[1]! }
}

test('a former member that does not learn of its removal is dropped an election timeout after the commit, not after the append', () => {
  const { tick } = leader(7)
  for (let now = 100; now <= 100 + 3 * ET; now++) expect(tick(now, 7)).toEqual([2, 3])
  const committed = 200
  for (let now = committed; now < committed + ET; now++) expect(tick(now)).toEqual([2, 3])
  expect(tick(committed + ET)).toEqual([2])
})

test('one that has the entry is dropped when it has answered a heartbeat that left after its acknowledgement came', () => {
  const { tick, leaver } = leader(7)
  expect(tick(100)).toEqual([2, 3])
  leaver.match = 8
  leaver.answeredBeat = 99
  expect(tick(101)).toEqual([2, 3])
  leaver.answeredBeat = 101
  expect(tick(102)).toEqual([2, 3])
  leaver.answeredBeat = 102
  expect(tick(103)).toEqual([2])
})

test('members stay, however long they are silent', () => {
  const { state, tick } = leader(8)
  state.followers.pop()
  for (const now of [100, 100 + ET, 100 + 5 * ET]) expect(tick(now)).toEqual([2])
})
