import { describe, expect, test } from 'vitest'
import { ET, TestCluster } from './testing/test-cluster.ts'

test('a fresh group of three elects a leader, and all replicas hold and commit its first entry', () => {
  const cluster = new TestCluster(3)
  cluster.tick(3 * ET)
  expect(cluster.leaders).toHaveLength(1)
  expect(cluster.nodes.map(({ commitIndex }) => commitIndex)).toEqual([1, 1, 1])
})

test('M4: a split vote leaves a term without a leader; a later one has one', () => {
  const cluster = new TestCluster(4, {}, [], { noPreVote: true })
  for (const [one, ...others] of [
    [1, 3, 4],
    [2, 3, 4],
  ] as const)
    cluster.cut(one, ...others)
  cluster.cut(3, 1, 2)
  cluster.tick(3 * ET)
  expect(cluster.leaders).toEqual([])
  expect(Math.max(...cluster.nodes.map(({ core }) => core.term))).toBeGreaterThan(1)
  cluster.heal()
  cluster.tick(4 * ET)
  expect(cluster.leaders).toHaveLength(1)
})

test('M8: an idle cluster is quiet for 60 election timeouts: no election, ten heartbeats each', () => {
  const cluster = new TestCluster(3)
  cluster.elect(1)
  const term = cluster.node(1).core.term
  for (let round = 0; round < 60; round++) {
    let heartbeats = 0
    for (let tick = 0; tick < ET; tick++) {
      cluster.node(1).tick()
      heartbeats += cluster.node(1).sent.filter(({ type, to }) => type === 'heartbeat' && to === 2).length
      for (const id of [2, 3]) cluster.node(id).tick()
      cluster.settle()
    }
    expect(heartbeats).toBe(ET)
  }
  expect([cluster.leaders, cluster.node(1).core.term]).toEqual([[1], term])
})

describe('M8: every other heartbeat is lost', () => {
  function run(losesBeat: (count: number) => boolean, defects = {}): number {
    const cluster = new TestCluster(3, { random: () => 0 }, [], defects)
    cluster.elect(1)
    cluster.tick()
    const counts = new Map<number, number>()
    cluster.loses = ({ type, to }) => {
      if (type !== 'heartbeat') return false
      counts.set(to, (counts.get(to) ?? 0) + 1)
      return losesBeat(counts.get(to)!)
    }
    cluster.leaderChanges = 0
    cluster.tick(60 * ET)
    return cluster.leaderChanges
  }
  test('no replica campaigns, not even with the shortest of all timers', () => {
    expect(run((count) => count % 2 === 0)).toBe(0)
  })
  test('control: without any heartbeat a replica does, though appends would reach all replicas', () => {
    expect(run(() => false, { noHeartbeats: true })).toBeGreaterThan(0)
  })
  test('control: if one in eleven arrives, a replica does', () => {
    expect(run((count) => count % 11 !== 0)).toBeGreaterThan(0)
  })
})

describe('M7: five brokers whose clocks tick together', () => {
  /** Elections (terms) until there is a leader, or 100 without one. */
  function termsUntilLeader(seed: number, defects: object): number {
    let state = seed + 1
    const random = (bound: number) => {
      state = (Math.imul(state, 48271) >>> 0) % 0x7fffffff
      return Math.floor((state / 0x7fffffff) * bound)
    }
    const cluster = new TestCluster(5, { random }, [], defects)
    const term = () => Math.max(...cluster.nodes.map((node) => node.core.term))
    while (cluster.leaders.length === 0 && term() < 100) cluster.tick()
    return term()
  }
  test('random timeouts: a few terms at most', () => {
    const terms = Array.from({ length: 200 }, (_, seed) => termsUntilLeader(seed, {}))
    expect(Math.max(...terms)).toBeLessThan(20)
    expect(terms.filter((term) => term === 1).length).toBeGreaterThan(100)
  })
  test('control: with one fixed timeout for all, no replica is ever elected', () => {
    expect(termsUntilLeader(1, { fixedTimeouts: true })).toBe(100)
  })
})

