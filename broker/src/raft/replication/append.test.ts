import type { EntryHeader, Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import type { AppendMessage, RaftMessage } from '../messages.ts'
import { logOf, startFrom, TestNode, testOptions } from '../testing/test-cluster.ts'

function follower(terms: readonly Term[], commitHint = 0, defects = {}): TestNode {
  const log = logOf(terms)
  return new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, undefined, commitHint), defects)
}

/** An append of broker 2, leader of `term`, with the entries of its log from `from` to `to`. */
function append(log: readonly EntryHeader[], from: number, to: number, term: Term, commit = 0): AppendMessage {
  const prevTerm = from === 1 ? 0 : log[from - 2]!.term
  return {
    type: 'append',
    from: 2,
    to: 1,
    term,
    prevIndex: from - 1,
    prevTerm,
    entries: log.slice(from - 1, to),
    commit,
  }
}

function accepted(node: TestNode): number[] {
  return node.take().flatMap((reply) => (reply.type === 'append-reply' && reply.success ? [reply.matchIndex] : []))
}

describe('M29: only conflicting entries are cut', () => {
  const leader = logOf([1, 1, 1, 2, 2, 2, 2, 2, 2, 2])
  test('a short append that was overtaken by a longer one cuts nothing', () => {
    const node = follower([])
    node.step(append(leader, 1, 10, 2))
    node.step(append(leader, 1, 3, 2))
    expect(node.log).toHaveLength(10)
    expect(accepted(node)).toEqual([10, 3])
  })
  test('control: blind overwriting loses acknowledged entries', () => {
    const node = follower([], 0, { blindOverwrite: true })
    node.step(append(leader, 1, 10, 2))
    node.step(append(leader, 1, 3, 2))
    expect(node.log).toHaveLength(3)
  })
  test('the cut is made at the first differing term, and offsets continue from the leader', () => {
    const node = follower([1, 1, 1, 1, 1, 1])
    // The leader's entry 4 holds ten records, so its entry 5 begins at offset 13.
    const wide = leader.slice(0, 5)
    wide[3] = { ...wide[3]!, lastOffset: 12 }
    wide[4] = { ...wide[4]!, baseOffset: 13, lastOffset: 13 }
    node.step(append(wide, 2, 5, 2))
    expect(node.terms).toEqual([1, 1, 1, 2, 2])
    expect([node.core.lastIndex, node.core.nextOffset]).toEqual([5, 14])
  })
  test('cutting a committed entry is fatal', () => {
    const node = follower([1, 1, 1, 1], 3)
    const impossible = append(logOf([1, 1, 2, 2]), 3, 4, 2)
    expect(() => node.step(impossible)).toThrow(/truncation at 3, committed to 3/)
    expect(() => node.step(append(logOf([2, 2, 2, 2]), 4, 4, 2))).toThrow(/committed entry 3 differs/)
    node.step(append(logOf([1, 1, 1, 2]), 4, 4, 2))
    expect(node.terms).toEqual([1, 1, 1, 2])
  })
})

describe('M27: any order, any repetition', () => {
  const leader = logOf([1, 1, 2, 2, 3])
  test('each append three times and backwards gives the same log', () => {
    const node = follower([1, 1, 1, 1, 1, 1])
    const pieces = [append(leader, 1, 2, 3), append(leader, 3, 4, 3), append(leader, 5, 5, 3)]
    for (const piece of [...pieces.toReversed(), ...pieces, ...pieces]) node.step(piece)
    expect(node.log).toEqual(leader)
  })
  test('one entry each, every append three times, all backwards, while fsyncs lag: same log, no acknowledgement too early', () => {
    const node = follower([1, 1, 1, 1, 1, 1])
    node.autoSync = false
    const backwards = leader.map(({ index }) => append(leader, index, index, 3)).reverse()
    let acknowledgements = 0
    const check = () => {
      for (const matchIndex of accepted(node)) {
        acknowledgements++
        expect(matchIndex).toBeLessThanOrEqual(node.core.durableIndex)
      }
    }
    // Each round brings one entry more: an append that comes too soon is refused.
    for (let round = 0; round < leader.length; round++) {
      for (const piece of backwards) {
        for (let times = 0; times < 3; times++) {
          node.step(piece)
          check()
        }
        if (piece.prevIndex % 2 === 0) node.sync(1)
        check()
      }
    }
    node.sync()
    check()
    expect(node.log).toEqual(leader)
    expect(acknowledgements).toBeGreaterThan(leader.length)
  })
  test('a repeated append is acknowledged only once its entries are durable', () => {
    const node = follower([])
    node.autoSync = false
    node.step(append(leader, 1, 3, 3))
    node.step(append(leader, 1, 3, 3))
    expect(accepted(node)).toEqual([])
    node.sync(1)
    node.step(append(leader, 1, 2, 3))
    expect(accepted(node)).toEqual([3, 2])
    node.sync()
    expect(accepted(node)).toEqual([3])
  })
})

