import { EntryKind } from '@tailrace/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EntryState } from './entry-states.ts'
import { logOf, startFrom, TestNode, testOptions } from './test-cluster.ts'

function states(node: TestNode): EntryState[] {
  return node.core.entryStates(1, 1000).map(({ state }) => state)
}

describe('M35: the state of each entry', () => {
  test('purged, applied, committed, uncommitted: along the log they come in this order', () => {
    const log = logOf([1, 1, 2, 2, 2])
    const node = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, 3))
    node.compact(2)
    // Committed now, and no Ready has told the driver yet.
    node.core.commitToken(2, 4)
    expect(node.core.entryStates(1, 9)).toMatchObject([
      { index: 1, term: null, kind: null, state: 'purged' },
      { index: 2, term: 1, kind: null, state: 'purged' },
      { index: 3, term: 2, kind: null, state: 'applied' },
      { index: 4, term: 2, kind: null, state: 'committed' },
      { index: 5, term: 2, kind: null, state: 'uncommitted' },
    ])
    expect(node.core.entryStates(4, 1)).toMatchObject([{ index: 4 }])
    node.drain()
    expect(states(node)).toEqual(['purged', 'purged', 'applied', 'applied', 'uncommitted'])
  })
  test('kinds are known of what is in memory', () => {
    const node = new TestNode(testOptions(1, [1]))
    node.core.campaign()
    node.drain()
    node.propose()
    node.drain()
    expect(node.core.entryStates(1, 9).map(({ kind }) => kind)).toEqual([EntryKind.TermStart, EntryKind.Records])
  })
  test('M35: every entry goes along the arrows, whatever a leader sends and the driver cuts', () => {
    const rank: Record<EntryState, number> = { uncommitted: 0, committed: 1, applied: 2, purged: 3 }
    const step = fc.record({ kind: fc.constantFrom('append', 'commit', 'token', 'compact', 'drain'), at: fc.nat(12) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const node = new TestNode(testOptions(1, [1, 2, 3]))
        const leader = logOf(Array.from({ length: 12 }, (_, i) => 1 + (i >> 2)))
        let before: EntryState[] = []
        for (const { kind, at } of steps) {
          const { core } = node
          if (kind === 'append' || kind === 'commit') {
            const from = Math.min(at, core.lastIndex)
            const entries = kind === 'append' ? leader.slice(from, at + 1) : []
            const prevTerm = from === 0 ? 0 : leader[from - 1]!.term
            core.step({ type: 'append', from: 2, to: 1, term: 3, prevIndex: from, prevTerm, entries, commit: from })
          } else if (kind === 'token' && at > 0) core.commitToken(leader[at - 1]!.term, at)
          else if (kind === 'compact' && at > 0 && at <= node.commitIndex) node.compact(at)
          else node.drain()
          const after = states(node)
          before.forEach((state, i) => {
            expect(rank[after[i]!]).toBeGreaterThanOrEqual(rank[state])
          })
          expect(after.map((state) => rank[state])).toEqual(after.map((state) => rank[state]).sort((a, b) => b - a))
          before = after
        }
      }),
      { numRuns: 200 },
    )
  })
})

test('M36: after a restart nothing of the tail is applied until it is known to be committed', () => {
  const log = logOf(Array.from({ length: 100 }, () => 1))
  const node = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, 10))
  expect(node.commitIndex).toBe(10)
  node.tick(5)
  expect(states(node).filter((state) => state === 'applied')).toHaveLength(10)
  node.step({ type: 'append', from: 2, to: 1, term: 1, prevIndex: 100, prevTerm: 1, entries: [], commit: 100 })
  expect(node.commitIndex).toBe(100)
})