describe('M3: two leaders at a time, of different terms', () => {
  test('exist while the old one is cut off; only the new one commits', () => {
    const cluster = new TestCluster(3, {}, [], { noCheckQuorum: true })
    cluster.elect(1)
    cluster.cut(1, 2, 3)
    cluster.elect(2)
    expect(cluster.leaders).toEqual([1, 2])
    const committed = cluster.node(1).commitIndex
    cluster.node(1).propose()
    const good = cluster.node(2).propose()
    cluster.tick(2)
    expect(cluster.node(1).commitIndex).toBe(committed)
    expect(cluster.node(2).commitIndex).toBe(good.index)
    cluster.heal()
    cluster.tick(3)
    expect(cluster.leaders).toEqual([2])
    expect(cluster.node(1).log).toEqual(cluster.node(2).log)
  })
})

describe('M20: asymmetric partition', () => {
  function run(defects: object): { changes: number; lag: number } {
    const cluster = new TestCluster(3, {}, [], defects)
    cluster.elect(1)
    cluster.tick()
    cluster.leaderChanges = 0
    cluster.cut(1, 2)
    let lag = 0
    for (let tick = 0; tick < 600 * ET; tick++) {
      const leader = cluster.nodes.find(({ core }) => core.role === 'leader' && core.leader === core.id)
      const header = leader?.propose(1, 1)
      cluster.tick()
      if (header !== undefined && leader !== undefined) lag = Math.max(lag, header.index - leader.commitIndex)
    }
    const changes = cluster.leaderChanges
    cluster.heal()
    cluster.tick(2 * ET)
    const logs = cluster.nodes.map(({ log }) => log.length)
    expect(new Set(logs).size).toBe(1)
    return { changes, lag }
  }
  test('600 election timeouts without a change of leader, appends going on; healed, the third catches up', () => {
    expect(run({})).toEqual({ changes: 0, lag: 0 })
  })
  test('control: without pre-vote and lease check leadership moves again and again', () => {
    expect(run({ noLeaseCheck: true, noPreVote: true }).changes).toBeGreaterThan(100)
  })
})

describe('M80: a node that was alone for 1000 election timeouts', () => {
  function isolate(defects: object): TestCluster {
    const cluster = new TestCluster(3, {}, [], defects)
    cluster.elect(1)
    cluster.tick()
    cluster.cut(3, 1, 2)
    cluster.tick(1000 * ET)
    cluster.leaderChanges = 0
    return cluster
  }
  test('has kept its term, and disturbs no other replica when it returns', () => {
    const cluster = isolate({})
    expect(cluster.node(3).core.term).toBe(cluster.node(1).core.term)
    cluster.heal()
    cluster.tick(5 * ET)
    expect([cluster.leaders, cluster.leaderChanges]).toEqual([[1], 0])
  })
  test('control: without pre-vote it comes back with a higher term and costs one change of leader (M18)', () => {
    const cluster = isolate({ noPreVote: true })
    const before = cluster.node(1).core.term
    expect(cluster.node(3).core.term).toBeGreaterThan(before + 100)
    const committed = cluster.node(1).propose()
    cluster.tick()
    expect(cluster.node(1).commitIndex).toBe(committed.index)
    cluster.heal()
    cluster.tick(10 * ET)
    expect(cluster.leaders).toHaveLength(1)
    expect(cluster.leaderChanges).toBe(1)
    expect(cluster.node(1).core.term).toBeGreaterThan(before + 100)
    for (const node of cluster.nodes) expect(node.log[committed.index - 1]).toEqual(committed)
  })
})

describe('M19: a symmetric partition is healed', () => {
  /**
   * Broker 3 was alone, campaigning without pre-vote, for 100 elections or more. With `removed` it is no member of the
   * others' configuration any more.
   */
  function healed(removed: boolean): { cluster: TestCluster; term: number } {
    const remaining = { voters: [1, 2], outgoing: [], learners: [] }
    const cluster = new TestCluster(3, {}, [], { noPreVote: true })
    if (removed) for (const id of [1, 2]) cluster.replace(id, { configuration: remaining })
    cluster.cut(3, 1, 2)
    cluster.elect(1)
    cluster.tick(250 * ET)
    const { term } = cluster.node(1).core
    expect(cluster.node(3).core.term).toBeGreaterThan(term + 100)
    cluster.leaderChanges = 0
    cluster.heal()
    return { cluster, term }
  }
  test('one that was removed meanwhile campaigns 100 times: no term, no leader changes, and every window commits', () => {
    const { cluster, term } = healed(true)
    const before = cluster.node(3).core.term
    while (cluster.node(3).core.term < before + 100) {
      const header = cluster.node(1).propose()
      cluster.tick(ET)
      expect(cluster.node(1).commitIndex).toBe(header.index)
    }
    expect([cluster.leaders, cluster.node(1).core.term, cluster.leaderChanges]).toEqual([[1], term, 0])
  })
  test('a member joins again after one step-down at most, and takes part', () => {
    const { cluster } = healed(false)
    cluster.tick(10 * ET)
    expect(cluster.leaders).toHaveLength(1)
    expect(cluster.leaderChanges).toBe(1)
    const header = cluster.node(cluster.leaders[0]!).propose()
    cluster.tick(2)
    expect(cluster.nodes.map(({ commitIndex }) => commitIndex)).toEqual([header.index, header.index, header.index])
  })
})

