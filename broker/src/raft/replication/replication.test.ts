import { type EntryHeader, NO_BROKER, type Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { RaftOptions } from '../config.ts'
import type { AppendMessage, AppendReplyMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'

/** Broker 1 as leader of 1, 2, 3 in the term after its log's last. */
function leader(terms: readonly Term[] = [], options: Partial<RaftOptions> = {}, defects = {}): TestNode {
  const log = logOf(terms)
  const node = new TestNode(testOptions(1, [1, 2, 3], options), log, startFrom(log), defects)
  node.core.campaign()
  node.drain()
  const term = node.core.term + 1
  node.step({ type: 'vote-reply', from: 2, to: 1, term, pre: true, granted: true })
  node.step({ type: 'vote-reply', from: 2, to: 1, term, pre: false, granted: true })
  expect(node.core.role).toBe('leader')
  return node
}

function appends(node: TestNode, to = 2): AppendMessage[] {
  return node.take().filter((message): message is AppendMessage => message.type === 'append' && message.to === to)
}

function ack(node: TestNode, matchIndex: number, from = 2): AppendReplyMessage {
  const { term } = node.core
  return {
    type: 'append-reply',
    from,
    to: 1,
    term,
    success: true,
    matchIndex,
    rejectedIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
  }
}

function rejection(node: TestNode, rejectedIndex: number, hintIndex: number, hintTerm: Term): AppendReplyMessage {
  return { ...ack(node, 0), success: false, rejectedIndex, hintIndex, hintTerm }
}

function row(node: TestNode, id = 2) {
  return node.core.status().followers.find((follower) => follower.id === id)!
}

/** Proposes one entry and lets it leave. */
function send(node: TestNode, bytes = 100): EntryHeader {
  const header = node.propose(bytes)
  node.drain()
  return header
}

describe('a new leader', () => {
  test('appends an entry of its term at once, without an offset, and probes with it (M38, M30)', () => {
    const node = leader([1, 1])
    expect(node.log.at(-1)).toEqual({ index: 3, term: 2, kind: 1, baseOffset: 2, lastOffset: 1, bytes: 61 })
    expect(node.core.nextOffset).toBe(2)
    expect(appends(node)).toMatchObject([{ prevIndex: 2, prevTerm: 1, entries: [{ index: 3, term: 2 }] }])
    expect(row(node)).toMatchObject({ matchIndex: 0, nextIndex: 3, state: 'probe', inflight: 1 })
  })
  test('takes proposals in order, and refuses them when too much is uncommitted, but always one', () => {
    const node = leader([], { maxUncommittedBytes: 250 })
    expect(node.core.commitIsCurrent).toBe(false)
    node.step(ack(node, 1))
    expect(node.core.commitIsCurrent).toBe(true)
    expect(node.core.propose({ records: 3, bytes: 1000 })).toMatchObject({ index: 2, baseOffset: 0, lastOffset: 2 })
    expect(node.core.propose({ records: 1, bytes: 1 })).toBe('too-much-uncommitted')
    node.drain()
    node.step(ack(node, 2))
    expect(node.core.propose({ records: 1, bytes: 250 })).toMatchObject({ index: 3, baseOffset: 3 })
  })
})

describe('pipelining (M91)', () => {
  test('a turn of proposals shares one append, and nothing waits for the answer', () => {
    const node = leader()
    node.step(ack(node, 1))
    node.take()
    for (let i = 0; i < 50; i++) node.propose()
    node.drain()
    send(node)
    expect(appends(node).map(({ entries }) => entries.length)).toEqual([50, 1])
    expect(row(node)).toMatchObject({ state: 'replicate', inflight: 2, nextIndex: 53 })
  })
  test('the window bounds appends and bytes', () => {
    const node = leader([], { maxInflightAppends: 3, maxAppendBytes: 100 })
    node.step(ack(node, 1))
    node.take()
    for (let i = 0; i < 10; i++) send(node)
    expect(appends(node)).toHaveLength(3)
    node.step(ack(node, 3))
    expect(appends(node).map(({ prevIndex }) => prevIndex)).toEqual([4, 5])
    const narrow = leader([], { maxInflightBytes: 250, maxAppendBytes: 100 })
    narrow.step(ack(narrow, 1))
    narrow.take()
    for (let i = 0; i < 10; i++) send(narrow)
    expect(appends(narrow)).toHaveLength(3)
  })
  test('window 1 is the serial mode: the next append holds all entries that have gathered (M40)', () => {
    const node = leader([], { maxInflightAppends: 1 })
    node.step(ack(node, 1))
    node.take()
    for (let i = 0; i < 5; i++) send(node)
    expect(appends(node).map(({ entries }) => entries.length)).toEqual([1])
    node.step(ack(node, 2))
    expect(appends(node).map(({ entries }) => entries.length)).toEqual([4])
  })
  test('a gap rewinds once; the rejections of later appends in flight are ignored', () => {
    const node = leader()
    node.step(ack(node, 1))
    node.take()
    for (let i = 0; i < 5; i++) send(node)
    node.take()
    // Append 2 was lost: 3, 4, 5 and 6 are rejected one after the other.
    node.step(rejection(node, 2, 1, 1))
    expect(appends(node)).toMatchObject([{ prevIndex: 1, entries: [{ index: 2 }, {}, {}, {}, { index: 6 }] }])
    for (const index of [3, 4, 5]) node.step(rejection(node, index, 1, 1))
    expect(appends(node)).toEqual([])
    node.step(ack(node, 6))
    expect(row(node)).toMatchObject({ state: 'replicate', matchIndex: 6, nextIndex: 7, inflight: 0 })
    node.step(rejection(node, 5, 1, 1))
    expect(row(node)).toMatchObject({ state: 'replicate', matchIndex: 6, nextIndex: 7 })
  })
  test('a broken link rewinds to the last acknowledged entry', () => {
    const node = leader()
    node.step(ack(node, 1))
    for (let i = 0; i < 3; i++) send(node)
    node.step(ack(node, 2))
    node.take()
    node.core.peerUnreachable(2)
    node.drain()
    expect(appends(node)).toMatchObject([{ prevIndex: 2, entries: [{ index: 3 }, { index: 4 }] }])
  })
  test('acknowledgements that are lost cost a heartbeat and a round trip', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.tick(2)
    const one = cluster.node(1)
    cluster.loses = ({ type }) => type === 'append-reply'
    for (let i = 0; i < 3; i++) one.propose()
    cluster.settle()
    expect([one.commitIndex, cluster.node(2).log.length]).toEqual([1, 4])
    cluster.loses = () => false
    cluster.tick()
    expect(one.commitIndex).toBe(4)
  })
  test('appends that are lost cost one round trip more', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.tick(2)
    const one = cluster.node(1)
    cluster.loses = ({ type }) => type === 'append'
    for (let i = 0; i < 3; i++) one.propose()
    cluster.settle()
    cluster.loses = () => false
    cluster.tick()
    expect(one.commitIndex).toBe(4)
  })
  test('control: without the question they cost an election timeout', () => {
    const cluster = new TestCluster(3, {}, [], { noResend: true })
    cluster.elect(1)
    cluster.tick(2)
    const one = cluster.node(1)
    cluster.loses = ({ type }) => type === 'append-reply'
    one.propose()
    cluster.settle()
    cluster.loses = () => false
    cluster.tick(ET)
    expect(one.commitIndex).toBe(1)
  })
  test('a follower that has everything is replicated to again after the next heartbeat, when its link is renewed', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.tick(2)
    const one = cluster.node(1)
    for (const id of [2, 3]) one.core.peerUnreachable(id)
    cluster.settle()
    expect(row(one)).toMatchObject({ state: 'probe', matchIndex: 1 })
    cluster.tick()
    expect(row(one)).toMatchObject({ state: 'replicate', matchIndex: 1, nextIndex: 2 })
    one.take()
    cluster.tick(3)
    cluster.loses = () => true
    one.tick()
    expect(one.take().map(({ type }) => type)).toEqual(['heartbeat', 'heartbeat'])
  })
  test('a pipeline that moves is asked for nothing', () => {
    const node = leader()
    node.step(ack(node, 1))
    node.take()
    send(node)
    node.take()
    const answer = { type: 'heartbeat-reply', from: 2, to: 1, term: 1, lastIndex: 1 } as const
    node.step({ ...answer, sentAt: 0 })
    expect(appends(node)).toEqual([])
    node.tick()
    node.step({ ...answer, sentAt: 1 })
    expect(appends(node)).toMatchObject([{ prevIndex: 2, entries: [] }])
    node.step(ack(node, 2))
    node.step({ ...answer, sentAt: 1 })
    expect(appends(node)).toEqual([])
  })
  test('appends that vanished are sent again after a while, once per election timeout', () => {
    const node = leader()
    node.step(ack(node, 1))
    node.step(ack(node, 1, 3))
    send(node)
    node.take()
    let resent = 0
    for (let tick = 0; tick < 3 * ET; tick++) {
      node.tick()
      for (const from of [2, 3]) node.step({ type: 'heartbeat-reply', from, to: 1, term: 1, lastIndex: 1, sentAt: 0 })
      resent += appends(node).length
    }
    expect(resent).toBeGreaterThanOrEqual(2)
    expect(resent).toBeLessThanOrEqual(6)
  })
})

