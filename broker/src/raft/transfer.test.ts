import { describe, expect, test } from 'vitest'
import type { Defects } from './defects.ts'
import { ET, startFrom, TestCluster, TestNode, testOptions } from './test-cluster.ts'

function group(count = 3): TestCluster {
  const cluster = new TestCluster(count)
  cluster.elect(1)
  cluster.tick()
  return cluster
}

describe('M81: leadership is handed on', () => {
  test('to a follower that has everything: it leads within an election timeout, and nothing is lost', () => {
    const cluster = group()
    const one = cluster.node(1)
    one.propose()
    expect(one.core.transferLeadership(3)).toBe('started')
    expect(one.core.propose({ records: 1, bytes: 1 })).toBe('transferring')
    expect(one.core.changeMembers({ voters: [1, 2], learners: [] })).toBe('transferring')
    expect(one.core.transferLeadership(2)).toBe('busy')
    cluster.tick(2)
    expect(cluster.leaders).toEqual([3])
    expect(one.outcomes).toEqual(['transfer to 3 done'])
    expect(cluster.node(3).log.slice(0, one.log.length)).toEqual(one.log)
    expect(cluster.node(3).commitIndex).toBe(cluster.node(3).log.length)
  })
  test('only when the target has the whole log is it told to campaign', () => {
    const cluster = group()
    const one = cluster.node(1)
    cluster.loses = ({ type, to }) => type === 'append' && to === 2
    one.propose()
    one.core.transferLeadership(2)
    cluster.tick(ET - 2)
    expect([one.core.role, cluster.node(2).core.role]).toEqual(['leader', 'follower'])
    cluster.tick(2)
    expect(one.outcomes).toEqual(['transfer to 2 timed-out'])
    expect(one.core.role).toBe('leader')
  })
  test('a target that cannot be reached: after the timeout the old leader writes again, in the same term', () => {
    const cluster = group()
    const one = cluster.node(1)
    const { term } = one.core
    cluster.cut(1, 2)
    expect(one.core.transferLeadership(2)).toBe('started')
    expect(one.core.status().transferringTo).toBe(2)
    cluster.tick(ET)
    expect(one.outcomes).toEqual(['transfer to 2 timed-out'])
    one.propose()
    cluster.tick(2)
    expect([one.core.role, one.core.term, one.commitIndex]).toEqual(['leader', term, one.log.length])
  })
  test('a target that dies after it was told: the group goes on', () => {
    const cluster = group()
    const one = cluster.node(1)
    one.core.transferLeadership(2)
    one.drain()
    cluster.down.add(2)
    cluster.tick(2 * ET)
    expect(one.outcomes).toEqual(['transfer to 2 timed-out'])
    one.propose()
    cluster.tick()
    expect(one.commitIndex).toBe(one.log.length)
  })
  test('refused: not the leader, not a voter, to oneself nothing needs to be done', () => {
    const cluster = group()
    const one = cluster.node(1)
    expect(cluster.node(2).core.transferLeadership(1)).toBe('not-leader')
    expect(one.core.transferLeadership(7)).toBe('not-voter')
    expect(one.core.transferLeadership(1)).toBe('started')
    one.drain()
    expect([one.outcomes, one.core.role]).toEqual([['transfer to 1 done'], 'leader'])
  })
})

describe('M10, M24: a transfer passes the promises that a lease rests on', () => {
  test('M10: the vote request that it causes is heard in spite of a live leader', () => {
    const voter = new TestNode(testOptions(3, [1, 2, 3]))
    voter.step({ type: 'heartbeat', from: 1, to: 3, term: 1, commit: 0, sentAt: 1 })
    const request = { type: 'vote', from: 2, to: 3, term: 2, pre: false, lastIndex: 0, lastTerm: 0 } as const
    voter.take()
    voter.step({ ...request, transfer: false })
    expect(voter.take()).toEqual([])
    voter.step({ ...request, transfer: true })
    expect(voter.take()).toMatchObject([{ type: 'vote-reply', granted: true, term: 2 }])
  })
  test('M24: the leader gives its lease up first, and has none in this term once somebody was told to campaign', () => {
    const cluster = group()
    const one = cluster.node(1)
    cluster.tick()
    expect(one.core.hasLease).toBe(true)
    // The message is lost, or late: nobody knows.
    cluster.loses = ({ type }) => type === 'timeout-now'
    one.core.transferLeadership(2)
    expect(one.core.hasLease).toBe(false)
    cluster.tick(3 * ET)
    expect(one.outcomes).toEqual(['transfer to 2 timed-out'])
    expect([one.core.role, one.core.hasLease]).toEqual(['leader', false])
  })
  test('M24: a transfer that ends before anybody was told leaves the lease as it is', () => {
    const cluster = group()
    const one = cluster.node(1)
    cluster.cut(1, 2)
    one.propose()
    one.core.transferLeadership(2)
    expect(one.core.hasLease).toBe(false)
    cluster.tick(ET)
    expect(one.core.hasLease).toBe(true)
  })
  test('M81: nobody campaigns because of a message of an earlier term, or of one who is not its leader', () => {
    const node = new TestNode(testOptions(2, [1, 2, 3]), [], startFrom([], { term: 3, votedFor: 0 }))
    node.step({ type: 'timeout-now', from: 1, to: 2, term: 3 })
    node.step({ type: 'heartbeat', from: 1, to: 2, term: 3, commit: 0, sentAt: 1 })
    node.step({ type: 'timeout-now', from: 3, to: 2, term: 3 })
    node.step({ type: 'timeout-now', from: 1, to: 2, term: 2 })
    expect(node.core.role).toBe('follower')
    node.step({ type: 'timeout-now', from: 1, to: 2, term: 3 })
    expect([node.core.role, node.core.term]).toEqual(['candidate', 4])
  })
})

