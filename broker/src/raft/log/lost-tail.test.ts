import { beforeEach, expect, it } from 'vitest'
import type { RaftState } from '../state.ts'
import { noteCutTail, noteLostTail } from './lost-tail.ts'

let state: RaftState
beforeEach(() => {
  const outbox = { hasRare: false, lostTail: null, cutTail: null }
  state = { outbox, log: { lastIndex: 9 }, leader: 2, acknowledged: 6 } as unknown as RaftState
})

it('a lost tail is told with what the log has now', () => {
  noteLostTail(state, 3, 12)
  expect(state.outbox).toMatchObject({ hasRare: true, lostTail: { leader: 3, acknowledged: 12, has: 9 } })
})

it('a cut is told, and whether something of it had been acknowledged, which it is not any more', () => {
  noteCutTail(state, 7)
  expect(state.outbox).toMatchObject({ hasRare: true, cutTail: { leader: 2, from: 7, to: 9, acknowledged: false } })
  expect(state.acknowledged).toBe(6)
  noteCutTail(state, 6)
  expect(state.outbox.cutTail).toEqual({ leader: 2, from: 6, to: 9, acknowledged: true })
  expect(state.acknowledged).toBe(5)
})

it('two cuts before the driver looks are told as one', () => {
  noteCutTail(state, 5)
  Object.assign(state.log, { lastIndex: 7 })
  noteCutTail(state, 6)
  expect(state.outbox.cutTail).toEqual({ leader: 2, from: 5, to: 9, acknowledged: true })
  Object.assign(state.log, { lastIndex: 20 })
  noteCutTail(state, 19)
  expect(state.outbox.cutTail).toEqual({ leader: 2, from: 5, to: 20, acknowledged: true })
})
