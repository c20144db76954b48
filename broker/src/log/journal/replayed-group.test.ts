import { expect, it } from 'vitest'
import { ReplayedGroup } from './replayed-group.ts'

function withEntriesOfTerm2(): ReplayedGroup {
  const group = new ReplayedGroup(5, 1)
  group.state.extend(3, 3, [{ term: 2, index: 1, offset: 0 }], [])
  group.state.hardState = { term: 1, votedFor: 4 }
  return group
}

it('a group that lacks records, and has entries of a later term than it knows, lacks the record of that term', () => {
  const group = withEntriesOfTerm2()
  group.suspect('a place that cannot be read')
  group.settle()
  expect(group.damage).toEqual({ fromIndex: 4, reason: 'a place that cannot be read' })
  // This replica may not vote again in a term in which it may have voted.
  expect(group.state.hardState).toEqual({ term: 2, votedFor: 0 })
})

it('a whole group keeps its entries', () => {
  const group = withEntriesOfTerm2()
  group.settle()
  expect([group.damage, group.state.hardState]).toEqual([null, { term: 1, votedFor: 4 }])
})
