import type { Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { AppendMessage, RaftMessage } from '../messages.ts'
import { configurationEntry, ET, logOf, startAfter, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

function follower(terms: readonly Term[], commitHint = 0, defects = {}): TestNode {
  const log = logOf(terms)
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, commitHint), defects)
}

function offer(lastIndex: number, lastTerm: Term, term = 5, from = 2): RaftMessage {
  return { type: 'snapshot', from, to: 1, term, lastIndex, lastTerm, source: 3 }
}

function append(terms: readonly Term[], from: number, to: number, term = 5, sender = 2): AppendMessage {
  const log = logOf(terms)
  const prevTerm = from === 1 ? 0 : log[from - 2]!.term
  return {
    type: 'append',
    from: sender,
    to: 1,
    term,
    prevIndex: from - 1,
    prevTerm,
    entries: log.slice(from - 1, to),
    commit: 0,
  }
}

/** The entries that it has acknowledged, and to which brokers. */
function accepted(node: TestNode): string[] {
  return node
    .take()
    .flatMap((reply) => (reply.type === 'append-reply' && reply.success ? [`${reply.matchIndex} to ${reply.to}`] : []))
}

describe('M50: the effect on the log', () => {
  const committed = logOf([1, 1, 1, 2, 2])
  test('a stale state, up to the commit index or less: acknowledged, nothing else (M52)', () => {
    const node = follower([1, 1, 1, 2, 2], 4)
    node.step(offer(3, 1))
    expect(accepted(node)).toEqual(['4 to 2'])
    expect([node.installs, node.core.commitIndex, node.log.length]).toEqual([[], 4, 5])
  })
  test('M51: the entry is there: committed, the rest is kept, nothing is loaded', () => {
    const node = follower([1, 1, 1, 2, 2, 2, 2], 2)
    node.step(offer(5, 2))
    expect(accepted(node)).toEqual(['5 to 2'])
    expect([node.installs, node.commitIndex, node.log.length]).toEqual([[], 5, 7])
  })
  test('another term: the state takes the place of the whole log', () => {
    const node = follower([1, 1, 1, 1, 1, 1, 1], 2)
    node.step(offer(5, 2))
    expect(node.installs).toEqual([{ from: 2, lastIndex: 5, lastTerm: 2, source: 3 }])
    expect(accepted(node)).toEqual([])
    node.install(committed, 3)
    expect(accepted(node)).toEqual(['5 to 2'])
    const { prevIndex, lastIndex, commitIndex, durableIndex } = node.core
    expect([prevIndex, lastIndex, commitIndex, durableIndex]).toEqual([3, 5, 5, 5])
  })
  test('beyond the log: the state, and the log continues after it', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.install(committed)
    expect(accepted(node)).toEqual(['5 to 2'])
    expect([node.core.prevIndex, node.core.lastIndex, node.core.nextOffset, node.commitIndex]).toEqual([5, 5, 5, 5])
    node.step(append([1, 1, 1, 2, 2, 5], 6, 6))
    expect(accepted(node)).toEqual(['6 to 2'])
  })
  test('control: a state that replaces entries that are there already drops those acknowledged after it', () => {
    const node = follower([], 0, { installOverMatching: true })
    node.step(append([1, 1, 1, 2, 2, 2, 2], 1, 7))
    expect(accepted(node)).toEqual(['7 to 2'])
    node.step(offer(5, 2))
    node.install(committed)
    expect(node.core.lastIndex).toBe(5)
  })
})

test('M47: an offer of an earlier term is answered with the own term and changes nothing', () => {
  const node = follower([1, 6])
  node.step(offer(5, 2, 4))
  expect(node.take()).toMatchObject([{ type: 'append-reply', success: false, term: 6, matchIndex: 0 }])
  expect(node.installs).toEqual([])
  expect(node.core.leader).toBe(0)
})