describe('M28: the consistency check compares index and term', () => {
  test('a gap and another term are rejected with a hint, and nothing changes', () => {
    const leader = logOf([1, 1, 4, 4, 5, 5])
    const node = follower([1, 1, 2, 2])
    node.step(append(leader, 6, 6, 5))
    node.step(append(leader, 5, 6, 5))
    // (4, term 2) is the last entry that a leader without term 2 can judge; with (4, term 4) asked for, term 2 may
    // still match.
    expect(node.take()).toMatchObject([
      { success: false, rejectedIndex: 5, hintIndex: 4, hintTerm: 2, matchIndex: 0 },
      { success: false, rejectedIndex: 4, hintIndex: 4, hintTerm: 2, matchIndex: 0 },
    ])
    expect(node.terms).toEqual([1, 1, 2, 2])
  })
  test('control: by index alone the entries of two leaders end up in one log', () => {
    const leader = logOf([1, 1, 4, 4, 5, 5])
    const node = follower([1, 1, 2, 2], 0, { consistencyByIndexOnly: true })
    node.step(append(leader, 5, 6, 5))
    expect(node.terms).toEqual([1, 1, 2, 2, 5, 5])
    expect(accepted(node)).toEqual([6])
  })
  test('control: a stale leader that is obeyed replaces entries of a later one', () => {
    const node = follower([1, 5], 0, { staleLeaderObeyed: true })
    node.step(append(logOf([1, 1, 1]), 2, 3, 4, 0))
    expect(node.terms).toEqual([1, 1, 1])
  })
  test('a stale leader is answered with the term and not obeyed', () => {
    const node = follower([1, 5])
    node.step(append(logOf([1, 1, 1]), 2, 3, 4, 3))
    expect(node.take()).toMatchObject([{ type: 'append-reply', term: 5, success: false }])
    expect(node.terms).toEqual([1, 5])
    expect(node.core.leader).toBe(0)
  })
})

describe('M34: commits reach the last verified entry, no further', () => {
  const leader = logOf([1, 1, 3, 3, 3])
  test('a divergent tail is not committed by a large commit index', () => {
    const node = follower([1, 1, 2, 2, 2])
    node.step(append(leader, 3, 2, 3, 5))
    expect(node.commitIndex).toBe(2)
    node.step(append(leader, 3, 4, 3, 5))
    expect(node.commitIndex).toBe(4)
  })
  test('control: without the cap the tail is committed', () => {
    const node = follower([1, 1, 2, 2, 2], 0, { commitUnverified: true })
    node.step(append(leader, 3, 2, 3, 5))
    expect(node.commitIndex).toBe(5)
  })
  test('a commit index never goes back', () => {
    const node = follower([])
    node.step(append(leader, 1, 5, 3, 5))
    node.step(append(leader, 1, 2, 3, 1))
    const old: RaftMessage = { type: 'heartbeat', from: 2, to: 1, term: 3, commit: 3, sentAt: 0 }
    node.step(old)
    expect(node.commitIndex).toBe(5)
  })
})

describe('a tail that was acknowledged in this term and is gone', () => {
  const beat = (commit: number, acknowledged?: number): RaftMessage => ({
    type: 'heartbeat',
    from: 2,
    to: 1,
    term: 3,
    commit,
    sentAt: 7,
    ...(acknowledged !== undefined && { acknowledged }),
  })
  const short = (): TestNode => {
    const node = follower([3, 3])
    node.step(append(logOf([3, 3]), 3, 2, 3))
    node.take()
    return node
  }
  test.each([
    ['committed beyond the end', beat(3), 3],
    ['acknowledged beyond the end, not committed', beat(2, 4), 4],
  ])('%s: the heartbeat is answered with the end as it is, and the loss is told', (_what, heartbeat, acknowledged) => {
    const node = short()
    node.step(heartbeat)
    expect(node.lostTails).toEqual([{ leader: 2, acknowledged, has: 2 }])
    expect(node.take()).toMatchObject([{ type: 'heartbeat-reply', lastIndex: 2, sentAt: 7 }])
    expect(node.commitIndex).toBe(0)
  })
  test.each([
    ['more lost than any disk can lose', beat(2, 2 ** 32 + 3), true],
    ['committed beyond that, by a leader that does not say what is acknowledged', beat(Number.MAX_SAFE_INTEGER), true],
    ['committed beyond what is acknowledged', beat(2, 1), true],
    ['as much lost as a disk could lose', beat(2, 2 ** 32 + 2), false],
  ])('a heartbeat that cannot be true is dropped: %s', (_what, heartbeat, isAbsurd) => {
    const node = follower([3, 3])
    node.step(heartbeat)
    expect(node.lostTails.length).toBe(isAbsurd ? 0 : 1)
    expect(node.absurdities).toEqual(isAbsurd ? [expect.stringContaining('a heartbeat of broker 2 is dropped: ')] : [])
    expect([node.take().length, node.commitIndex]).toEqual([isAbsurd ? 0 : 1, 0])
  })
  test('entries that are there are no loss', () => {
    const node = short()
    node.step(beat(2, 2))
    expect(node.lostTails).toEqual([])
    expect(node.commitIndex).toBe(2)
  })
  test('a blank replica has lost nothing that its predecessor on this broker acknowledged', () => {
    const node = new TestNode({ ...testOptions(1, [2, 3]), admission: 4 }, [], startFrom([]))
    node.step(beat(3, 3))
    expect(node.lostTails).toEqual([])
  })
})

