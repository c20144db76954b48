import type { Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

function replica(terms: readonly Term[], commitHint = 0, defects = {}): TestNode {
  const log = logOf(terms)
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, commitHint), defects)
}

describe('M95: a token of an acknowledged entry', () => {
  test('commits all up to exactly that entry, before the leader has told of the commit', () => {
    const node = replica([1, 1, 2, 2], 1)
    expect(node.core.commitToken(2, 3)).toBe(true)
    node.drain()
    expect(node.commitIndex).toBe(3)
    expect(node.core.commitToken(1, 2)).toBe(true)
    expect(node.core.commitIndex).toBe(3)
  })
  test('is refused where the log holds another entry there: a divergent follower shows none of its own entries', () => {
    const node = replica([1, 1, 2, 2], 1)
    expect(node.core.commitToken(3, 3)).toBe(false)
    expect(node.core.commitToken(1, 3)).toBe(false)
    expect(node.core.commitIndex).toBe(1)
  })
  test('of a truncated term is refused, also below the commit index', () => {
    const node = replica([1, 1, 3, 3], 4)
    expect(node.core.commitToken(2, 3)).toBe(false)
  })
  test('is refused while the entry is not there, or not durable', () => {
    const node = replica([1, 1])
    expect(node.core.commitToken(1, 3)).toBe(false)
    node.autoSync = false
    const entries = logOf([1, 1, 4]).slice(2)
    node.step({ type: 'append', from: 2, to: 1, term: 4, prevIndex: 2, prevTerm: 1, entries, commit: 0 })
    expect(node.core.commitToken(4, 3)).toBe(false)
    node.sync()
    expect(node.core.commitToken(4, 3)).toBe(true)
  })
  test('is served by a leader up to its own commit index alone', () => {
    const log = logOf([1, 1])
    const node = new TestNode(testOptions(1, [1, 2, 3]), log)
    node.core.campaign()
    node.drain()
    for (const pre of [true, false]) node.step({ type: 'vote-reply', from: 2, to: 1, term: 2, pre, granted: true })
    expect(node.core.role).toBe('leader')
    expect(node.core.commitToken(1, 2)).toBe(false)
    const nothing = { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }
    node.step({ type: 'append-reply', from: 2, to: 1, term: 2, success: true, matchIndex: 3, ...nothing })
    expect(node.core.commitToken(1, 2)).toBe(true)
  })
  test('of an entry that was compacted is served from the state, unless the term cannot be', () => {
    const node = replica([1, 1, 2, 2], 4)
    node.compact(3)
    expect(node.core.commitToken(1, 2)).toBe(true)
    expect(node.core.commitToken(2, 3)).toBe(true)
    expect(node.core.commitToken(1, 3)).toBe(false)
    expect(node.core.commitToken(3, 2)).toBe(false)
  })
  test('control: by its index only, it commits a divergent entry', () => {
    const node = replica([1, 1, 2, 2], 1, { tokenByIndexOnly: true })
    expect(node.core.commitToken(3, 3)).toBe(true)
    expect(node.core.commitIndex).toBe(3)
  })
})
