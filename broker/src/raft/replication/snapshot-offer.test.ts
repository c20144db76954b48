import type { Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { RaftOptions } from '../config.ts'
import type { AppendMessage, AppendReplyMessage, SnapshotMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

/** Broker 1 as leader of 1, 2, 3; everything before its TermStart entry, and that, is committed by broker 3. */
function leader(terms: readonly Term[], options: Partial<RaftOptions> = {}, defects = {}): TestNode {
  const log = logOf(terms)
  const node = new TestNode(testOptions(1, [1, 2, 3], options), log, startFrom(log), defects)
  node.core.campaign()
  node.drain()
  const term = node.core.term + 1
  node.step({ type: 'vote-reply', from: 3, to: 1, term, pre: true, granted: true })
  node.step({ type: 'vote-reply', from: 3, to: 1, term, pre: false, granted: true })
  node.step(ack(node, log.length + 1, 3))
  expect(node.commitIndex).toBe(log.length + 1)
  return node
}

function ack(node: TestNode, matchIndex: number, from = 2): AppendReplyMessage {
  const nothing = { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }
  return { type: 'append-reply', from, to: 1, term: node.core.term, success: true, matchIndex, ...nothing }
}

function rejection(node: TestNode, rejectedIndex: number, hintIndex: number, hintTerm: Term): AppendReplyMessage {
  return { ...ack(node, 0), success: false, rejectedIndex, hintIndex, hintTerm }
}

function beat(node: TestNode, lastIndex: number): void {
  const { term } = node.core
  node.step({ type: 'heartbeat-reply', from: 2, to: 1, term, lastIndex, sentAt: 0 })
  node.step({ type: 'heartbeat-reply', from: 3, to: 1, term, lastIndex, sentAt: 0 })
}

function row(node: TestNode) {
  return node.core.status().followers.find(({ id }) => id === 2)!
}

function offered(node: TestNode): SnapshotMessage[] {
  return node.take().filter((message): message is SnapshotMessage => message.type === 'snapshot')
}

function appends(node: TestNode): AppendMessage[] {
  return node.take().filter((message): message is AppendMessage => message.type === 'append' && message.to === 2)
}

/** A leader in term 2 with a log up to 7 that begins after 5; broker 2 has nothing and has said so. */
function leaderOfLaggard(): TestNode {
  const node = leader([1, 1, 1, 1, 1, 1])
  node.compact(5)
  node.step(rejection(node, 6, 0, 0))
  return node
}

describe('M46: a follower that needs compacted entries is offered a state', () => {
  test('the driver is asked once, and the follower gets heartbeats and the offer alone', () => {
    const node = leaderOfLaggard()
    expect(node.offers).toEqual([2])
    expect(row(node)).toMatchObject({ state: 'snapshot', inflight: 0 })
    node.take()
    node.propose()
    node.drain()
    expect(appends(node)).toEqual([])
    expect(node.core.offerSnapshot(2, 6, 1, 1)).toBe(true)
    node.drain()
    expect(offered(node)).toMatchObject([{ to: 2, term: 2, lastIndex: 6, lastTerm: 1, source: 1 }])
  })
  test('a follower that needs compacted entries is probed after them, and gets a state if it has no entry there', () => {
    const node = leader([1, 1, 1, 1], { maxInflightAppends: 1 })
    node.step(rejection(node, 4, 1, 1))
    expect(row(node)).toMatchObject({ state: 'probe', nextIndex: 2 })
    node.compact(3)
    expect(node.reads.at(-1)).toMatchObject({ to: 2, from: 4 })
    node.core.entriesRead(node.reads.at(-1)!.ticket, node.log.slice(3))
    node.drain()
    node.step(rejection(node, 3, 1, 1))
    expect(node.offers).toEqual([2])
  })
  test('a late acknowledgement of entries compacted since finds a probe before them, which waits because a read has failed', () => {
    const node = leader([1, 1, 1, 1], { maxUncommittedBytes: 1 })
    node.step(rejection(node, 4, 1, 1))
    node.core.entriesRead(node.reads.at(-1)!.ticket, [])
    node.drain()
    node.compact(4)
    node.step(rejection(node, 4, 1, 1))
    expect(row(node)).toMatchObject({ state: 'probe', nextIndex: 2 })
    node.step(ack(node, 3))
    expect(row(node)).toMatchObject({ matchIndex: 3, nextIndex: 4 })
    node.core.checkInvariants()
    beat(node, 3)
    expect(node.offers).toEqual([2])
  })
  test('the offer is repeated with heartbeat replies, once an election timeout, never more', () => {
    const node = leaderOfLaggard()
    for (let tick = 0; tick < 5 * ET; tick++) {
      node.tick()
      for (let times = 0; times < 3; times++) beat(node, 0)
    }
    expect(node.offers).toEqual([2, 2, 2, 2, 2, 2])
  })
  test('a dead follower is asked for nothing', () => {
    const node = leaderOfLaggard()
    for (let tick = 0; tick < 3 * ET; tick++) {
      node.tick()
      node.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, lastIndex: 7, sentAt: 0 })
    }
    expect(node.offers).toEqual([2])
  })
  test('an entry that is compacted while the driver reads it is not sent, and not missed', () => {
    const node = leader([1, 1, 1, 1, 1, 1])
    node.step(rejection(node, 6, 2, 1))
    const [read] = node.reads
    expect(read).toMatchObject({ to: 2, from: 3 })
    const headers = node.log.slice(2, 5)
    node.compact(4)
    node.take()
    node.core.entriesRead(read!.ticket, headers)
    node.drain()
    expect(appends(node)).toEqual([])
    expect(node.reads.at(-1)).toMatchObject({ to: 2, from: 5 })
  })
  test('after a late acknowledgement of entries compacted since nothing is sent from there', () => {
    const node = leader([1, 1, 1, 1], { maxAppendBytes: 100, maxInflightAppends: 1, announceCommit: true })
    node.step(rejection(node, 4, 1, 1))
    node.core.entriesRead(node.reads.at(-1)!.ticket, node.log.slice(1, 2))
    node.drain()
    node.compact(4)
    node.take()
    node.step(ack(node, 2))
    expect(row(node)).toMatchObject({ state: 'probe', matchIndex: 2, nextIndex: 5 })
    for (const { prevIndex } of appends(node)) expect(prevIndex).toBeGreaterThanOrEqual(4)
  })
  test('headers in memory that were compacted are not sent either', () => {
    const node = leader([])
    for (let i = 0; i < 5; i++) node.propose()
    node.drain()
    node.step(ack(node, 6, 3))
    node.take()
    node.compact(4)
    // It may well have them: the first place that is left is tried before a state is sent.
    expect(appends(node)).toMatchObject([{ prevIndex: 4, entries: [{ index: 5 }, { index: 6 }] }])
    node.step(rejection(node, 4, 0, 0))
    expect(node.offers).toEqual([2])
  })
})