test('M47: control: if it is taken it replaces the entries of a later leader', () => {
  const node = follower([1, 6], 0, { staleLeaderObeyed: true })
  node.step(offer(5, 2, 4))
  expect(node.installs).toHaveLength(1)
})

describe('M52: offers that are repeated or smaller', () => {
  test('while a state is fetched every other offer is ignored', () => {
    const node = follower([1, 1])
    for (const index of [5, 5, 4, 9]) node.step(offer(index, 2))
    expect(node.installs).toHaveLength(1)
    expect(accepted(node)).toEqual([])
  })
  test('afterwards repeated and older ones are acknowledged, and only a later one is fetched', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.install(logOf([1, 1, 1, 2, 2]))
    node.take()
    for (const index of [5, 4]) node.step(offer(index, 2))
    expect(accepted(node)).toEqual(['5 to 2', '5 to 2'])
    expect(node.installs).toHaveLength(1)
    node.step(offer(9, 2))
    expect(node.installs).toHaveLength(2)
  })
  test('one that could not be fetched is fetched with the next offer', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.core.installFailed()
    node.step(offer(5, 2))
    expect(node.installs).toHaveLength(2)
  })
})

describe('M53: while the state is fetched', () => {
  test('heartbeats are answered and keep the election timer quiet; nothing is acknowledged before the end', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    for (let tick = 0; tick < 5 * ET; tick++) {
      node.tick()
      if (tick % 3 === 0) node.step({ type: 'heartbeat', from: 2, to: 1, term: 5, commit: 0, sentAt: tick })
    }
    expect([node.core.role, node.core.term]).toEqual(['follower', 5])
    const sent = node.take()
    expect(sent.filter(({ type }) => type === 'heartbeat-reply').length).toBeGreaterThan(10)
    expect(sent.some(({ type }) => type === 'append-reply')).toBe(false)
  })
  test('it does not campaign, even when the leader is gone: others have the entries that it lacks', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.tick(5 * ET)
    expect(node.core.role).toBe('follower')
    node.core.installFailed()
    node.tick(1)
    expect(node.core.role).toBe('pre-candidate')
  })
  test('it votes', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.tick(ET)
    node.step({ type: 'vote', from: 3, to: 1, term: 6, pre: false, transfer: false, lastIndex: 6, lastTerm: 5 })
    expect(node.take()).toMatchObject([{ type: 'vote-reply', granted: true }])
  })
  test('nothing new is taken into the log that is about to be replaced; the entries that it has are acknowledged', () => {
    const node = follower([1, 1, 1])
    node.step(offer(5, 2))
    node.step(append([1, 1, 1, 2, 2], 3, 5))
    expect([accepted(node), node.log.length]).toEqual([[], 3])
    node.step(append([1, 1, 1, 2, 2], 2, 3))
    expect(accepted(node)).toEqual(['3 to 2'])
    node.core.installFailed()
    node.step(append([1, 1, 1, 2, 2], 3, 5))
    expect(accepted(node)).toEqual(['5 to 2'])
  })
  test('the leader changes: the state is still committed, and the present leader is told', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.step({ type: 'heartbeat', from: 3, to: 1, term: 6, commit: 0, sentAt: 0 })
    node.take()
    node.install(logOf([1, 1, 1, 2, 2]))
    expect(accepted(node)).toEqual(['5 to 3'])
    expect([node.core.term, node.core.lastIndex]).toEqual([6, 5])
  })
  test('no leader is known: no broker is told', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.step({ type: 'vote', from: 3, to: 1, term: 6, pre: false, transfer: true, lastIndex: 0, lastTerm: 0 })
    node.take()
    node.install(logOf([1, 1, 1, 2, 2]))
    expect(node.take()).toEqual([])
    expect(node.commitIndex).toBe(5)
  })
  test('the acknowledgement waits for a term that is not durable yet', () => {
    const node = follower([1, 1])
    node.autoSync = false
    node.step(offer(5, 2))
    node.install(logOf([1, 1, 1, 2, 2]))
    expect(accepted(node)).toEqual([])
    node.sync()
    expect(accepted(node)).toEqual(['5 to 2'])
  })
  test('a write of the old log that completes late says nothing of the new one', () => {
    const node = follower([])
    node.autoSync = false
    node.step(append([1, 1, 1, 1, 1, 1, 1, 1], 1, 8, 4))
    node.step(offer(5, 2))
    node.install(logOf([1, 1, 1, 2, 2]))
    node.step(append([1, 1, 1, 2, 2, 5, 5, 5], 6, 8))
    expect(node.core.durableIndex).toBe(5)
    node.sync(1)
    expect(node.core.durableIndex).toBe(5)
    node.sync()
    expect(node.core.durableIndex).toBe(8)
  })
  test('control: the state is acknowledged before it is there', () => {
    const node = follower([1, 1], 0, { acknowledgeBeforeInstall: true })
    node.step(offer(5, 2))
    expect(accepted(node)).toEqual(['5 to 2'])
  })
})

