import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Configuration } from '../config.ts'
import { hasQuorum, members, quorumIndex, voteOutcome } from './quorum.ts'

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 })
const configurations = fc.record({
  voters: ids,
  outgoing: fc.oneof(fc.constant([] as number[]), ids),
  learners: fc.constant([] as number[]),
})

/** The simple second implementation: counts the holders of every index from the top. */
function dumbIndex(voters: readonly number[], match: readonly number[]): number {
  for (let index = 20; index > 0; index--) {
    if (voters.filter((id) => match[id]! >= index).length > voters.length / 2) return index
  }
  return 0
}

test('the commit index of simple and joint configurations is the one that counting holders gives', () => {
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
  test('learners do not count, and each broker is a member once', () => {
    const configuration = { voters: [1, 2, 3], outgoing: [2, 3, 4], learners: [5] }
    expect(hasQuorum(configuration, (id) => id === 5)).toBe(false)
    expect(members(configuration)).toEqual([1, 2, 3, 4, 5])
  })
})

describe('every configuration of up to 3 + 3 voters, every pattern', () => {
  /** All that differ by more than names: `voters` new ones, `outgoing` old ones, `shared` of them in both sets. */
  const all: Configuration[] = []
  for (let voters = 1; voters <= 3; voters++) {
    for (let outgoing = 0; outgoing <= 3; outgoing++) {
      for (let shared = 0; shared <= Math.min(voters, outgoing); shared++) {
        all.push({ voters: range(1, voters), outgoing: range(voters - shared + 1, outgoing), learners: [9] })
      }
    }
  }
  /** Simpler still: looks for a set of brokers that is a majority of each side. */
  function quorumFinder({ voters, outgoing }: Configuration): (yes: ReadonlySet<number>) => boolean {
    const quorums = subsets(voters.length + outgoing.length).filter((chosen) => {
      const isMajority = (set: readonly number[]) => set.filter((id) => chosen.includes(id)).length > set.length / 2
      return isMajority(voters) && (outgoing.length === 0 || isMajority(outgoing))
    })
    return (yes) => quorums.some((chosen) => chosen.every((id) => yes.has(id)))
  }
  test('there are 26 configurations', () => {
    expect(all).toHaveLength(26)
    expect(new Set(all.map((configuration) => JSON.stringify(configuration))).size).toBe(26)
  })
  test('the commit index, for every pattern of matches 0 to 3', () => {
    let cases = 0
    for (const configuration of all) {
      const ids = members({ ...configuration, learners: [] })
      const hasQuorumAmong = quorumFinder(configuration)
      for (const pattern of patterns(ids.length, 4)) {
        const matchOf = (id: number) => pattern[ids.indexOf(id)]!
        let expected = 3
        const holders = () => new Set(ids.filter((id) => matchOf(id) >= expected))
        while (expected > 0 && !hasQuorumAmong(holders())) expected--
        if (quorumIndex(configuration, matchOf) !== expected) {
          expect.fail(`${JSON.stringify(configuration)} ${pattern}: ${quorumIndex(configuration, matchOf)}`)
        }
        cases++
      }
    }
    expect(cases).toBeGreaterThan(8_000)
  })
  test('the outcome of an election, for every pattern of yes, no and silence', () => {
    let cases = 0
    for (const configuration of all) {
      const ids = members({ ...configuration, learners: [] })
      const hasQuorumAmong = quorumFinder(configuration)
      for (const pattern of patterns(ids.length, 3)) {
        const answers = [true, false, undefined] as const
        const voteOf = (id: number) => answers[pattern[ids.indexOf(id)]!]
        const yes = new Set(ids.filter((id) => voteOf(id) === true))
        const hoped = new Set(ids.filter((id) => voteOf(id) !== false))
        const expected = hasQuorumAmong(yes) ? 'won' : hasQuorumAmong(hoped) ? 'pending' : 'lost'
        if (voteOutcome(configuration, voteOf) !== expected) expect.fail(`${JSON.stringify(configuration)} ${pattern}`)
        if (hasQuorum(configuration, (id) => voteOf(id) === true) !== (expected === 'won')) expect.fail(`${pattern}`)
        cases++
      }
    }
    expect(cases).toBeGreaterThan(1_500)
  })
  test('M57, M58: no two quorums of neighbouring configurations are disjoint; a direct switch from 3 to 5 has disjoint ones', () => {
    const disjoint = (one: Configuration, other: Configuration, count: number): boolean => {
      const quorums = (configuration: Configuration) =>
        subsets(count).filter((chosen) => hasQuorum(configuration, (id) => chosen.includes(id)))
      return quorums(one).some((a) => quorums(other).some((b) => !a.some((id) => b.includes(id))))
    }
    const simple = (voters: readonly number[]) => ({ voters, outgoing: [], learners: [] })
    for (const joint of all.filter(({ outgoing }) => outgoing.length > 0)) {
      expect(disjoint(simple(joint.outgoing), joint, 6)).toBe(false)
      expect(disjoint(joint, simple(joint.voters), 6)).toBe(false)
      expect(disjoint(joint, joint, 6)).toBe(false)
    }
    expect(disjoint(simple([1, 2, 3]), simple([1, 2, 3, 4, 5]), 5)).toBe(true)
    // One server more or less is the short form: any two majorities still meet.
    for (let size = 1; size <= 6; size++) {
      expect(disjoint(simple(range(1, size)), simple(range(1, size + 1)), size + 1)).toBe(false)
    }
  })
})

test('simple majorities of one to seven voters, every pattern of acknowledgements', () => {
  for (let size = 1; size <= 7; size++) {
    const voters = range(1, size)
    for (const pattern of patterns(size, 3)) {
      const found = quorumIndex({ voters, outgoing: [], learners: [] }, (id) => pattern[id - 1]!)
      if (found !== dumbIndex(voters, [0, ...pattern])) expect.fail(`${pattern}: ${found}`)
    }
  }
})

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

/** All rows of `length` numbers below `values`. */
function patterns(length: number, values: number): number[][] {
  return Array.from({ length: values ** length }, (_, code) =>
    range(0, length).map((place) => Math.floor(code / values ** place) % values),
  )
}

/** All sets of brokers 1 to `count`. */
function subsets(count: number): number[][] {
  return patterns(count, 2).map((bits) => range(1, count).filter((id) => bits[id - 1] === 1))
}
