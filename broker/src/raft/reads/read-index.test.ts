import { describe, expect, test } from 'vitest'
import { ET, TestCluster, TestNode, testOptions } from '../testing/test-cluster.ts'

/** Broker 1 leads three, whose first entry is committed. */
function led(): TestCluster {
  const cluster = new TestCluster(3)
  cluster.elect(1)
  cluster.tick(2)
  return cluster
}

describe('M24: a round of heartbeats confirms a leader', () => {
  test('as soon as a quorum has answered it, without a tick', () => {
    const cluster = led()
    const { core } = cluster.node(1)
    const round = core.beginReadRound()
    expect([core.roundAnswered(round), core.hasReady()]).toEqual([false, true])
    cluster.settle()
    expect(core.roundAnswered(round)).toBe(true)
  })
  test('not by answers to heartbeats that left before it', () => {
    const cluster = led()
    const node = cluster.node(1)
    node.tick()
    const early = node.take()
    const round = node.core.beginReadRound()
    node.drain()
    const [own] = node.take()
    for (const message of early) cluster.node(message.to).step(message)
    for (const id of [2, 3]) for (const reply of cluster.node(id).take()) node.step(reply)
    expect(node.core.roundAnswered(round)).toBe(false)
    cluster.node(own!.to).step(own!)
    for (const reply of cluster.node(own!.to).take()) node.step(reply)
    expect(node.core.roundAnswered(round)).toBe(true)
  })
  test('not by made-up numbers, nor by rounds of an earlier term', () => {
    const cluster = led()
    const node = cluster.node(1)
    const round = node.core.beginReadRound()
    node.drain()
    const { term } = node.core
    const answer = { type: 'heartbeat-reply', from: 2, to: 1, lastIndex: 1, sentAt: 1 } as const
    node.step({ ...answer, term, round: round + 1 })
    node.step({ ...answer, term: term - 1, round })
    expect(node.core.roundAnswered(round)).toBe(false)
    node.step({ ...answer, term, round })
    expect(node.core.roundAnswered(round)).toBe(true)
  })
  test('never a leader that was deposed and does not know it', () => {
    const cluster = led()
    cluster.cut(1, 2, 3)
    const old = cluster.node(1)
    cluster.tick(2 * ET, [cluster.node(2), cluster.node(3)])
    expect(cluster.leaders).toContain(1)
    expect(cluster.leaders).toHaveLength(2)
    const round = old.core.beginReadRound()
    cluster.settle()
    expect([old.core.role, old.core.roundAnswered(round)]).toEqual(['leader', false])
    // It learns the later term from the answer.
    cluster.heal()
    cluster.tick(2)
    expect([old.core.role, old.core.roundAnswered(round)]).toEqual(['follower', false])
  })
  test('again and again with the heartbeats, until it is answered; then they carry none', () => {
    const cluster = led()
    const node = cluster.node(1)
    const round = node.core.beginReadRound()
    cluster.loses = () => true
    cluster.settle()
    const carried = () => node.take().map((message) => (message.type === 'heartbeat' ? message.round : null))
    node.tick()
    expect(carried()).toEqual([round, round])
    cluster.loses = () => false
    cluster.tick()
    expect(node.core.roundAnswered(round)).toBe(true)
    node.tick()
    expect(carried()).toEqual([0, 0])
  })
  test('needs both majorities while joint, and no answer where the leader is alone', () => {
    const cluster = new TestCluster(1)
    cluster.elect(1)
    const { core } = cluster.node(1)
    const round = core.beginReadRound()
    cluster.settle()
    expect(core.roundAnswered(round)).toBe(true)

    const joint = new TestNode(
      testOptions(1, [], { configuration: { voters: [1, 4, 5], outgoing: [], learners: [2, 3] } }),
    )
    joint.core.campaign()
    joint.drain()
    for (const pre of [true, false]) joint.step({ type: 'vote-reply', from: 4, to: 1, term: 1, pre, granted: true })
    const reply = {
      type: 'append-reply',
      to: 1,
      term: 1,
      success: true,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
    } as const
    for (const from of [2, 3, 4, 5]) joint.step({ ...reply, from, matchIndex: 1 })
    expect(joint.core.changeMembers({ voters: [1, 2, 3], learners: [] })).toBe('started')
    const asked = joint.core.beginReadRound()
    joint.drain()
    for (const [from, answered] of [
      [2, false],
      [3, false],
      [4, true],
    ] as const) {
      joint.step({ type: 'heartbeat-reply', from, to: 1, term: 1, lastIndex: 1, sentAt: 0, round: asked })
      expect(joint.core.roundAnswered(asked)).toBe(answered)
    }
  })
})

test('M24: a leader whose process stood still has no lease until heartbeats that leave afterwards are answered', () => {
  const cluster = led()
  const { core } = cluster.node(1)
  expect(core.hasLease).toBe(true)
  cluster.node(1).tick()
  const late = cluster.node(1).take()
  core.stoodStill()
  expect(core.hasLease).toBe(false)
  for (const message of late) cluster.node(message.to).step(message)
  cluster.settle()
  expect(core.hasLease).toBe(false)
  cluster.tick(2)
  expect(core.hasLease).toBe(true)
})
