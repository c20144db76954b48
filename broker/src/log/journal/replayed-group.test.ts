import { expect, it } from 'vitest'
import { ReplayedGroup } from './replayed-group.ts'

it('a group whose last entry has a later term than its record of terms has lost that record, and is damaged', () => {
  const group = new ReplayedGroup(5, 1)
  group.state.extend(3, 3, [{ term: 2, index: 1, offset: 0 }], [])
  group.state.hardState = { term: 1, votedFor: 4 }
  group.settle()
  expect(group.damage).toEqual({ fromIndex: 4, reason: expect.stringContaining('the term of its last entry') })
  // Nobody may be voted for in a term in which this replica may have voted.
  expect(group.state.hardState).toEqual({ term: 2, votedFor: 0 })
})

it('a group that is whole is not', () => {
  const group = new ReplayedGroup(5, 1)
  group.state.extend(3, 3, [{ term: 2, index: 1, offset: 0 }], [])
  group.state.hardState = { term: 2, votedFor: 4 }
  group.settle()
  expect([group.damage, group.state.hardState]).toEqual([null, { term: 2, votedFor: 4 }])
})