describe('M30: a rejection says nothing about the match', () => {
  test('the commit index stays although the follower claims a long log', () => {
    const node = leader([1, 1, 1, 1])
    node.step(rejection(node, 4, 3, 1))
    expect(row(node).matchIndex).toBe(0)
    expect(node.commitIndex).toBe(0)
  })
  test('control: match from a rejection commits entries that no other replica has', () => {
    const node = leader([1, 1, 1, 1], {}, { matchFromRejection: true, commitOlderTerm: true })
    node.step(rejection(node, 4, 3, 1))
    expect(node.commitIndex).toBe(3)
  })
})

describe('M31: the place of agreement is found in few steps', () => {
  const picture = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
  const followers: [string, Term[], number, number][] = [
    ['a', [1, 1, 1, 4], 1, 5],
    ['b', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3, 4],
  ]
  for (const [name, terms, atMost, nextIndex] of followers) {
    test(`follower (${name}): at most ${atMost} rejections, then from ${nextIndex}`, () => {
      const cluster = new TestCluster(3, {}, [picture, terms, picture])
      cluster.elect(1)
      cluster.settle()
      for (const entry of cluster.rejections) expect(entry.from).toBe(2)
      expect(cluster.rejections.length).toBeGreaterThanOrEqual(1)
      expect(cluster.rejections.length).toBeLessThanOrEqual(atMost)
      const matchedFrom = cluster.node(1).terms.findIndex((term, i) => term !== terms[i]) + 1
      expect(matchedFrom).toBe(nextIndex)
      expect(cluster.node(2).log).toEqual(cluster.node(1).log)
    })
  }
})

