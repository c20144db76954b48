import { describe, expect, it } from 'vitest'
import { catchUpFailure, isCaughtUp, newCatchUp } from './catch-up.ts'
import type { RaftState } from './state.ts'

const ELECTION_TICKS = 10

/** A leader at tick 100 whose log ends at 50, with followers that have `match` and were heard at `heardAt`. */
function leader(followers: readonly { id: number; match?: number; heardAt?: number }[]): RaftState {
  const known = followers.map(({ id, match = 0, heardAt = 100 }) => ({ id, match, heardAt }))
  return { now: 100, log: { lastIndex: 50 }, options: { electionTicks: ELECTION_TICKS }, followers: known } as never
}

describe('M59 newcomers', () => {
  it('have caught up when a round took less than an election timeout, and they are there', () => {
    const state = leader([{ id: 4, match: 50, heardAt: 100 - ELECTION_TICKS + 1 }])
    const catchUp = newCatchUp(state, [4])
    catchUp.newcomers[0]!.roundStartedAt = 100 - ELECTION_TICKS + 1
    expect(isCaughtUp(state, catchUp)).toBe(true)
    state.followers[0]!.heardAt = 100 - ELECTION_TICKS
    expect(isCaughtUp(state, catchUp)).toBe(false)
  })

  it('begin another round, to where the log ends by then, when one took as long as an election timeout', () => {
    const state = leader([{ id: 4, match: 50 }])
    const catchUp = newCatchUp(state, [4])
    catchUp.newcomers[0]!.roundStartedAt = 100 - ELECTION_TICKS
    Object.assign(state.log, { lastIndex: 60 })
    expect(isCaughtUp(state, catchUp)).toBe(false)
    expect(catchUp.newcomers).toEqual([{ id: 4, round: 2, roundStartedAt: 100, roundEnd: 60, caughtUp: false }])
  })

  it('are in the same round until they have all of it', () => {
    const state = leader([{ id: 4, match: 49 }])
    const catchUp = newCatchUp(state, [4])
    expect(isCaughtUp(state, catchUp)).toBe(false)
    expect(catchUp.newcomers[0]).toMatchObject({ round: 1, caughtUp: false })
  })

  it('must all have caught up; one that the leader does not know yet has not', () => {
    const state = leader([
      { id: 4, match: 50 },
      { id: 5, match: 49 },
    ])
    expect(isCaughtUp(state, newCatchUp(state, [4, 5]))).toBe(false)
    expect(isCaughtUp(state, newCatchUp(state, [4, 6]))).toBe(false)
    expect(isCaughtUp(state, newCatchUp(state, [4]))).toBe(true)
  })
})

describe('M59 a change fails', () => {
  const failureOf = (heardAt: number, startedAt: number, newcomer: { round?: number; caughtUp?: boolean } = {}) => {
    const state = leader([{ id: 4, heardAt }])
    const { newcomers } = newCatchUp(state, [4])
    Object.assign(newcomers[0]!, newcomer)
    return catchUpFailure(state, { newcomers, startedAt })
  }

  it('when a newcomer was silent for ten election timeouts since the change began', () => {
    expect(failureOf(0, 0)).toBe('broker 4 does not answer')
    expect(failureOf(1, 0)).toBeNull()
    expect(failureOf(0, 1)).toBeNull()
    const unknown = leader([])
    expect(catchUpFailure(unknown, { ...newCatchUp(unknown, [4]), startedAt: 0 })).toBe('broker 4 does not answer')
  })

  it('when a newcomer has not caught up after ten rounds', () => {
    expect(failureOf(100, 50, { round: 11 })).toMatch('broker 4 does not catch up')
    expect(failureOf(100, 50, { round: 10 })).toBeNull()
    expect(failureOf(100, 50, { round: 11, caughtUp: true })).toBeNull()
  })
})
