import { describe, expect, test } from 'vitest'
import type { Defects } from '../defects.ts'
import type { RaftMessage } from '../messages.ts'
import { ET, TestCluster, type TestNode } from '../testing/test-cluster.ts'

const AFTER = 2 * ET

/** Three replicas of a group that fell asleep after one proposal. */
function sleepers(defects: Partial<Defects> = {}): TestCluster {
  const cluster = new TestCluster(3, { sleepAfterTicks: AFTER }, [], defects)
  cluster.elect(1)
  cluster.node(1).propose()
  cluster.tick(AFTER + 5)
  expect(asleep(cluster)).toEqual([true, true, true])
  return cluster
}

function asleep(cluster: TestCluster): boolean[] {
  return cluster.nodes.map(({ core }) => core.asleep)
}

describe('M86: a group in which nothing happens', () => {
  test('falls asleep, sends nothing more, and no replica campaigns', () => {
    const cluster = sleepers()
    const term = cluster.node(1).core.term
    for (let tick = 0; tick < 100 * ET; tick++) {
      for (const node of cluster.nodes) {
        node.tick()
        expect(node.take()).toEqual([])
      }
    }
    expect([cluster.leaders, cluster.node(1).core.term]).toEqual([[1], term])
  })

  test('stays awake without the setting, while entries are open, and while a member does not follow', () => {
    const always = new TestCluster(3)
    always.elect(1)
    always.tick(10 * AFTER)
    expect(asleep(always)).toEqual([false, false, false])

    const busy = new TestCluster(3, { sleepAfterTicks: AFTER })
    busy.elect(1)
    for (let i = 0; i < 10 * AFTER; i++) {
      if (i % ET === 0) busy.node(1).propose()
      busy.tick()
    }
    expect(asleep(busy)).toEqual([false, false, false])

    const lame = new TestCluster(3, { sleepAfterTicks: AFTER })
    lame.elect(1)
    lame.crash(3)
    lame.tick(10 * AFTER)
    expect(lame.node(1).core.asleep).toBe(false)
  })

  test('sleeps without a member that its driver cannot reach, and wakes when that one is back', () => {
    const cluster = new TestCluster(3, { sleepAfterTicks: AFTER })
    cluster.elect(1)
    cluster.crash(3)
    for (const id of [1, 2]) cluster.node(id).core.setReachable(3, false)
    cluster.node(1).propose()
    cluster.tick(2 * AFTER)
    expect(asleep(cluster).slice(0, 2)).toEqual([true, true])
    cluster.restart(3)
    cluster.node(1).core.setReachable(3, true)
    cluster.tick(2 * AFTER)
    expect(asleep(cluster)).toEqual([true, true, true])
    expect(cluster.node(3).commitIndex).toBe(cluster.node(1).commitIndex)
  })

  test('is not woken by the return of a former member, and waits for it when it is a member again', () => {
    const cluster = new TestCluster(3, { sleepAfterTicks: AFTER })
    cluster.elect(1)
    const { core } = cluster.node(1)
    cluster.cut(3, 1, 2)
    for (const id of [1, 2]) cluster.node(id).core.setReachable(3, false)
    core.changeMembers({ voters: [1, 2], learners: [] })
    cluster.tick(3 * AFTER)
    expect(asleep(cluster).slice(0, 2)).toEqual([true, true])
    for (const id of [1, 2]) cluster.node(id).core.setReachable(3, true)
    expect(core.asleep).toBe(true)
    core.changeMembers({ voters: [1, 2], learners: [3] })
    cluster.tick(3 * AFTER)
    expect(core.asleep).toBe(false)
    cluster.heal()
    cluster.tick(4 * AFTER)
    expect(asleep(cluster)).toEqual([true, true, true])
  })
  test('never sleeps without a quorum', () => {
    const cluster = new TestCluster(3, { sleepAfterTicks: AFTER })
    cluster.elect(1)
    cluster.tick()
    for (const id of [2, 3]) cluster.crash(id)
    for (const id of [2, 3]) cluster.node(1).core.setReachable(id, false)
    cluster.tick(ET >> 1)
    expect(cluster.node(1).core.asleep).toBe(false)
  })

  test('is awake as soon as something is proposed, commits it, and sleeps again', () => {
    const cluster = sleepers()
    cluster.node(1).propose()
    cluster.tick(2)
    expect(cluster.nodes.map(({ commitIndex }) => commitIndex)).toEqual([3, 3, 3])
    expect(asleep(cluster)).toEqual([false, false, false])
    cluster.tick(AFTER + 5)
    expect(asleep(cluster)).toEqual([true, true, true])
  })

  test('is awake on each replica whose driver asks something of it', () => {
    const members = { voters: [1, 2], learners: [] }
    const calls: [string, (core: TestNode['core']) => unknown][] = [
      ['wake', (core) => core.wake()],
      ['beginReadRound', (core) => core.beginReadRound()],
      ['changeMembers', (core) => core.changeMembers(members)],
      ['transferLeadership', (core) => core.transferLeadership(2)],
      ['standBack', (core) => core.standBack()],
      ['campaign', (core) => core.campaign()],
      ['forceConfiguration', (core) => core.forceConfiguration([1, 2])],
    ]
    for (const [name, call] of calls) {
      for (const id of [1, 2]) {
        const { core } = sleepers().node(id)
        call(core)
        expect([name, id, core.asleep]).toEqual([name, id, false])
      }
    }
  })

  test('elects another leader when its driver says that the leader is gone', () => {
    const cluster = sleepers()
    cluster.crash(1)
    cluster.tick(10 * ET)
    // Without the driver no replica would ever know.
    expect(cluster.leaders).toEqual([])
    for (const id of [2, 3]) cluster.node(id).core.leaderLost(10 * ET, id === 3)
    cluster.tick(5)
    // The eager one does not wait for its timer.
    expect(cluster.leaders).toEqual([3])
  })

  test('M10: waits as long as it is bound by its promise from before it fell asleep', () => {
    const cluster = sleepers()
    cluster.crash(1)
    for (const id of [2, 3]) cluster.node(id).core.leaderLost(1, id === 3)
    cluster.tick(ET - 2)
    expect(cluster.leaders).toEqual([])
    cluster.tick(2 * ET)
    expect(cluster.leaders).toHaveLength(1)
  })

  test('sleeps on when a member is lost that does not lead', () => {
    const cluster = sleepers()
    cluster.crash(3)
    for (const id of [1, 2]) cluster.node(id).core.setReachable(3, false)
    expect(cluster.node(1).core.asleep).toBe(true)
    expect(
      cluster
        .node(1)
        .core.status()
        .followers.map(({ active }) => active),
    ).toEqual([true, false])
  })

  test('keeps its leader when one sleeper wakes by itself', () => {
    const cluster = sleepers()
    const term = cluster.node(1).core.term
    cluster.node(2).core.wake()
    cluster.tick(5 * ET)
    expect([cluster.leaders, cluster.node(1).core.term]).toEqual([[1], term])
    expect(asleep(cluster)).toEqual([true, true, true])
  })
})

