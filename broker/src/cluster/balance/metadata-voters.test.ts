import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { votersFor } from './metadata-voters.ts'
import { spreadOf } from './spread.ts'

type Candidate = Parameters<typeof votersFor>[2][number]
const at = (id: number, rack = `rack-${id}`, changes: Partial<Candidate> = {}): Candidate => {
  return { id, rack, host: `host-${id}`, up: true, open: true, leaving: null, ...changes }
}
const drained = { leaving: 'drained', open: false } as const
const lost = { leaving: 'lost', open: false, up: false } as const
const away = { open: false, up: false } as const

describe('the voters of the metadata group', () => {
  it.each([
    ['one broker that gets two more', [1], [at(1), at(2), at(3)], [1, 2, 3]],
    ['one that gets one more stays alone', [1], [at(1), at(2)], [1]],
    ['three of five stay three', [1, 2, 3], [1, 2, 3, 4, 5].map((id) => at(id)), [1, 2, 3]],
    ['four become three, seven become five', [1, 2, 3, 4], [1, 2, 3, 4].map((id) => at(id)), [1, 2, 3]],
    ['seven become five', [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7].map((id) => at(id)), [1, 2, 3, 4, 5]],
    ['a drained one is replaced', [1, 2, 3], [at(1), at(2, 'b', drained), at(3), at(4)], [1, 3, 4]],
    ['a lost one is replaced', [1, 2, 3], [at(1), at(2, 'b', lost), at(3), at(4)], [1, 3, 4]],
    ['one that is away for a moment is not', [1, 2, 3], [at(1), at(2, 'b', away), at(3), at(4)], [1, 2, 3]],
    ['nobody is there in the place of a lost one', [1, 2, 3], [at(1), at(2, 'b', lost), at(3)], [1, 2, 3]],
    [
      'two of five are drained',
      [1, 2, 3, 4, 5],
      [at(1), at(2), at(3), at(4, 'd', drained), at(5, 'e', drained)],
      [1, 2, 3],
    ],
    ['the leader is not the one that goes', [1, 2, 3, 4], [1, 2, 3, 4].map((id) => at(id)), [1, 2, 4], 4],
    ['the one that is away goes first', [1, 2, 3, 4], [at(1), at(2, 'b', away), at(3), at(4)], [1, 3, 4]],
    ['two in one rack', [1, 2, 3], [at(1, 'a'), at(2, 'a'), at(3, 'b'), at(4, 'c')], [1, 3, 4]],
  ] as [string, number[], Candidate[], number[], number?][])('%s', (_, present, brokers, wanted, leader = 1) => {
    expect(votersFor(present, leader, brokers, true)).toEqual(wanted)
  })

  it('only replaces those that have to go where spreading is not wanted', () => {
    expect(votersFor([1], 1, [at(1), at(2), at(3)], false)).toEqual([1])
    expect(votersFor([1, 2, 3], 1, [at(1, 'a'), at(2, 'a'), at(3), at(4)], false)).toEqual([1, 2, 3])
    expect(votersFor([1, 2, 3], 1, [at(1), at(2, 'b', drained), at(3), at(4)], false)).toEqual([1, 3, 4])
  })
})

test('any cluster: three or five, no worse a spread than needed, and at rest afterwards', () => {
  const clusters = fc.array(
    fc.record({
      rack: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      state: fc.constantFrom({}, {}, {}, drained, lost, away),
      votes: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(clusters, fc.boolean(), (shape, spreads) => {
      const brokers = shape.map(({ rack, state }, index) => at(index + 1, rack, state))
      const present = brokers.filter((_, index) => shape[index]!.votes || index === 0).map(({ id }) => id)
      const voters = votersFor(present, 1, brokers, spreads)
      const of = (ids: readonly number[]) => ids.map((id) => brokers[id - 1]!)
      expect(votersFor(voters, 1, brokers, spreads)).toEqual(voters)
      if (voters === present) return
      expect([3, 5]).toContain(voters.length)
      expect(of(voters).every(({ leaving }) => leaving === null)).toBe(true)
      if (!spreads) return
      const could = of(brokers.map(({ id }) => id)).filter(({ open, id }) => open || voters.includes(id))
      const racks = new Set(could.map(({ rack }) => rack)).size
      if (racks >= voters.length && of(voters).every(({ open }) => open)) expect(spreadOf(of(voters)).racks).toBe(0)
    }),
    { numRuns: 500 },
  )
})
