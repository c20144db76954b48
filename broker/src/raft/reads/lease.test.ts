import { describe, expect, test } from 'vitest'
import type { Configuration, RaftOptions } from '../config.ts'
import type { RaftMessage, VoteMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'
import { leaseTicks } from './lease.ts'

const LEASE = leaseTicks(ET)

/** Broker 1 as leader, with its first entry on the disks of `acked`. */
function leader(acked: readonly number[], changes: Partial<RaftOptions> = {}, defects = {}): TestNode {
  const options = testOptions(1, [1, 2, 3], changes)
  const node = new TestNode(options, [], undefined, defects)
  const others = [...options.configuration.voters, ...options.configuration.outgoing].filter((id) => id !== 1)
  node.core.campaign()
  node.drain()
  for (const pre of [true, false]) {
    for (const from of others) node.step({ type: 'vote-reply', from, to: 1, term: 1, pre, granted: true })
  }
  expect(node.core.role).toBe('leader')
  for (const from of acked) {
    node.step({
      type: 'append-reply',
      from,
      to: 1,
      term: 1,
      success: true,
      matchIndex: 1,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
    })
  }
  node.take()
  return node
}

function beatAnswered(node: TestNode, sentAt: number, from = 2): void {
  node.step({ type: 'heartbeat-reply', from, to: 1, term: node.core.term, lastIndex: 1, sentAt })
}

describe('M24: leaseTicks leaves room for the tick under way and for drift', () => {
  test.each([2, 3, 5, 10, 11, 20, 100])('election timeout of %i ticks', (electionTicks) => {
    const ticks = leaseTicks(electionTicks)
    expect(ticks * 10).toBeLessThanOrEqual((electionTicks - 1) * 9)
    expect((ticks + 1) * 10).toBeGreaterThan((electionTicks - 1) * 9)
  })
})

describe('M24: a leader has a lease', () => {
  test('once its own entry is committed and a majority has answered a heartbeat', () => {
    const fresh = leader([])
    fresh.tick()
    beatAnswered(fresh, 1)
    expect([fresh.core.commitIsCurrent, fresh.core.hasLease]).toEqual([false, false])
    const node = leader([2])
    expect([node.core.commitIsCurrent, node.core.hasLease]).toEqual([true, false])
    node.tick()
    expect(node.take()).toMatchObject([{ type: 'heartbeat', sentAt: 1 }, { sentAt: 1 }])
    beatAnswered(node, 1)
    expect(node.core.hasLease).toBe(true)
  })
  test('from the sending of the heartbeat on, however late its answer comes', () => {
    const node = leader([2])
    node.tick(1 + LEASE - 1)
    beatAnswered(node, 1)
    expect(node.core.hasLease).toBe(true)
    node.tick()
    expect(node.core.hasLease).toBe(false)
    // Appends that are answered keep it leading, but they do not name the tick of their sending.
    beatAnswered(node, 1, 3)
    expect([node.core.role, node.core.hasLease]).toEqual(['leader', false])
  })
  test('control: counted from arrival it would last while another may already lead', () => {
    const node = leader([2], {}, { leaseFromArrival: true })
    node.tick(ET)
    beatAnswered(node, 1)
    expect(node.core.hasLease).toBe(true)
  })
  test('answers that come twice, late or with a future tick prolong nothing', () => {
    const node = leader([2])
    node.tick(5)
    for (const sentAt of [5, 1, 5, 3, 6, 1e9]) beatAnswered(node, sentAt)
    node.tick(LEASE - 1)
    expect(node.core.hasLease).toBe(true)
    for (const sentAt of [5, 4]) beatAnswered(node, sentAt)
    node.tick()
    expect(node.core.hasLease).toBe(false)
  })
  test('always, if it is the only voter; never, if it does not lead', () => {
    const node = leader([], { configuration: { voters: [1], outgoing: [], learners: [] } })
    expect(node.core.hasLease).toBe(true)
    node.tick(50 * ET)
    expect(node.core.hasLease).toBe(true)
    expect(new TestNode(testOptions(2, [1, 2, 3])).core.hasLease).toBe(false)
  })
  test('with the answers of both majorities while a joint change is under way, and never with those of learners', () => {
    const configuration: Configuration = { voters: [1, 4, 5], outgoing: [], learners: [2, 3, 6] }
    const node = leader([4, 5, 2, 3], { configuration })
    expect(node.core.changeMembers({ voters: [1, 2, 3], learners: [6] })).toBe('started')
    expect(node.core.configuration).toEqual({ voters: [1, 2, 3], outgoing: [1, 4, 5], learners: [6] })
    node.tick()
    for (const [from, has] of [
      [6, false],
      [2, false],
      [3, false],
      [5, true],
    ] as const) {
      beatAnswered(node, 1, from)
      expect(node.core.hasLease).toBe(has)
    }
  })
  test('not after it was cut off: the lease ends before the others may vote, and before it steps down (M22)', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.tick(2)
    const old = cluster.node(1)
    expect(old.core.hasLease).toBe(true)
    cluster.cut(1, 2, 3)
    let ticks = 0
    for (; old.core.hasLease; ticks++) cluster.tick()
    expect(ticks).toBe(LEASE)
    expect([cluster.leaders, old.core.role]).toEqual([[1], 'leader'])
    for (let i = 0; i < 3 * ET; i++) {
      cluster.tick()
      expect(old.core.hasLease).toBe(false)
    }
    expect(cluster.leaders).toEqual([2])
    expect(cluster.node(2).core.hasLease).toBe(true)
  })
})

