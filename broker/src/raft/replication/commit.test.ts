import type { EntryHeader, Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { RaftMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'

describe('M32: Figure 8 of the Raft paper', () => {
  /** (c): S1 leads term 4 and has brought entry (2, term 2) to S2 and S3; S5 holds (2, term 3). */
  function partC(defects = {}): TestNode {
    const log = logOf([1, 2])
    const node = new TestNode(
      testOptions(1, [1, 2, 3, 4, 5], { maxAppendBytes: 1 }),
      log,
      startFrom(log, { term: 3, votedFor: 0 }, 1),
      defects,
    )
    node.core.campaign()
    node.drain()
    for (const pre of [true, false])
      for (const from of [2, 3]) node.step({ type: 'vote-reply', from, to: 1, term: 4, pre, granted: true })
    expect([node.core.role, node.core.term]).toEqual(['leader', 4])
    for (const from of [2, 3]) node.step(ack(from, 2))
    return node
  }
  function ack(from: number, matchIndex: number): RaftMessage {
    return {
      type: 'append-reply',
      from,
      to: 1,
      term: 4,
      success: true,
      matchIndex,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
    }
  }

  test('(c) an entry of an older term on a majority is not committed', () => {
    expect(partC().commitIndex).toBe(1)
  })
  test('(e) it is committed together with an entry of the own term', () => {
    const node = partC()
    for (const from of [2, 3]) node.step(ack(from, 3))
    expect(node.commitIndex).toBe(3)
  })
  test('(d) it may be overwritten: S5 wins term 5 with the votes of S2, S3, S4 and replaces it everywhere', () => {
    const logs: Term[][] = [[1, 2, 4], [1, 2], [1, 2], [1], [1, 3]]
    const cluster = new TestCluster(5, {}, logs, {}, 4)
    cluster.cut(1, 2, 3, 4, 5)
    cluster.node(5).core.campaign()
    cluster.settle()
    expect([cluster.leaders, cluster.node(5).core.term]).toEqual([[5], 5])
    cluster.heal()
    cluster.tick(ET)
    for (const node of cluster.nodes) expect(node.terms.slice(0, 2)).toEqual([1, 3])
  })
  test('control: commit by count commits in (c) the entry that (d) removes', () => {
    expect(partC({ commitOlderTerm: true }).commitIndex).toBe(2)
  })
})

describe('M92: whose copy counts when', () => {
  function cluster(): TestCluster {
    const three = new TestCluster(3)
    three.elect(1)
    three.tick(2)
    return three
  }
  test('a leader with a slow disk commits on the disks of the others', () => {
    const three = cluster()
    three.node(1).autoSync = false
    const header = three.node(1).propose()
    three.settle()
    expect(three.node(1).core.durableIndex).toBe(header.index - 1)
    expect(three.node(1).commitIndex).toBe(header.index)
  })
  test('its own copy counts from its own fsync on, no sooner', () => {
    const three = cluster()
    for (const id of [1, 3]) three.node(id).autoSync = false
    const header = three.node(1).propose()
    three.settle()
    // Written by all, durable on broker 2 alone.
    expect(three.nodes.map(({ log }) => log.length)).toEqual([header.index, header.index, header.index])
    expect(three.node(1).commitIndex).toBe(header.index - 1)
    three.node(1).sync()
    expect(three.node(1).commitIndex).toBe(header.index)
  })
  test('a follower acknowledges nothing before its fsync', () => {
    const three = cluster()
    for (const id of [2, 3]) three.node(id).autoSync = false
    const header = three.node(1).propose()
    three.settle()
    expect(three.node(1).core.durableIndex).toBe(header.index)
    expect(three.node(1).commitIndex).toBe(header.index - 1)
    three.node(3).sync()
    three.settle()
    expect(three.node(1).commitIndex).toBe(header.index)
  })
})

test('a group of one commits on its own durability', () => {
  const node = new TestNode(testOptions(1, [1]))
  node.autoSync = false
  node.core.campaign()
  node.drain()
  expect(node.core.role).toBe('candidate')
  node.sync()
  expect([node.core.role, node.commitIndex]).toEqual(['leader', 0])
  node.sync()
  expect([node.core.commitIsCurrent, node.commitIndex]).toEqual([true, 1])
  node.propose()
  node.drain()
  expect(node.commitIndex).toBe(1)
  node.sync()
  expect(node.commitIndex).toBe(2)
})

test('joint majorities: an entry needs both sets (M60)', () => {
  const configuration = { voters: [1, 2, 3], outgoing: [1, 4, 5], learners: [] }
  const node = new TestNode(testOptions(1, [], { configuration }))
  node.core.campaign()
  node.drain()
  const grant = (from: number, pre: boolean): void => {
    node.step({ type: 'vote-reply', from, to: 1, term: 1, pre, granted: true })
  }
  grant(2, true)
  expect(node.core.role).toBe('pre-candidate')
  grant(4, true)
  for (const from of [2, 3]) grant(from, false)
  expect(node.core.role).toBe('candidate')
  grant(5, false)
  expect(node.core.role).toBe('leader')
  const ack = {
    type: 'append-reply',
    to: 1,
    term: 1,
    success: true,
    matchIndex: 1,
    rejectedIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
  } as const
  node.step({ ...ack, from: 2 })
  expect(node.commitIndex).toBe(0)
  node.step({ ...ack, from: 4 })
  expect(node.commitIndex).toBe(1)
})

test('the commit hint is where a restarted replica begins, as far as its log reaches (M36)', () => {
  const log: EntryHeader[] = logOf([1, 1, 1])
  for (const [hint, expected] of [
    [0, 0],
    [2, 2],
    [9, 3],
  ] as const) {
    expect(new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, hint)).commitIndex).toBe(expected)
  }
})