/**
 * The work that a leader has open although all members that can be asked agree to sleep: how it begins, and how it
 * ends.
 */
const open: readonly [string, (cluster: TestCluster) => void, (cluster: TestCluster) => void][] = [
  [
    'an entry that no other replica has',
    (cluster) => {
      cluster.loses = ({ type }) => type === 'append'
      cluster.node(1).propose()
    },
    (cluster) => expect(cluster.node(1).commitIndex).toBe(cluster.node(1).log.length),
  ],
  [
    'an entry that one follower lacks',
    (cluster) => {
      cluster.loses = ({ type, to }) => type === 'append' && to === 3
      cluster.node(1).propose()
    },
    (cluster) => expect(cluster.node(3).log).toEqual(cluster.node(1).log),
  ],
  [
    'an entry that its own disk does not have',
    (cluster) => {
      cluster.node(1).autoSync = false
      cluster.node(1).propose()
    },
    (cluster) => expect(cluster.node(1).pending).toEqual([]),
  ],
  [
    'a newcomer that cannot be reached: its change has to fail',
    (cluster) => {
      cluster.cut(cluster.join(), 1, 2, 3)
      for (const id of [1, 2, 3]) cluster.node(id).core.setReachable(4, false)
      cluster.node(1).core.changeMembers({ voters: [1, 2, 3, 4], learners: [] })
    },
    (cluster) => expect(cluster.node(1).outcomes).toEqual(['failed broker 4 does not answer']),
  ],
  [
    'a transfer to a voter that cannot be reached: it has to time out',
    (cluster) => {
      cluster.cut(3, 1, 2)
      for (const id of [1, 2]) cluster.node(id).core.setReachable(3, false)
      cluster.node(1).core.transferLeadership(3)
    },
    (cluster) => expect(cluster.node(1).outcomes).toEqual(['transfer to 3 timed-out']),
  ],
]

