import type { Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { AppendMessage } from '../messages.ts'
import { logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

function follower(terms: readonly Term[], commitHint: number): TestNode {
  const log = logOf(terms)
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, commitHint))
}

function append(terms: readonly Term[], from: number, to: number, term = 5): AppendMessage {
  const log = logOf(terms)
  const prevTerm = from === 1 ? 0 : log[from - 2]!.term
  return {
    type: 'append',
    from: 2,
    to: 1,
    term,
    prevIndex: from - 1,
    prevTerm,
    entries: log.slice(from - 1, to),
    commit: 0,
  }
}

describe('M41: a log that begins later', () => {
  const terms = [1, 1, 2, 2, 3]
  test('answers as before for all entries that it still holds', () => {
    const node = follower(terms, 4)
    node.compact(3)
    expect([node.core.prevIndex, node.core.lastIndex, node.core.commitIndex]).toEqual([3, 5, 4])
    node.step(append([1, 1, 2, 2, 5], 5, 5))
    expect(node.take()).toMatchObject([{ success: true, matchIndex: 5 }])
    node.step(append([1, 1, 2, 2, 5, 5, 5], 7, 7))
    expect(node.take()).toMatchObject([{ success: false, rejectedIndex: 6, hintIndex: 5, hintTerm: 5 }])
  })
  test('compacted entries are committed, so an append that begins before the log matches', () => {
    const node = follower(terms, 4)
    node.compact(4)
    node.step(append([1, 1, 2, 2, 3, 5], 2, 6))
    expect(node.take()).toMatchObject([{ success: true, matchIndex: 6 }])
    node.step(append([1, 1, 2, 2, 3, 5], 1, 2))
    expect(node.take()).toMatchObject([{ success: true, matchIndex: 2 }])
    expect(node.terms).toEqual([1, 1, 2, 2, 3, 5])
  })
  test('a divergent tail right after the start is replaced', () => {
    const node = follower(terms, 4)
    node.compact(4)
    node.step(append([1, 1, 2, 2, 5, 5], 5, 6))
    expect(node.terms).toEqual([1, 1, 2, 2, 5, 5])
  })
  test('a hint never points before the start', () => {
    const node = follower([1, 4, 4, 4], 2)
    node.compact(2)
    node.step(append([1, 4, 5, 5, 5, 5], 6, 6))
    expect(node.take()).toMatchObject([{ success: false, hintIndex: 4 }])
    node.step(append([1, 4, 5, 5], 4, 4))
    expect(node.take()).toMatchObject([{ success: false, hintIndex: 3 }])
  })
  test('an empty log after its start campaigns with the term of its last compacted entry', () => {
    const node = follower([1, 3], 2)
    node.compact(2)
    node.core.campaign()
    node.drain()
    expect(node.take()).toMatchObject([{ type: 'vote', lastIndex: 2, lastTerm: 3 }, { type: 'vote' }])
  })
  test('compacting twice, or less than before, changes nothing', () => {
    const node = follower(terms, 4)
    for (const index of [3, 3, 2]) node.compact(index)
    expect(node.core.prevIndex).toBe(3)
  })
})

describe('M35: only entries that were applied, and are durable, are purged', () => {
  test('anything else stops the group', () => {
    const node = follower([1, 1, 1], 2)
    expect(() => node.core.compacted(3, 1)).toThrow(/compaction to 3, applied to 2/)
    expect(() => node.core.compacted(2, 9)).toThrow(/compacted with term 9/)
    node.autoSync = false
    node.step({ ...append([1, 1, 1, 5], 4, 4), commit: 4 })
    expect(node.commitIndex).toBe(4)
    expect(() => node.core.compacted(4, 5)).toThrow(/compaction to 4, durable to 3/)
  })
})
