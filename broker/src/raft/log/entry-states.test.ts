import { EntryKind } from '@tailrace/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Defects } from '../defects.ts'
import { logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'
import type { EntryState } from './entry-states.ts'

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
  test('kinds are known of entries in memory', () => {
    const node = new TestNode(testOptions(1, [1]))
    node.core.campaign()
    node.drain()
    node.propose()
    node.drain()
    expect(node.core.entryStates(1, 9).map(({ kind }) => kind)).toEqual([EntryKind.TermStart, EntryKind.Records])
  })
  /** The four arrows, and the combined ones that a follower shows when it learns several things at once. */
  const allowed = new Set([
    'uncommitted -> committed',
    'uncommitted -> applied',
    'uncommitted -> discarded',
    'committed -> applied',
    'applied -> purged',
  ])
  /** The change of each entry's state from one look to the next; index and term identify the entry. */
  function arrows(before: ReadonlyMap<string, EntryState>, after: ReadonlyMap<string, EntryState>): string[] {
    return [...before]
      .map(([entry, state]) => [state, after.get(entry) ?? 'discarded'] as const)
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => `${from} -> ${to}`)
  }
  function look(node: TestNode): Map<string, EntryState> {
    // A purged entry has no term any more: it is found by the entry that the log held there.
    return new Map(node.core.entryStates(1, 1000).map(({ index, state }) => [nameAt(node, index), state]))
  }
  function nameAt(node: TestNode, index: number): string {
    return `${index}@${node.log[index - 1]!.term}`
  }
  const step = fc.record({
    kind: fc.constantFrom('append', 'append', 'commit', 'token', 'compact', 'drain', 'new-leader'),
    at: fc.nat(12),
  })
  test('M35: entries change state along the arrows only, and every arrow occurs, whatever leaders send and the driver cuts', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const node = new TestNode(testOptions(1, [1, 2, 3]))
        let leader = logOf(Array.from({ length: 12 }, (_, i) => 1 + (i >> 2)))
        let term = 3
        let before = look(node)
        for (const { kind, at } of steps) {
          const { core } = node
          if (kind === 'new-leader') {
            // It has all committed entries, and then entries of its own.
            term += 1
            const kept = Math.max(core.commitIndex, Math.min(at, core.lastIndex))
            leader = logOf([...node.terms.slice(0, kept), ...Array.from({ length: 12 - kept }, () => term)])
          } else if (kind === 'append' || kind === 'commit') {
            const common = leader.findIndex(({ term: own }, i) => node.terms[i] !== own)
            const end = Math.max(core.commitIndex, common < 0 ? leader.length : common)
            const from = Math.min(at, end)
            const entries = kind === 'append' ? leader.slice(from, at + 1) : []
            const prevTerm = from === 0 ? 0 : leader[from - 1]!.term
            core.step({ type: 'append', from: 2, to: 1, term, prevIndex: from, prevTerm, entries, commit: from })
          } else if (kind === 'token' && at > 0) core.commitToken(leader[at - 1]!.term, at)
          else if (kind === 'compact' && at > 0 && at <= node.commitIndex) node.compact(at)
          // A look between a step and the driver's turn: the log of the core may be ahead of the test's.
          const drained = kind === 'drain' || kind === 'append' || kind === 'new-leader'
          if (drained) node.drain()
          const after = look(node)
          for (const arrow of arrows(before, after)) seen.add(arrow)
          const order = [...after.values()].map((state) =>
            ['purged', 'applied', 'committed', 'uncommitted'].indexOf(state),
          )
          expect(order).toEqual(order.toSorted((a, b) => a - b))
          before = after
        }
      }),
      { numRuns: 300, seed: 35 },
    )
    expect([...seen].filter((arrow) => !allowed.has(arrow))).toEqual([])
    expect([...allowed].filter((arrow) => !seen.has(arrow))).toEqual([])
  })
  test('M35: control: an entry that is committed by mistake would be discarded, and the group stops (tokenByIndexOnly)', () => {
    /** Holds an entry of term 1 where the token names one of term 2, which the leader then sends. */
    const shown = (defects: Partial<Defects>) => {
      const log = logOf([1, 1])
      const node = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, 1), defects)
      node.core.commitToken(2, 2)
      const entries = logOf([1, 2]).slice(1)
      node.core.step({ type: 'append', from: 2, to: 1, term: 2, prevIndex: 1, prevTerm: 1, entries, commit: 1 })
      node.drain()
      return node.terms
    }
    expect(shown({})).toEqual([1, 2])
    expect(() => shown({ tokenByIndexOnly: true })).toThrow(/truncation at 2, committed to 2/)
  })
  test('M35: a leader that puts another entry in the place of a committed or an applied one stops the group', () => {
    for (const drained of [false, true]) {
      const log = logOf([1, 1, 1])
      const node = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, 1))
      node.core.commitToken(1, 2)
      if (drained) node.drain()
      expect(states(node)).toEqual(['applied', drained ? 'applied' : 'committed', 'uncommitted'])
      const entries = logOf([1, 2]).slice(1)
      const append = { type: 'append', from: 2, to: 1, term: 2, prevIndex: 1, prevTerm: 1, entries, commit: 0 } as const
      expect(() => node.core.step(append)).toThrow(/truncation at 2, committed to 2/)
      // An uncommitted entry may be discarded.
      const third = logOf([1, 1, 2]).slice(2)
      node.core.step({ ...append, prevIndex: 2, entries: third })
      node.drain()
      expect(node.terms).toEqual([1, 1, 2])
    }
  })
})

test('M36: after a restart no entry of the tail is applied until it is known to be committed', () => {
  const log = logOf(Array.from({ length: 100 }, () => 1))
  const node = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, 10))
  expect(node.commitIndex).toBe(10)
  node.tick(5)
  expect(states(node).filter((state) => state === 'applied')).toHaveLength(10)
  node.step({ type: 'append', from: 2, to: 1, term: 1, prevIndex: 100, prevTerm: 1, entries: [], commit: 100 })
  expect(node.commitIndex).toBe(100)
})