describe('M86: a leader does not sleep while it has something open', () => {
  const SOON = 3
  /** Whether the leader has slept within ten election timeouts while `begin` was not over. */
  function sleepsOver(begin: (cluster: TestCluster) => void, defects: Partial<Defects>): boolean {
    const cluster = new TestCluster(3, { sleepAfterTicks: SOON }, [], defects)
    cluster.elect(1)
    cluster.tick()
    begin(cluster)
    for (let tick = 0; tick < 10 * ET; tick++) {
      cluster.tick()
      if (cluster.node(1).outcomes.length > 0) return false
      if (cluster.node(1).core.asleep) return true
    }
    return false
  }
  test.each(open)('%s', (_, begin, isOver) => {
    expect(sleepsOver(begin, {})).toBe(false)
    const cluster = new TestCluster(3, { sleepAfterTicks: SOON })
    cluster.elect(1)
    cluster.tick()
    begin(cluster)
    cluster.tick(5 * ET)
    cluster.loses = () => false
    cluster.node(1).autoSync = true
    cluster.node(1).sync()
    cluster.tick(15 * ET)
    isOver(cluster)
    expect(asleep(cluster).slice(0, 2)).toEqual([true, true])
  })
  test.each(open)('control: a leader that asks only the others sleeps in spite of %s (sleepsUnsettled)', (_, begin) => {
    expect(sleepsOver(begin, { sleepsUnsettled: true })).toBe(true)
  })
})

describe('M86, M24: the lease of a leader', () => {
  function leaseAfterSleep(defects: Partial<Defects>): boolean {
    const cluster = sleepers(defects)
    cluster.cut(1, 2, 3)
    for (const id of [2, 3]) cluster.node(id).core.wake()
    cluster.tick(4 * ET, [cluster.node(2), cluster.node(3)])
    expect(cluster.leaders).toHaveLength(2)
    const before = cluster.node(1).core.hasLease
    cluster.node(1).core.wake()
    return before || cluster.node(1).core.hasLease
  }
  test('ends when it falls asleep, and must be earned anew', () => {
    expect(leaseAfterSleep({})).toBe(false)
  })
  test('is not earned by an answer that was in flight all the while', () => {
    const cluster = new TestCluster(3, { sleepAfterTicks: AFTER })
    const late: RaftMessage[] = []
    // The answers of the others come twice, the second time much later.
    cluster.loses = (message) => {
      if (message.type === 'heartbeat-reply' && message.to === 1) late.push(message)
      return false
    }
    cluster.elect(1)
    cluster.node(1).propose()
    cluster.tick(AFTER + 5)
    expect(asleep(cluster)).toEqual([true, true, true])
    cluster.cut(1, 2, 3)
    for (const id of [2, 3]) cluster.node(id).core.leaderLost(10 * ET, id === 3)
    cluster.tick(ET, [cluster.node(2), cluster.node(3)])
    expect(cluster.leaders).toEqual([1, 3])
    cluster.node(1).core.wake()
    for (const message of late) cluster.node(1).step(message)
    expect(cluster.node(1).core.hasLease).toBe(false)
  })
  test('control: if it lasts through the sleep it holds while another leads (sleeperKeepsLease)', () => {
    expect(leaseAfterSleep({ sleeperKeepsLease: true })).toBe(true)
  })
})