describe('the installed state must be the one that was asked for', () => {
  test('a state that ends before the offer, or that was not asked for, stops the group', () => {
    const node = follower([1, 1])
    expect(() => node.core.installed(startAfter(logOf([1, 1, 1]), 3))).toThrow(/was not asked for/)
    node.step(offer(5, 2))
    expect(() => node.core.installed(startAfter(logOf([1, 1, 1]), 3))).toThrow(/ends at 3, 5 was offered/)
  })
  test('a copy that goes further than the offer is taken as far as it goes', () => {
    const node = follower([1, 1])
    node.step(offer(5, 2))
    node.install(logOf([1, 1, 1, 2, 2, 5]), 4)
    expect(accepted(node)).toEqual(['6 to 2'])
  })
})

test('M42: after a state and nothing else, a restarted replica knows where it stands, votes and leads', () => {
  const log = logOf([1, 1, 1, 2, 2])
  const node = new TestNode(testOptions(1, [1, 2, 3]), log, startAfter(log, 5))
  expect([node.core.prevIndex, node.core.lastIndex, node.core.commitIndex]).toEqual([5, 5, 5])
  node.core.campaign()
  node.drain()
  expect(node.take()).toMatchObject([{ type: 'vote', lastIndex: 5, lastTerm: 2 }, { type: 'vote' }])
})

test('M42: a state that ends in a change of members holds both sets: both decide, after a restart as well', () => {
  const joint = { voters: [1, 4, 5], outgoing: [1, 2, 3], learners: [] }
  const log = [...logOf([1, 1]), configurationEntry(3, 1, 2, joint)]
  const node = follower([1])
  node.step(offer(3, 1))
  node.install(log)
  expect(node.core.configuration).toEqual(joint)
  const restarted = new TestNode(testOptions(1, [1, 2, 3]), log, startAfter(log, 3, { term: 5, votedFor: 0 }))
  restarted.core.campaign()
  restarted.drain()
  for (const from of [4, 5]) restarted.step({ type: 'vote-reply', from, to: 1, term: 6, pre: true, granted: true })
  expect(restarted.core.role).toBe('pre-candidate')
  restarted.step({ type: 'vote-reply', from: 2, to: 1, term: 6, pre: true, granted: true })
  expect(restarted.core.role).toBe('candidate')
})

test('M92 (5): a state that covers more than the log that a crash left: the log begins after the state', () => {
  const log = logOf([1, 1, 1])
  const start = { ...startFrom(log), prevIndex: 5, prevTerm: 1, nextOffset: 5 }
  const node = new TestNode(testOptions(1, [1, 2, 3]), [...log, ...logOf([1, 1])], start)
  const { prevIndex, lastIndex, durableIndex, commitIndex } = node.core
  expect([prevIndex, lastIndex, durableIndex, commitIndex]).toEqual([5, 5, 5, 5])
})
