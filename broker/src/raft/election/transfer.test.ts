import { describe, expect, test } from 'vitest'
import type { Defects } from '../defects.ts'
import { ET, startFrom, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'

function group(count = 3): TestCluster {
  const cluster = new TestCluster(count)
  cluster.elect(1)
  cluster.tick()
  return cluster
}

describe('M81: leadership is transferred', () => {
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
  test('M10: the vote request that it causes is granted in spite of a live leader', () => {
    const voter = new TestNode(testOptions(3, [1, 2, 3]))
    voter.step({ type: 'heartbeat', from: 1, to: 3, term: 1, commit: 0, sentAt: 1 })
    const request = { type: 'vote', from: 2, to: 3, term: 2, pre: false, lastIndex: 0, lastTerm: 0 } as const
    voter.take()
    voter.step({ ...request, transfer: false })
    expect(voter.take()).toEqual([])
    voter.step({ ...request, transfer: true })
    expect(voter.take()).toMatchObject([{ type: 'vote-reply', granted: true, term: 2 }])
  })
  test('M24: the leader gives its lease up first, and has none in this term once a voter was told to campaign', () => {
    const cluster = group()
    const one = cluster.node(1)
    cluster.tick()
    expect(one.core.hasLease).toBe(true)
    // The message is lost, or late: the leader cannot tell.
    cluster.loses = ({ type }) => type === 'timeout-now'
    one.core.transferLeadership(2)
    expect(one.core.hasLease).toBe(false)
    cluster.tick(3 * ET)
    expect(one.outcomes).toEqual(['transfer to 2 timed-out'])
    expect([one.core.role, one.core.hasLease]).toEqual(['leader', false])
  })
  test('M24: a transfer that ends before the target was told leaves the lease as it is', () => {
    const cluster = group()
    const one = cluster.node(1)
    cluster.cut(1, 2)
    one.propose()
    one.core.transferLeadership(2)
    expect(one.core.hasLease).toBe(false)
    cluster.tick(ET)
    expect(one.core.hasLease).toBe(true)
  })
  test('M81: no replica campaigns because of a message of an earlier term, or of a broker that is not its leader', () => {
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
    // Like three places, of which the first is near to all writers.
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
