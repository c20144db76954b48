import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasQuorum, members, quorumIndex, voteOutcome } from './quorum.ts'

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 })
const configurations = fc.record({
  voters: ids,
  outgoing: fc.oneof(fc.constant([] as number[]), ids),
  learners: fc.constant([] as number[]),
})

/** The dumb second implementation: counts heads for every index from the top. */
function dumbIndex(voters: readonly number[], match: readonly number[]): number {
  for (let index = 20; index > 0; index--) {
    if (voters.filter((id) => match[id]! >= index).length > voters.length / 2) return index
  }
  return 0
}

test('the commit index of simple and joint configurations is what counting heads gives', () => {
  const matches = fc.array(fc.nat(20), { minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(configurations, matches, (configuration, match) => {
      const { voters, outgoing } = configuration
      const expected =
        outgoing.length === 0
          ? dumbIndex(voters, match)
          : Math.min(dumbIndex(voters, match), dumbIndex(outgoing, match))
      expect(quorumIndex(configuration, (id) => match[id]!)).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

test('an election is decided exactly when the missing answers cannot change it', () => {
  const answers = fc.array(fc.constantFrom(true, false, undefined), { minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(configurations, answers, (configuration, votes) => {
      const sets = [configuration.voters, configuration.outgoing].filter((set) => set.length > 0)
      const wins = (missing: boolean) =>
        sets.every((set) => set.filter((id) => votes[id] ?? missing).length > set.length / 2)
      const expected = wins(false) ? 'won' : wins(true) ? 'pending' : 'lost'
      expect(voteOutcome(configuration, (id) => votes[id])).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

describe('literal cases', () => {
  test('four voters need three', () => {
    const four = { voters: [1, 2, 3, 4], outgoing: [], learners: [] }
    expect(quorumIndex(four, (id) => id * 10)).toBe(20)
    expect(hasQuorum(four, (id) => id <= 2)).toBe(false)
    expect(hasQuorum(four, (id) => id <= 3)).toBe(true)
  })
  test('learners count for nothing, and everybody is a member once', () => {
    const configuration = { voters: [1, 2, 3], outgoing: [2, 3, 4], learners: [5] }
    expect(hasQuorum(configuration, (id) => id === 5)).toBe(false)
    expect(members(configuration)).toEqual([1, 2, 3, 4, 5])
  })
})
