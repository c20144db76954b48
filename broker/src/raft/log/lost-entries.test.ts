import { beforeEach, describe, expect, test } from 'vitest'
import type { RaftState } from '../state.ts'
import { startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'
import { noteCutTail, noteLostTail } from './lost-entries.ts'

/**
 * Broker 1 leads five; 2 has acknowledged entry 3, which no other follower has, and 3 has acknowledged 2, which is
 * committed with it.
 */
function leader(): TestNode {
  const node = new TestNode(testOptions(1, [1, 2, 3, 4, 5]), [], startFrom([]))
  node.core.campaign()
  node.drain()
  for (const pre of [true, false]) {
    for (const from of [2, 3]) node.step({ type: 'vote-reply', from, to: 1, term: 1, pre, granted: true })
  }
  node.propose()
  node.propose()
  node.drain()
  acknowledge(node, 2, 3)
  acknowledge(node, 3, 2)
  expect(node.commitIndex).toBe(2)
  node.tick()
  return node
}

function acknowledge(node: TestNode, from: number, matchIndex: number): void {
  const nothing = { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }
  node.step({ type: 'append-reply', from, to: 1, term: 1, success: true, matchIndex, ...nothing })
}

function beat(node: TestNode, lastIndex: number, sentAt: number, from = 2): void {
  node.step({ type: 'heartbeat-reply', from, to: 1, term: 1, lastIndex, sentAt })
}

describe('M30: a follower that lost entries that it acknowledged', () => {
  test('is reported and sent them again from its end on, and its lost copies do not count any more', () => {
    const node = leader()
    node.take()
    beat(node, 1, 1)
    expect(node.lostLogs).toEqual([{ from: 2, acknowledged: 3, has: 1 }])
    expect(node.core.status().followers[0]).toMatchObject({ id: 2, state: 'probe', matchIndex: 0, nextIndex: 2 })
    expect(node.take()).toMatchObject([{ type: 'append', to: 2, prevIndex: 1, entries: [{ index: 2 }, { index: 3 }] }])
    // Only broker 1 has entry 3 besides: with one more copy it would have been committed.
    acknowledge(node, 3, 3)
    expect(node.commitIndex).toBe(2)
    acknowledge(node, 2, 3)
    expect(node.commitIndex).toBe(3)
  })
  test('an answer from before the acknowledgement, or to an earlier leader, proves no loss', () => {
    const node = leader()
    for (const sentAt of [0, 5]) beat(node, 1, sentAt)
    expect(node.lostLogs).toEqual([])
    beat(node, 3, 1)
    expect(node.lostLogs).toEqual([])
  })
  test('committed entries stay committed, and heartbeats tell it of no commit that it lacks', () => {
    const node = leader()
    beat(node, 0, 1)
    node.take()
    expect(node.commitIndex).toBe(2)
    node.tick()
    expect(node.take().filter(({ to }) => to === 2)).toMatchObject([{ type: 'heartbeat', commit: 0 }])
  })
})

test('M24: an answer to a heartbeat of an earlier term renews no lease, whatever tick it names', () => {
  const follower = new TestNode(testOptions(2, [1, 2, 3]), [], startFrom([], { term: 7, votedFor: 1 }))
  follower.step({ type: 'heartbeat', from: 1, to: 2, term: 6, commit: 0, sentAt: 40 })
  expect(follower.take()).toMatchObject([{ type: 'heartbeat-reply', term: 7, sentAt: 0, lastIndex: 0 }])
  const node = leader()
  node.tick()
  expect(node.core.hasLease).toBe(false)
  for (const from of [2, 3]) beat(node, 3, 0, from)
  expect(node.core.hasLease).toBe(false)
  for (const from of [2, 3]) beat(node, 3, 1, from)
  expect(node.core.hasLease).toBe(true)
})

describe('entries that a follower has lost or cuts off', () => {
  let state: RaftState
  beforeEach(() => {
    const outbox = { hasRare: false, lostTail: null, cutTail: null }
    state = { outbox, log: { lastIndex: 9 }, leader: 2, acknowledged: 6 } as unknown as RaftState
  })

  test('a lost tail is told with the present end of the log', () => {
    noteLostTail(state, 3, 12)
    expect(state.outbox).toMatchObject({ hasRare: true, lostTail: { leader: 3, acknowledged: 12, has: 9 } })
  })

  test('a cut is told, and whether an entry of it had been acknowledged, which it is not any more', () => {
    noteCutTail(state, 7)
    expect(state.outbox).toMatchObject({ hasRare: true, cutTail: { leader: 2, from: 7, to: 9, acknowledged: false } })
    expect(state.acknowledged).toBe(6)
    noteCutTail(state, 6)
    expect(state.outbox.cutTail).toEqual({ leader: 2, from: 6, to: 9, acknowledged: true })
    expect(state.acknowledged).toBe(5)
  })

  test('two cuts before the driver looks are told as one', () => {
    noteCutTail(state, 5)
    Object.assign(state.log, { lastIndex: 7 })
    noteCutTail(state, 6)
    expect(state.outbox.cutTail).toEqual({ leader: 2, from: 5, to: 9, acknowledged: true })
    Object.assign(state.log, { lastIndex: 20 })
    noteCutTail(state, 19)
    expect(state.outbox.cutTail).toEqual({ leader: 2, from: 5, to: 20, acknowledged: true })
  })
})