const vote: VoteMessage = {
  type: 'vote',
  from: 3,
  to: 1,
  term: 7,
  pre: false,
  transfer: false,
  lastIndex: 9,
  lastTerm: 5,
}

describe('the answer of a follower binds it', () => {
  function answers(node: TestNode, message: RaftMessage): RaftMessage[] {
    node.take()
    node.step(message)
    return node.take()
  }
  function restarted(term: number, defects = {}): TestNode {
    const log = term === 0 ? [] : logOf([1, 1])
    const patient = testOptions(1, [1, 2, 3], { random: (bound) => bound - 1 })
    return new TestNode(patient, log, startFrom(log, { term, votedFor: 0 }), { noRestartLease: false, ...defects })
  }
  test('M10 (e): after a restart it votes for no candidate, itself included, until an election timeout has passed', () => {
    const node = restarted(5)
    node.tick(ET - 1)
    expect(answers(node, vote)).toEqual([])
    expect(answers(node, { ...vote, pre: true })).toMatchObject([{ granted: false }])
    node.core.campaign()
    node.drain()
    expect([node.core.role, node.core.term]).toEqual(['follower', 5])
    node.tick()
    expect(answers(node, vote)).toMatchObject([{ granted: true }])
  })
  test('control: without it the vote is given at once', () => {
    expect(answers(restarted(5, { noRestartLease: true }), vote)).toMatchObject([{ granted: true }])
  })
  test('a new group need not wait', () => {
    expect(answers(restarted(0), vote)).toMatchObject([{ granted: true }])
    const node = restarted(0)
    node.core.campaign()
    expect(node.core.role).toBe('pre-candidate')
  })
  test('a term that it learned meanwhile does not free it', () => {
    const node = restarted(5, { noRestartLease: true })
    node.step({ type: 'heartbeat', from: 2, to: 1, term: 5, commit: 0, sentAt: 1 })
    node.step({ type: 'vote-reply', from: 3, to: 1, term: 6, pre: false, granted: false })
    expect([node.core.term, node.core.leader]).toEqual([6, 0])
    expect(answers(node, vote)).toEqual([])
    node.tick(ET)
    expect(answers(node, vote)).toMatchObject([{ granted: true }])
  })
  test('so its first answer in a term waits until the term is durable', () => {
    const node = restarted(0)
    node.autoSync = false
    const beat: RaftMessage = { type: 'heartbeat', from: 2, to: 1, term: 1, commit: 0, sentAt: 4 }
    expect(answers(node, beat)).toEqual([])
    node.sync()
    expect(node.take()).toMatchObject([{ type: 'heartbeat-reply', sentAt: 4 }])
    expect(answers(node, beat)).toMatchObject([{ type: 'heartbeat-reply', sentAt: 4 }])
  })
})

describe('waiting after a restart costs at most an election timeout', () => {
  /**
   * Ticks until the group has a leader again, after its leader died and a follower restarted somewhat later, or all
   * restarted.
   */
  function failover(seed: number, leaderDies: boolean, noRestartLease: boolean): number {
    let state = seed * 7919 + 1
    const random = (bound: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * bound)
    }
    const cluster = new TestCluster(3, { random }, [], { noRestartLease })
    cluster.tick(5 * ET)
    const leader = cluster.leaders[0]!
    if (leaderDies) cluster.crash(leader)
    for (const id of leaderDies ? [] : [1, 2, 3]) cluster.restart(id)
    let ticks = 0
    for (; cluster.leaders.length === 0 && ticks < 20 * ET; ticks++) {
      if (leaderDies && ticks === seed % ET) cluster.restart((leader % 3) + 1)
      cluster.tick()
    }
    return ticks
  }
  test.each([
    ['the leader dies as a follower restarts', true],
    ['all restart together', false],
  ])('%s', (_, leaderDies) => {
    const times = (noRestartLease: boolean) =>
      Array.from({ length: 500 }, (_, seed) => failover(seed, leaderDies, noRestartLease)).sort((a, b) => a - b)
    const [waiting, hasty] = [times(false), times(true)]
    const mean = (ticks: number[]) => ticks.reduce((sum, each) => sum + each, 0) / ticks.length
    expect(mean(waiting)).toBeLessThanOrEqual(mean(hasty) + ET / 2)
    // Beyond that, split votes decide, with or without the wait.
    for (const rank of [250, 450, 475]) expect(waiting[rank]).toBeLessThanOrEqual(hasty[rank]! + ET)
  })
})
