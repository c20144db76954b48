import { describe, expect, test } from 'vitest'
import type { Defects } from '../defects.ts'
import type { RaftMessage, VoteMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

function voteRequest(changes: Partial<VoteMessage>): VoteMessage {
  return { type: 'vote', from: 2, to: 1, term: 9, pre: false, transfer: false, lastIndex: 4, lastTerm: 3, ...changes }
}

/** A voter whose log ends at (4, term 3). */
function voter(term = 5, votedFor = 0, defects: Partial<Defects> = {}): TestNode {
  const log = logOf([1, 1, 2, 3])
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, { term, votedFor }), defects)
}

function answer(node: TestNode, message: RaftMessage): RaftMessage | undefined {
  node.take()
  node.step(message)
  return node.take()[0]
}

function heartbeat(from: number, term: number): RaftMessage {
  return { type: 'heartbeat', from, to: 1, term, commit: 0, sentAt: 0 }
}

describe('M13: a vote goes to logs that are at least as up to date', () => {
  const table = [
    // [candidate's last term, its last index, granted]
    [2, 3, false],
    [2, 4, false],
    [2, 9, false],
    [3, 3, false],
    [3, 4, true],
    [3, 5, true],
    [4, 1, true],
    [4, 4, true],
    [4, 9, true],
  ] as const
  for (const [lastTerm, lastIndex, granted] of table) {
    test(`log of the voter (3, 4), of the candidate (${lastTerm}, ${lastIndex}): ${granted ? 'yes' : 'no'}`, () => {
      for (const pre of [false, true]) {
        expect(answer(voter(), voteRequest({ lastTerm, lastIndex, pre }))).toMatchObject({
          type: 'vote-reply',
          pre,
          granted,
        })
      }
    })
  }
})

describe('one vote a term (M14)', () => {
  test('a second candidate is refused, a repeated request of the first is granted again', () => {
    const node = voter()
    expect(answer(node, voteRequest({ from: 2 }))).toMatchObject({ granted: true })
    expect(answer(node, voteRequest({ from: 3 }))).toMatchObject({ granted: false })
    expect(answer(node, voteRequest({ from: 2 }))).toMatchObject({ granted: true })
  })
  test('also after a restart', () => {
    const node = voter()
    answer(node, voteRequest({ from: 2 }))
    expect(node.hardState).toEqual({ term: 9, votedFor: 2 })
    const restarted = voter(node.hardState.term, node.hardState.votedFor)
    expect(answer(restarted, voteRequest({ from: 3 }))).toMatchObject({ granted: false })
    expect(answer(restarted, voteRequest({ from: 2 }))).toMatchObject({ granted: true })
  })
  test('the vote leaves only when it is durable (M5)', () => {
    const node = voter()
    node.autoSync = false
    node.step(voteRequest({}))
    expect(node.take()).toEqual([])
    node.sync()
    expect(node.take()).toMatchObject([{ type: 'vote-reply', granted: true }])
  })
  test('a huge term with an old log gets no vote, but its term is taken over (M16)', () => {
    const node = voter()
    expect(answer(node, voteRequest({ term: 1000, lastTerm: 2 }))).toMatchObject({ granted: false, term: 1000 })
    expect(node.core.term).toBe(1000)
  })
  test('a candidate from the past learns the term (M11)', () => {
    for (const pre of [false, true]) {
      expect(answer(voter(), voteRequest({ term: 4, pre }))).toMatchObject({ granted: false, term: 5 })
    }
  })
})

describe('M10: a replica that has a live leader ignores candidates', () => {
  function follower(silence: number): TestNode {
    const node = voter()
    node.step(heartbeat(3, 5))
    node.tick(silence)
    return node
  }
  test('within the minimum election timeout: no vote, no term; even if the own timeout is longer', () => {
    const node = follower(ET - 1)
    expect(answer(node, voteRequest({ term: 62 }))).toBeUndefined()
    expect(node.core.term).toBe(5)
    expect(answer(node, voteRequest({ term: 62, pre: true }))).toMatchObject({ granted: false, term: 5 })
  })
  test('after it the same request is granted', () => {
    const log = logOf([1, 1, 2, 3])
    const patient = new TestNode(
      testOptions(1, [1, 2, 3], { random: (bound) => bound - 1 }),
      log,
      startFrom(log, { term: 5, votedFor: 0 }),
    )
    patient.step(heartbeat(3, 5))
    patient.tick(ET)
    expect(patient.core.role).toBe('follower')
    expect(answer(patient, voteRequest({ term: 62, pre: true }))).toMatchObject({ granted: true, term: 62 })
    expect(answer(patient, voteRequest({ term: 62 }))).toMatchObject({ granted: true })
  })
  test('a candidate that was told to campaign is exempt', () => {
    expect(answer(follower(0), voteRequest({ transfer: true }))).toMatchObject({ granted: true })
  })
  test('a leader that a quorum answers ignores them as well; one that is alone does not', () => {
    const node = voter()
    node.core.campaign()
    node.drain()
    node.step({ type: 'vote-reply', from: 2, to: 1, term: 6, pre: true, granted: true })
    node.step({ type: 'vote-reply', from: 2, to: 1, term: 6, pre: false, granted: true })
    expect(node.core.role).toBe('leader')
    expect(answer(node, voteRequest({ lastTerm: 7 }))).toBeUndefined()
    expect(node.core.term).toBe(6)
    node.tick(ET)
    expect(node.core.role).toBe('leader')
    expect(answer(node, voteRequest({ lastTerm: 7 }))).toMatchObject({ granted: true, term: 9 })
    expect(node.core.role).toBe('follower')
  })
})

