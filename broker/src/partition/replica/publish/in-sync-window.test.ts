import { expect, test } from 'vitest'
import type { RaftStatus } from '../../../raft/core.ts'
import { InSyncWindow } from './in-sync-window.ts'

const leader = (commitIndex: number, ...matches: readonly number[]): RaftStatus =>
  ({ commitIndex, followers: matches.map((matchIndex, at) => ({ id: at + 2, matchIndex, active: true })) }) as never

test('a follower is in sync that has the entries committed a window ago, even without those in flight', () => {
  const window = new InSyncWindow(2)
  for (const commitIndex of [10, 20, 30]) window.tick(commitIndex)
  // The first window has ended at 20, and none before it.
  expect(window.members(1, leader(30, 1, 0))).toEqual([1, 2])
  window.tick(40)
  expect(window.members(1, leader(40, 19, 20, 21))).toEqual([1, 3, 4])
  window.tick(50)
  expect(window.members(1, leader(50, 19, 20))).toEqual([1, 3])
  window.tick(60)
  expect(window.members(1, leader(60, 39, 40))).toEqual([1, 3])
})

test('with a leader whose commit index is lower that index counts; the list is sorted, and a silent follower is not in it', () => {
  const window = new InSyncWindow(1)
  for (const commitIndex of [50, 60]) window.tick(commitIndex)
  const status = leader(7, 7, 6, 8)
  expect(window.members(9, status)).toEqual([2, 4, 9])
  Object.assign(status.followers[0]!, { active: false })
  expect(window.members(9, status)).toEqual([4, 9])
})