describe('entries that are cut for a later leader', () => {
  const cut = (node: TestNode) => {
    node.step(append(logOf([1, 1, 2]), 3, 3, 2))
    return node.cutTails.at(-1)
  }
  test('are told, and that they were acknowledged', () => {
    const node = follower([])
    node.step(append(logOf([1, 1, 1, 1]), 1, 4, 1))
    node.take()
    expect(cut(node)).toEqual({ leader: 2, from: 3, to: 4, acknowledged: true })
  })
  test('entries from before the start were acknowledged as well, unless they were written as the leader', () => {
    expect(cut(follower([1, 1, 1]))).toMatchObject({ from: 3, acknowledged: true })
    const log = logOf([1, 1, 1])
    const own = new TestNode(testOptions(1, [1, 2, 3]), log, startFrom(log, { term: 1, votedFor: 1 }))
    expect(cut(own)).toMatchObject({ from: 3, acknowledged: false })
  })
})

describe('a message that no correct replica sends is dropped and reported, and stops no replica', () => {
  const sound = append(logOf([1, 1, 1]), 1, 3, 1)
  const changed = (at: number, change: Partial<EntryHeader>): AppendMessage => ({
    ...sound,
    entries: sound.entries.map((entry, place) => (place === at ? ({ ...entry, ...change } as EntryHeader) : entry)),
  })
  test.each([
    ['entries with a gap', changed(1, { index: 5 })],
    ['a term that falls', { ...changed(2, { term: 0 }) }],
    ['a term later than the sender leads', changed(2, { term: 9 })],
    ['offsets that do not follow on', changed(1, { baseOffset: 77 })],
  ])('an append with %s', (_what, message) => {
    const node = follower([])
    node.step(message)
    expect(node.absurdities).toHaveLength(1)
    expect([...node.log, ...node.take()]).toEqual([])
    node.step(sound)
    expect(accepted(node)).toEqual([3])
  })
  test.each([
    ['behind the end of the log', 2, 1],
    ['in the place of an entry that is cut', 3, 2],
  ])('an append whose first new entry, %s, leaves a gap in the offsets', (_where, held, term) => {
    const node = follower([])
    node.step(append(logOf([1, 1, 1]), 1, held, 1))
    node.take()
    const good = append(logOf([1, 1, term]), 3, 3, term)
    const wrong = good.entries.map((entry) => ({ ...entry, baseOffset: 77, lastOffset: 77 }))
    node.step({ ...good, entries: wrong })
    expect(node.absurdities).toHaveLength(1)
    expect([node.core.lastIndex, ...accepted(node)]).toEqual([held])
    node.step(good)
    expect(accepted(node)).toEqual([3])
  })
  test('an append whose first new entry has a lower term than the compacted entry before it', () => {
    const compacted = { prevIndex: 2, prevTerm: 3, lastIndex: 2, nextOffset: 2, hardState: { term: 3, votedFor: 0 } }
    const node = new TestNode(testOptions(1, [1, 2, 3]), [], { ...startFrom([]), ...compacted })
    node.step(append(logOf([1, 1, 2]), 2, 3, 3))
    expect(node.absurdities).toHaveLength(1)
    expect([node.core.lastIndex, ...accepted(node)]).toEqual([2])
    node.step(append(logOf([1, 3, 3]), 2, 3, 3))
    expect(accepted(node)).toEqual([3])
  })
  test('an acknowledgement of entries that the leader has not written', () => {
    const node = follower([])
    node.core.campaign()
    node.drain()
    for (const pre of [true, false]) node.step({ type: 'vote-reply', from: 2, to: 1, term: 1, pre, granted: true })
    node.take()
    const nothing = { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }
    node.step({ type: 'append-reply', from: 2, to: 1, term: 1, success: true, matchIndex: 99, ...nothing })
    expect(node.absurdities).toHaveLength(1)
    expect([node.core.role, node.commitIndex]).toEqual(['leader', 0])
    node.step({ type: 'append-reply', from: 2, to: 1, term: 1, success: true, matchIndex: 1, ...nothing })
    expect(node.commitIndex).toBe(1)
  })
})

test('two leaders of one term are fatal', () => {
  const node = follower([])
  node.step(append(logOf([1]), 1, 1, 1))
  expect(() => node.step({ ...append(logOf([1]), 1, 1, 1), from: 3 })).toThrow(/two leaders/)
})