describe('M82: brokers with one, two and three times the timeout', () => {
  /** How often, of 200 dead leaders, the first that lives is the next. */
  function firstWins(defects: Partial<Defects>): number {
    // Like three places, of which the first is near to everybody who writes.
    let seed = 1
    const random = (bound: number): number => {
      seed = (seed * 48271) % 0x7fffffff
      return seed % bound
    }
    const cluster = new TestCluster(3, { random }, [], defects)
    for (const id of [1, 2, 3]) cluster.node(id).core.setElectionFactor(id)
    cluster.tick(4 * ET)
    let won = 0
    for (let kill = 0; kill < 200; kill++) {
      const victim = cluster.leaders[0]!
      cluster.crash(victim)
      cluster.tick(6 * ET)
      if (cluster.leaders[0] === Math.min(...[1, 2, 3].filter((id) => id !== victim))) won++
      cluster.restart(victim)
      cluster.node(victim).core.setElectionFactor(victim)
      cluster.tick(2)
    }
    return won
  }
  test('the first that lives wins, in 9 of 10 elections at least', () => {
    expect(firstWins({})).toBeGreaterThanOrEqual(180)
  })
  test('control: without the factor it does not', () => {
    expect(firstWins({ factorIgnored: true })).toBeLessThan(150)
  })
})

describe('M83: a leader by force', () => {
  const beat = { type: 'heartbeat', commit: 0, sentAt: 1 } as const
  /** 1 of 3 lives, with two entries that nobody else may have. */
  function survivor(): TestCluster {
    const cluster = group()
    cluster.node(1).propose()
    cluster.settle()
    cluster.down.add(2)
    cluster.down.add(3)
    cluster.node(1).propose()
    cluster.tick(4 * ET)
    expect(cluster.leaders).toEqual([])
    return cluster
  }
  test('service resumes with all that the survivor had, in a new term, and others can be added again', () => {
    const cluster = survivor()
    const one = cluster.node(1)
    const { term, lastIndex } = one.core
    const kept = one.log.slice()
    expect(one.core.forceConfiguration([1])).toBe('started')
    one.drain()
    cluster.tick()
    expect([one.core.role, one.core.term]).toEqual(['leader', term + 1])
    expect(one.core.configuration).toEqual({ voters: [1], outgoing: [], learners: [] })
    expect(one.log.slice(0, lastIndex)).toEqual(kept)
    expect(one.commitIndex).toBe(one.log.length)
    expect(one.outcomes.at(-1)).toBe('done')
    cluster.join(7, 2)
    cluster.down.delete(2)
    expect(one.core.changeMembers({ voters: [1, 2], learners: [], admissions: { 2: 7 } })).toBe('started')
    cluster.tick(2 * ET)
    expect(one.core.configuration).toEqual({ voters: [1, 2], outgoing: [], learners: [], admissions: { 2: 7 } })
    expect(cluster.node(2).log).toEqual(one.log)
  })
  test('nothing is sent in the new term before it is durable: forced again after a crash, nobody leads a term twice', () => {
    const cluster = survivor()
    const one = cluster.node(1)
    one.autoSync = false
    one.take()
    one.core.forceConfiguration([1, 2])
    one.drain()
    expect([one.core.role, one.take()]).toEqual(['candidate', []])
    one.sync()
    expect(one.core.role).toBe('leader')
  })
  test('M83: its term is above the one that is asked for, so that a member with a later term follows at once', () => {
    const cluster = survivor()
    const [one, two] = [cluster.node(1), cluster.node(2)]
    // It was a candidate in vain, until nobody answered any more.
    for (let round = 0; round < 5; round++) two.step({ ...beat, from: 3, to: 2, term: two.core.term + 1 })
    const later = two.core.term
    expect(later).toBeGreaterThan(one.core.term + 1)
    cluster.down.delete(2)
    expect(one.core.forceConfiguration([1, 2], later)).toBe('started')
    one.drain()
    expect(one.core.term).toBe(later + 1)
    cluster.settle()
    expect([one.core.role, two.core.role, two.core.term]).toEqual(['leader', 'follower', later + 1])
    expect(two.log).toEqual(one.log)
  })
  test('M83: its own term counts where that is the later one', () => {
    const one = survivor().node(1)
    const { term } = one.core
    one.core.forceConfiguration([1], term - 1)
    one.drain()
    expect(one.core.term).toBe(term + 1)
  })
  test('is for members alone, and not for a blank replica', () => {
    const cluster = survivor()
    const one = cluster.node(1)
    for (const wrong of [[], [2], [1, 1], [1, 9]]) expect(one.core.forceConfiguration(wrong)).toBe('not-allowed')
    const blank = cluster.node(cluster.join(3))
    expect(blank.core.forceConfiguration([blank.core.id])).toBe('not-allowed')
    expect(one.core.role).not.toBe('leader')
  })
})