describe('M22: check quorum', () => {
  /** For how many ticks a leader that is cut off goes on leading, 50 election timeouts at most. */
  function leadsAlone(defects: object): number {
    const cluster = new TestCluster(3, {}, [], defects)
    cluster.elect(1)
    cluster.tick()
    cluster.cut(1, 2, 3)
    let ticks = 0
    for (; cluster.node(1).core.role === 'leader' && ticks < 50 * ET; ticks++) cluster.tick(1, [cluster.node(1)])
    return ticks
  }
  test('a leader alone steps down between one and two election timeouts', () => {
    const ticks = leadsAlone({})
    expect(ticks).toBeGreaterThanOrEqual(ET)
    expect(ticks).toBeLessThanOrEqual(2 * ET)
  })
  test('control: without the check of the quorum it does not stop leading', () => {
    expect(leadsAlone({ noCheckQuorum: true })).toBe(50 * ET)
  })
  test('heartbeat replies are contact enough for an idle leader', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.cut(1, 3)
    cluster.tick(20 * ET)
    expect(cluster.leaders).toEqual([1])
  })
})

describe('M11, M18, M21: a member whose term has run ahead', () => {
  /**
   * Broker 3 was alone and campaigned without pre-vote. Returns the leader and the entries of broker 3, ten election
   * timeouts after broker 3 is back.
   */
  function returns(defects: object): { term: number; leads: number[]; caughtUp: boolean } {
    const cluster = new TestCluster(3, {}, [], { noPreVote: true, ...defects })
    cluster.elect(1)
    cluster.cut(3, 1, 2)
    cluster.tick(10 * ET)
    for (const id of [1, 2]) expect(cluster.node(id).core.term).toBeLessThan(cluster.node(3).core.term)
    cluster.heal()
    for (let i = 0; i < 10 * ET; i++) {
      if (cluster.leaders.includes(1)) cluster.node(1).propose()
      cluster.tick()
    }
    const { log, core } = cluster.node(3)
    return { term: core.term, leads: cluster.leaders, caughtUp: log.length === cluster.node(1).log.length }
  }
  test('answers the leader, which steps down; then all are of one term', () => {
    const after = returns({})
    expect(after.leads).toHaveLength(1)
    expect(after.caughtUp).toBe(true)
  })
  test('control: where leaders of earlier terms get no answer, that member stays outside permanently', () => {
    expect(returns({ staleUnanswered: true })).toMatchObject({ leads: [1], caughtUp: false })
  })
  test('control: where a leader ignores a later term in an answer, it stays outside too', () => {
    expect(returns({ leaderKeepsTerm: true })).toMatchObject({ leads: [1], caughtUp: false })
  })
})

describe('M26: appends in flight to a follower are lost', () => {
  function copies(defects: object): number {
    const cluster = new TestCluster(3, {}, [], defects)
    cluster.elect(1)
    cluster.tick()
    cluster.loses = ({ type, to }) => type === 'append' && to === 3
    cluster.node(1).propose()
    cluster.tick(2)
    cluster.loses = () => false
    cluster.tick(10 * ET)
    return cluster.node(3).log.length
  }
  test('and sent again', () => {
    expect(copies({})).toBe(2)
  })
  test('control: without that the follower stays behind', () => {
    expect(copies({ noResend: true })).toBe(1)
  })
})

test('M26: a follower that was away for long converges by itself', () => {
  const cluster = new TestCluster(3, { maxAppendBytes: 500, maxInflightAppends: 4 })
  cluster.elect(1)
  cluster.cut(3, 1, 2)
  for (let i = 0; i < 200; i++) {
    cluster.node(1).propose()
    cluster.tick()
  }
  cluster.heal()
  cluster.tick(2 * ET)
  expect(cluster.node(3).log).toEqual(cluster.node(1).log)
})
