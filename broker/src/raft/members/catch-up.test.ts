import { describe, expect, it } from 'vitest'
import type { Configuration } from '../config.ts'
import type { RaftState } from '../state.ts'
import { catchUpFailure, isCaughtUp, newCatchUp } from './catch-up.ts'

const ELECTION_TICKS = 10
const voters = (...ids: number[]) => ({ voters: ids, outgoing: [], learners: [] })
/** One newcomer and no other member. */
const ALONE = voters(4)

/**
 * A leader of 1, 2 and 3 at tick 100 whose log ends at 50 and is committed up to 40, with followers that have `match`
 * and last answered at `heardAt`.
 */
function leader(followers: readonly { id: number; match?: number; heardAt?: number }[]): RaftState {
  const known = followers.map(({ id, match = 0, heardAt = 100 }) => ({ id, match, heardAt }))
  return {
    id: 1,
    commitIndex: 40,
    configuration: voters(1, 2, 3),
    now: 100,
    log: { lastIndex: 50 },
    options: { electionTicks: ELECTION_TICKS },
    followers: known,
  } as never
}

describe('M59 newcomers', () => {
  it('have caught up when a round took less than an election timeout, and they are there', () => {
    const state = leader([{ id: 4, match: 50, heardAt: 100 - ELECTION_TICKS + 1 }])
    const catchUp = newCatchUp(state, ALONE)
    catchUp.learning[0]!.roundStartedAt = 100 - ELECTION_TICKS + 1
    expect(isCaughtUp(state, ALONE, catchUp)).toBe(true)
    state.followers[0]!.heardAt = 100 - ELECTION_TICKS
    expect(isCaughtUp(state, ALONE, catchUp)).toBe(false)
  })

  it('begin another round, to where the log ends by then, when one took as long as an election timeout', () => {
    const state = leader([{ id: 4, match: 50 }])
    const catchUp = newCatchUp(state, ALONE)
    catchUp.learning[0]!.roundStartedAt = 100 - ELECTION_TICKS
    Object.assign(state.log, { lastIndex: 60 })
    expect(isCaughtUp(state, ALONE, catchUp)).toBe(false)
    expect(catchUp.learning).toEqual([
      { id: 4, isNew: true, round: 2, roundStartedAt: 100, roundEnd: 60, caughtUp: false },
    ])
  })

  it('are in the same round until they have all of it', () => {
    const state = leader([{ id: 4, match: 49 }])
    const catchUp = newCatchUp(state, ALONE)
    expect(isCaughtUp(state, ALONE, catchUp)).toBe(false)
    expect(catchUp.learning[0]).toMatchObject({ round: 1, caughtUp: false })
  })

  it('must all have caught up; one that the leader does not know yet has not', () => {
    const state = leader([
      { id: 4, match: 50 },
      { id: 5, match: 49 },
    ])
    const caughtUp = (...ids: number[]) => isCaughtUp(state, voters(...ids), newCatchUp(state, voters(...ids)))
    expect(caughtUp(4, 5)).toBe(false)
    expect(caughtUp(4, 6)).toBe(false)
    expect(caughtUp(4)).toBe(true)
  })
})

describe('M59 a change fails', () => {
  const failureOf = (heardAt: number, startedAt: number, newcomer: { round?: number; caughtUp?: boolean } = {}) => {
    const state = leader([{ id: 4, heardAt }])
    const { learning } = newCatchUp(state, ALONE)
    Object.assign(learning[0]!, newcomer)
    return catchUpFailure(state, ALONE, { learning, startedAt })
  }

  it('when a newcomer was silent for ten election timeouts since the change began', () => {
    expect(failureOf(0, 0)).toBe('broker 4 does not answer')
    expect(failureOf(1, 0)).toBeNull()
    expect(failureOf(0, 1)).toBeNull()
    const unknown = leader([])
    expect(catchUpFailure(unknown, ALONE, { ...newCatchUp(unknown, ALONE), startedAt: 0 })).toBe(
      'broker 4 does not answer',
    )
  })

  it('when a newcomer has not caught up after ten rounds', () => {
    expect(failureOf(100, 50, { round: 11 })).toMatch('broker 4 does not catch up')
    expect(failureOf(100, 50, { round: 10 })).toBeNull()
    expect(failureOf(100, 50, { round: 11, caughtUp: true })).toBeNull()
  })
})

describe('M59 voters that stay', () => {
  const isReady = (final: Configuration, ...followers: Parameters<typeof leader>[0][number][]) => {
    const state = leader(followers)
    return isCaughtUp(state, final, newCatchUp(state, final))
  }

  it('are ready with all committed entries, as most are at once', () => {
    expect(isReady(voters(2), { id: 2, match: 40 })).toBe(true)
    expect(isReady(voters(2), { id: 2, match: 39 })).toBe(false)
  })

  it('are needed for a majority of the new set only', () => {
    const behind = { id: 3, match: 2 }
    expect(isReady(voters(3), { id: 2, match: 50 }, behind)).toBe(false)
    expect(isReady(voters(2, 3), { id: 2, match: 50 }, behind)).toBe(false)
    expect(isReady(voters(1, 3), { id: 2, match: 50 }, behind)).toBe(false)
    expect(isReady(voters(1, 2, 3), { id: 2, match: 50 }, behind)).toBe(true)
    expect(isReady(voters(1, 3, 4), { id: 4, match: 50 }, behind)).toBe(true)
  })

  it('must be there: one that is silent has no vote to give', () => {
    expect(isReady(voters(2), { id: 2, match: 50, heardAt: 100 - ELECTION_TICKS })).toBe(false)
  })

  it('make the change fail when so many do not answer that the new set would have no majority', () => {
    const state = leader([
      { id: 2, match: 50 },
      { id: 3, match: 50, heardAt: 0 },
    ])
    const failure = (final: Configuration) =>
      catchUpFailure(state, final, { ...newCatchUp(state, final), startedAt: 0 })
    expect(failure(voters(1, 3))).toBe('broker 3 does not answer')
    expect(failure(voters(1, 2, 3))).toBeNull()
  })
})