describe('M31: the baseline without the term hint steps back one by one', () => {
  const picture = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
  test.each([
    ['a', [1, 1, 1, 4], 1, 5],
    ['b', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 7, 4],
  ] as const)('follower (%s) of the picture: exactly %j -> %i rejections, next = %i', (_, terms, rejections, next) => {
    const cluster = new TestCluster(3, { termHint: false }, [picture, terms, picture])
    let matched = 0
    cluster.loses = (message) => {
      if (message.type === 'append-reply' && message.from === 2 && message.success && matched === 0) {
        matched = row(cluster.node(1)).nextIndex
      }
      return false
    }
    cluster.elect(1)
    cluster.settle()
    expect(cluster.rejections).toHaveLength(rejections)
    expect(matched).toBe(next)
    expect(cluster.node(2).log).toEqual(cluster.node(1).log)
  })
})

describe('entries that are no longer in memory', () => {
  test('are asked from the driver, one read at a time, and sent when they come', () => {
    const node = leader([1, 1, 1, 1], { maxAppendBytes: 200 })
    node.take()
    node.step(rejection(node, 4, 1, 1))
    expect(node.reads).toMatchObject([{ to: 2, from: 2, maxBytes: 200 }])
    const { ticket } = node.reads[0]!
    node.core.entriesRead(ticket, node.log.slice(1, 3))
    node.drain()
    expect(appends(node)).toMatchObject([{ prevIndex: 1, prevTerm: 1, entries: [{ index: 2 }, { index: 3 }] }])
    node.step(ack(node, 3))
    expect(node.reads).toHaveLength(2)
    node.core.entriesRead(node.reads[1]!.ticket, node.log.slice(3, 4))
    node.drain()
    expect(appends(node)).toMatchObject([
      { prevIndex: 3, entries: [{ index: 4 }] },
      { prevIndex: 4, entries: [{ index: 5 }] },
    ])
  })
  test('a read that failed is tried again with the next heartbeat reply, not at once', () => {
    const node = leader([1, 1])
    node.step(rejection(node, 2, 0, 0))
    node.core.entriesRead(node.reads[0]!.ticket, [])
    node.drain()
    expect(node.reads).toHaveLength(1)
    node.step({ type: 'heartbeat-reply', from: 2, to: 1, term: node.core.term, lastIndex: 0, sentAt: 0 })
    expect(node.reads).toHaveLength(2)
  })
  test('an answer to a leader of an earlier term is dropped', () => {
    const node = leader([1, 1])
    node.step(rejection(node, 2, 0, 0))
    node.step({ type: 'heartbeat', from: 3, to: 1, term: 9, commit: 0, sentAt: 0 })
    node.take()
    node.core.entriesRead(node.reads[0]!.ticket, node.log.slice(0, 2))
    node.drain()
    expect(node.take()).toEqual([])
  })
})

describe('announceCommit', () => {
  test('tells a follower of a commit when nothing else is in flight', () => {
    for (const announceCommit of [false, true]) {
      const node = leader([], { announceCommit })
      node.step(ack(node, 1))
      node.take()
      send(node)
      node.take()
      node.step(ack(node, 2))
      const told = appends(node)
      expect(told).toMatchObject(announceCommit ? [{ prevIndex: 2, entries: [], commit: 2 }] : [])
      node.step(ack(node, 2))
      expect(appends(node)).toEqual([])
    }
  })
})

test('a leader that steps down forgets its followers and its reads', () => {
  const node = leader([1])
  node.step({ type: 'heartbeat-reply', from: 2, to: 1, term: 9, lastIndex: 0, sentAt: 0 })
  expect(node.core.status()).toMatchObject({ role: 'follower', term: 9, leader: NO_BROKER, followers: [] })
  expect(node.core.propose({ records: 1, bytes: 1 })).toBe('not-leader')
})