test('M80: a pre-vote is no promise: yes to a fresh log of a later term; term, vote and timer stay', () => {
  const node = voter()
  const ask = (changes: Partial<VoteMessage>) => answer(node, voteRequest({ pre: true, term: 6, ...changes }))
  expect(ask({ lastTerm: 2, lastIndex: 9 })).toMatchObject({ pre: true, granted: false, term: 5 })
  expect(ask({ lastIndex: 3 })).toMatchObject({ granted: false })
  expect(ask({ term: 5 })).toMatchObject({ granted: false })
  node.tick(ET - 1)
  expect(ask({})).toMatchObject({ pre: true, granted: true, term: 6 })
  expect(ask({ from: 3 })).toMatchObject({ granted: true, to: 3 })
  expect(node.hardState).toEqual({ term: 5, votedFor: 0 })
  node.tick(1)
  expect(node.core).toMatchObject({ role: 'pre-candidate', term: 5 })
})

test('M9: a candidate asks, and counts its own vote, only when term and vote are durable', () => {
  const node = voter()
  node.autoSync = false
  node.core.campaign()
  node.drain()
  node.step({ type: 'vote-reply', from: 2, to: 1, term: 6, pre: true, granted: true })
  expect(node.core.role).toBe('candidate')
  expect(node.take().filter((message) => message.type === 'vote' && !message.pre)).toEqual([])
  // A vote that comes before, in answer to an earlier life, does not make a leader whose term could still be forgotten.
  for (const from of [2, 3]) node.step({ type: 'vote-reply', from, to: 1, term: 6, pre: false, granted: true })
  expect(node.core.role).toBe('candidate')
  node.sync()
  expect(node.core.role).toBe('leader')
  expect(node.take().filter((message) => message.type === 'vote' && !message.pre)).toHaveLength(2)
})

test('M6: only a granted vote rearms the election timer', () => {
  for (const [lastTerm, role] of [
    [2, 'pre-candidate'],
    [3, 'follower'],
  ] as const) {
    const node = voter()
    node.tick(ET - 1)
    node.step(voteRequest({ lastTerm }))
    node.tick(1)
    expect(node.core.role).toBe(role)
  }
})

test('M6: control: if a refused one rearms it as well, a candidate that cannot win keeps all others from campaigning', () => {
  const node = voter(5, 0, { refusedVoteRearms: true })
  for (let i = 0; i < 10; i++) {
    node.tick(ET - 1)
    node.step(voteRequest({ lastTerm: 2, term: 20 + i }))
  }
  expect(node.core.role).toBe('follower')
  const other = voter()
  other.tick(ET - 1)
  other.step(voteRequest({ lastTerm: 2, term: 20 }))
  other.tick(1)
  expect(other.core.role).toBe('pre-candidate')
})

describe('a vote that answers an earlier life of the candidate', () => {
  /**
   * Broker 1 is writing entry 2, which brokers 2 and 3 have and which is committed, campaigns, and loses both the entry
   * and the term in a crash. Returns the answer of broker 2 to its vote request before the crash.
   */
  function firstLife(defects: Partial<Defects>): RaftMessage[] {
    const node = new TestNode(testOptions(1, [1, 2, 3]), logOf([1]), undefined, { noPreVote: true, ...defects })
    node.autoSync = false
    const entries = logOf([1, 1]).slice(1)
    node.step({ type: 'append', from: 3, to: 1, term: 1, prevIndex: 1, prevTerm: 1, entries, commit: 1 })
    node.tick(ET)
    const other = new TestNode(testOptions(2, [1, 2, 3]), logOf([1, 1]))
    for (const message of node.take()) if (message.to === 2) other.step(message)
    return other.take()
  }
  function secondLife(oldAnswers: readonly RaftMessage[]): TestNode {
    const node = new TestNode(testOptions(1, [1, 2, 3]), logOf([1]), undefined, { noPreVote: true })
    node.core.campaign()
    node.drain()
    for (const message of oldAnswers) node.step(message)
    return node
  }
  test('cannot exist, because the request waits for the fsync', () => {
    expect(firstLife({})).toEqual([])
  })
  test('control: would make a leader that lacks a committed entry', () => {
    const answers = firstLife({ voteRequestBeforeFsync: true })
    expect(answers).toMatchObject([{ type: 'vote-reply', term: 2, granted: true }])
    expect(secondLife(answers).core).toMatchObject({ role: 'leader', lastIndex: 2 })
    expect(secondLife(answers).terms).toEqual([1, 2])
  })
})
