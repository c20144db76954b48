import { describe, expect, test } from 'vitest'
import type { RaftMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'
import { MAX_TERM, MAX_TERM_LEAP } from './term-rules.ts'

const heartbeat = (term: number): RaftMessage => {
  return { type: 'heartbeat', from: 2, to: 1, term, commit: 0, sentAt: 0 }
}
/** One message of each kind that raises terms, and the kinds that only ask. */
const messages = (term: number): RaftMessage[] =>
  [
    heartbeat(term),
    { type: 'append', from: 2, to: 1, term, prevIndex: 0, prevTerm: 0, entries: [], commit: 0 },
    { type: 'snapshot', from: 2, to: 1, term, lastIndex: 9, lastTerm: term, source: 2 },
    { type: 'vote', from: 2, to: 1, term, pre: false, transfer: true, lastIndex: 9, lastTerm: 5 },
    { type: 'vote-reply', from: 2, to: 1, term, pre: false, granted: false },
    { type: 'vote-reply', from: 2, to: 1, term, pre: true, granted: false },
    { type: 'timeout-now', from: 2, to: 1, term },
    { type: 'heartbeat-reply', from: 2, to: 1, term, lastIndex: 1, sentAt: 1 },
    {
      type: 'append-reply',
      from: 2,
      to: 1,
      term,
      success: false,
      matchIndex: 0,
      rejectedIndex: 1,
      hintIndex: 1,
      hintTerm: 1,
    },
  ] as RaftMessage[]

function follower(term = 5, defects = {}): TestNode {
  const log = logOf([1, 2, 3])
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, { term, votedFor: 0 }), defects)
}

describe('a term that no elections can have led to (M12)', () => {
  test('is refused in every message', () => {
    const node = follower()
    for (const message of [...messages(MAX_TERM), ...messages(5 + MAX_TERM_LEAP + 1)]) {
      expect(node.core.isPlausibleTerm(message.term)).toBe(false)
      node.step(message)
      expect(node.core.term).toBe(5)
    }
    expect(node.take()).toEqual([])
  })

  test('control: without the rule one heartbeat takes the last term, and no election is left', () => {
    const node = follower(5, { anyTerm: true })
    node.step(heartbeat(MAX_TERM))
    expect(node.core.term).toBe(MAX_TERM)
  })

  test('is not reached in steps either: the growth is counted from the start, with a term for each tick', () => {
    const node = follower()
    node.step(heartbeat(5 + MAX_TERM_LEAP))
    expect(node.core.term).toBe(5 + MAX_TERM_LEAP)
    node.step(heartbeat(6 + MAX_TERM_LEAP))
    expect(node.core.term).toBe(5 + MAX_TERM_LEAP)
    node.core.tick()
    node.step(heartbeat(6 + MAX_TERM_LEAP))
    expect(node.core.term).toBe(6 + MAX_TERM_LEAP)
  })

  test('a blank replica has nothing to compare with: it takes the first, whatever it is, and counts from there', () => {
    const node = new TestNode(testOptions(4, []), [])
    const first = { ...heartbeat(MAX_TERM - 2 * MAX_TERM_LEAP), to: 4 }
    node.step(first)
    expect(node.core.term).toBe(first.term)
    node.step({ ...first, term: MAX_TERM })
    expect(node.core.term).toBe(first.term)
  })
})

describe('at the end of all terms', () => {
  test('the last one is used', () => {
    const node = follower(MAX_TERM - 1)
    node.step(heartbeat(MAX_TERM))
    expect(node.core.term).toBe(MAX_TERM)
  })

  test('no replica campaigns beyond it, in any way', () => {
    const node = follower(MAX_TERM)
    for (let tick = 0; tick < 5 * ET; tick++) node.core.tick()
    node.core.campaign()
    node.step(heartbeat(MAX_TERM))
    node.step({ type: 'timeout-now', from: 2, to: 1, term: MAX_TERM })
    expect([node.core.term, node.core.role]).toEqual([MAX_TERM, 'follower'])
    expect(node.core.forceConfiguration([1])).toBe('not-allowed')
  })
})
