import { describe, expect, test } from 'vitest'
import type { RaftOptions } from '../config.ts'
import type { VoteMessage } from '../messages.ts'
import { ET, logOf, startFrom, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'

/** A leader that has just been heard of is cut off, and its followers are told so. */
function lost(eager: number): TestCluster {
  const cluster = new TestCluster(3)
  cluster.elect(1)
  cluster.tick(2)
  cluster.crash(1)
  for (const id of [2, 3]) cluster.node(id).core.leaderLost(0, id === eager)
  return cluster
}

describe('a follower that is awake, and whose leader is disconnected', () => {
  test('M10: campaigns no earlier than its promise ends, and then without a draw', () => {
    const cluster = lost(3)
    cluster.tick(ET - 1)
    expect(cluster.leaders).toEqual([])
    cluster.tick(2)
    expect(cluster.leaders).toEqual([3])
  })

  test('M10: campaigns a tick after its promise at the earliest, since the others may count theirs a tick later', () => {
    let draw = ET - 1
    const cluster = new TestCluster(3, { random: () => draw })
    cluster.elect(1)
    draw = 0
    cluster.tick(2)
    cluster.crash(1)
    const node = cluster.node(2)
    node.core.leaderLost(0, true)
    cluster.tick(ET, [node])
    expect(node.core.role).toBe('follower')
    cluster.tick(1, [node])
    expect(node.core.role).toBe('pre-candidate')
  })

  test('leads in a term of its own: the others have not campaigned as well', () => {
    for (const eager of [2, 3]) {
      const cluster = lost(eager)
      const { term } = cluster.node(eager).core
      cluster.tick(ET + 1)
      expect([cluster.leaders, cluster.node(eager).core.term]).toEqual([[eager], term + 1])
    }
  })

  test('control: where two take themselves for the first, neither wins', () => {
    const cluster = lost(2)
    cluster.node(3).core.leaderLost(0, true)
    cluster.tick(ET + 2)
    expect(cluster.leaders).toEqual([])
  })

  test('waits for the first, and then for its own timer', () => {
    const cluster = lost(2)
    cluster.crash(2)
    cluster.node(3).core.leaderLost(0, false)
    cluster.tick(ET + 2, [cluster.node(3)])
    expect(cluster.node(3).core.role).toBe('follower')
    cluster.tick(ET + 2, [cluster.node(3)])
    expect(cluster.node(3).core.role).toBe('pre-candidate')
  })

  test('is put off no further by a connection that breaks again and again', () => {
    const cluster = lost(2)
    cluster.crash(2)
    for (let tick = 0; tick < 2 * ET + 4; tick += 1) {
      cluster.node(3).core.leaderLost(0, false)
      cluster.tick(1, [cluster.node(3)])
    }
    expect(cluster.node(3).core.role).toBe('pre-candidate')
  })

  test('M82: does not campaign first if it should rather not lead', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    cluster.node(3).core.setElectionFactor(3)
    cluster.tick(2)
    cluster.crash(1)
    for (const id of [2, 3]) cluster.node(id).core.leaderLost(0, id === 3)
    cluster.tick(2 * ET + 4)
    expect(cluster.leaders).toEqual([2])
  })

  test('follows its leader on when the connection is back', () => {
    const cluster = new TestCluster(3)
    cluster.elect(1)
    for (const id of [2, 3]) cluster.node(id).core.leaderLost(0, id === 3)
    cluster.tick(3 * ET)
    expect(cluster.leaders).toEqual([1])
  })
})

describe('a replica that refuses a pre-vote since the candidate lacks entries', () => {
  const ask = { type: 'vote', from: 2, to: 1, term: 4, pre: true, transfer: false, lastIndex: 2, lastTerm: 3 } as const

  function asked(silence: number, options: Partial<RaftOptions> = {}, question: VoteMessage = ask): TestNode {
    const log = logOf([1, 2, 3])
    const last = { random: (bound: number) => bound - 1 }
    const node = new TestNode(testOptions(1, [1, 2, 3], { ...last, ...options }), log, startFrom(log))
    node.step({ type: 'heartbeat', from: 3, to: 1, term: 3, commit: 0, sentAt: 0 })
    node.tick(silence)
    node.take()
    node.step(question)
    expect(node.take()).toMatchObject([{ type: 'vote-reply', granted: false }])
    node.tick(1)
    return node
  }

  /** Ticks from the question to its campaign; the draw is the last of its range. */
  function waits(options: Partial<RaftOptions>): number {
    const node = asked(ET, options)
    let ticks = 1
    for (; node.core.role === 'follower'; ticks++) node.tick(1)
    return ticks
  }

  test('campaigns itself, since of the two it has the better chance', () => {
    expect(asked(ET).core.role).toBe('pre-candidate')
  })

  test('M10: keeps its promise while a leader may be alive, whatever the candidate says of a transfer', () => {
    expect(asked(ET - 1).core.role).toBe('follower')
    expect(asked(1, {}, { ...ask, transfer: true }).core.role).toBe('follower')
  })

  test('draws with all that the candidate may have asked, of both sets while a change is under way', () => {
    const voters = [1, 2, 3]
    expect(waits({})).toBe(1)
    expect(waits({ configuration: { voters: [1, 2, 3, 4, 5], outgoing: [], learners: [] } })).toBe(3)
    expect(waits({ configuration: { voters, outgoing: [4, 5, 6], learners: [] } })).toBe(4)
    expect(waits({ configuration: { voters, outgoing: voters, learners: [7] } })).toBe(1)
  })

  test('M82: comes after the others if it should rather not lead', () => {
    const configuration = { voters: [1, 2, 3, 4, 5], outgoing: [], learners: [] }
    const last = waits({ configuration })
    // Its own timer would wait for nine ticks.
    expect(waits({ configuration, electionFactor: 1.9, random: () => 0 })).toBe(last + 1)
  })
})