describe('M37: after the state, the log that follows', () => {
  test('an acknowledgement of the state counts as a match, and the entries after it follow', () => {
    const node = leaderOfLaggard()
    node.take()
    node.step(ack(node, 6))
    expect(row(node)).toMatchObject({ state: 'replicate', matchIndex: 6, nextIndex: 8 })
    expect(appends(node)).toMatchObject([{ prevIndex: 6, prevTerm: 1, entries: [{ index: 7, term: 2 }] }])
  })
  test('a state that ends before a log that was cut further is followed by another offer', () => {
    const node = leaderOfLaggard()
    node.core.offerSnapshot(2, 5, 1, 1)
    node.drain()
    node.compact(7)
    node.step(ack(node, 5))
    expect(row(node)).toMatchObject({ state: 'snapshot', matchIndex: 5 })
    node.tick(ET)
    beat(node, 5)
    expect(node.offers).toEqual([2, 2])
    node.step(ack(node, 7))
    expect(row(node)).toMatchObject({ state: 'replicate', matchIndex: 7 })
  })
})

describe('M42: a state that may be offered', () => {
  test('covers nothing uncommitted and nothing of another log, and does not end before the own log begins', () => {
    const node = leaderOfLaggard()
    node.propose()
    node.drain()
    expect(() => node.core.offerSnapshot(2, 8, 2, 1)).toThrow(/up to 8 is offered, committed to 7/)
    expect(() => node.core.offerSnapshot(2, 6, 2, 1)).toThrow(/not of this log/)
    expect(node.core.offerSnapshot(2, 4, 1, 1)).toBe(false)
    expect(node.core.offerSnapshot(9, 6, 1, 1)).toBe(false)
  })
  test('control: uncommitted entries are offered', () => {
    const node = leader([1], {}, { offerUncommitted: true })
    node.propose()
    node.drain()
    expect(node.core.offerSnapshot(2, 3, 2, 1)).toBe(true)
  })
  test('only a leader offers', () => {
    const node = leaderOfLaggard()
    node.step({ type: 'heartbeat', from: 3, to: 1, term: 9, commit: 0, sentAt: 0 })
    expect(node.core.offerSnapshot(2, 6, 1, 1)).toBe(false)
  })
})

test('M84: a designated replica is named as the source, for any member, whatever its state', () => {
  const node = leader([1, 1, 1])
  node.step(ack(node, 4))
  node.take()
  expect(node.core.offerSnapshot(2, 3, 1, 3)).toBe(true)
  node.drain()
  expect(offered(node)).toMatchObject([{ to: 2, lastIndex: 3, source: 3 }])
  expect(row(node)).toMatchObject({ state: 'replicate', matchIndex: 4 })
})
