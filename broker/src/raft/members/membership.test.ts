import { describe, expect, test } from 'vitest'
import type { MemberTarget } from '../core.ts'
import type { Defects } from '../defects.ts'
import { ET, TestCluster } from '../testing/test-cluster.ts'

const voters = (...ids: number[]): MemberTarget => ({ voters: ids, learners: [] })

/** `founders` brokers with broker 1 leading, and blank ones after them. */
function group(founders: number, blank = 0, defects: Partial<Defects> = {}): TestCluster {
  const cluster = new TestCluster(founders, {}, [], defects)
  cluster.elect(1)
  cluster.tick()
  for (let i = 0; i < blank; i++) cluster.join()
  return cluster
}

describe('M66, M23: a leader that removes itself', () => {
  test('leads until the change is committed, without counting itself, and hands over at once', () => {
    const cluster = group(3)
    const one = cluster.node(1)
    cluster.loses = ({ from, type }) => from === 3 && type === 'append-reply'
    one.core.changeMembers(voters(2, 3))
    cluster.tick(2)
    // 1 and 2 have the entry; of the new set that is one of two.
    expect([one.core.role, one.commitIndex < one.core.configurationIndex]).toEqual(['leader', true])
    cluster.loses = () => false
    cluster.tick(2 * ET)
    expect(one.outcomes).toEqual(['done'])
    expect(one.core.role).toBe('follower')
    expect(cluster.leaders).toHaveLength(1)
    expect([2, 3]).toContain(cluster.leaders[0])
  })
  test('M23: of two members the other one leads, in less than an election timeout', () => {
    const cluster = group(2)
    cluster.node(1).core.changeMembers(voters(2))
    cluster.tick(ET - 1)
    expect(cluster.leaders).toEqual([2])
    expect(cluster.node(1).core.status().change.stage).toBe('stable')
    cluster.node(2).propose()
    cluster.tick(1, [cluster.node(2)])
    expect(cluster.node(2).commitIndex).toBe(cluster.node(2).log.length)
    // The one that was removed knows it, and does not campaign.
    const { term } = cluster.node(2).core
    cluster.tick(20 * ET)
    expect([cluster.leaders, cluster.node(2).core.term]).toEqual([[2], term])
  })
  test('M66: the leader does not count itself: if it did the change would be committed too soon', () => {
    const committed = (defects: Partial<Defects>) => {
      const cluster = group(3, 0, defects)
      const one = cluster.node(1)
      cluster.loses = ({ from, type }) => from === 2 && type === 'append-reply'
      one.core.changeMembers(voters(2, 3))
      cluster.settle()
      return one.commitIndex >= one.core.configurationIndex
    }
    expect(committed({})).toBe(false)
    expect(committed({ outsiderCountsItself: true })).toBe(true)
  })
})

test('M66: a removed follower learns of its removal before it is forgotten', () => {
  const cluster = group(3)
  const [one, three] = [cluster.node(1), cluster.node(3)]
  one.core.changeMembers(voters(1, 2))
  cluster.tick(3)
  expect(three.core.configuration.voters).toEqual([1, 2])
  expect(three.commitIndex).toBeGreaterThanOrEqual(three.core.configurationIndex)
  expect(one.core.status().followers.map(({ id }) => id)).toEqual([2])
  three.take()
  cluster.tick(20 * ET, [three])
  expect(three.core.role).toBe('follower')
})

test('M19: a member that was removed while it was cut off campaigns again and again, and disturbs no other replica', () => {
  const cluster = group(3)
  cluster.cut(3, 1, 2)
  const one = cluster.node(1)
  one.core.changeMembers(voters(1, 2))
  cluster.tick(3 * ET)
  cluster.heal()
  const { term } = one.core
  for (let i = 0; i < 100; i++) {
    one.propose()
    cluster.node(3).core.campaign()
    cluster.tick(2)
    expect([one.core.role, one.core.term]).toEqual(['leader', term])
    expect(one.commitIndex).toBe(one.log.length)
  }
})

describe('M67: who may vote', () => {
  /**
   * Broker 4 has become a voter and does not know it; broker 1 falls. Three of four are needed now. Returns the leaders
   * that there are then.
   */
  function leadersWithoutOne(defects: Partial<Defects>): number[] {
    const cluster = group(3, 1, defects)
    const [one, four] = [cluster.node(1), cluster.node(4)]
    one.core.changeMembers({ voters: [1, 2, 3], learners: [4] })
    cluster.tick(2)
    cluster.loses = ({ to, type }) => to === 4 && (type === 'append' || type === 'heartbeat')
    one.core.changeMembers(voters(1, 2, 3, 4))
    cluster.tick(2 * ET)
    expect(four.core.configuration.learners).toEqual([4])
    // Three of four are needed, so without 4 and with 1 gone no replica could lead.
    cluster.crash(1)
    cluster.loses = () => false
    cluster.tick(4 * ET)
    return cluster.leaders
  }
  test('a replica that became a voter without knowing it votes when it is asked', () => {
    expect(leadersWithoutOne({})).toHaveLength(1)
  })
  test('control: if only replicas vote that know themselves as voters no replica can lead', () => {
    expect(leadersWithoutOne({ onlyVotersVote: true })).toEqual([])
  })
  test('entries are taken from a leader that the own configuration does not name', () => {
    const cluster = group(1, 1)
    cluster.node(1).core.changeMembers(voters(1, 2))
    cluster.tick(3)
    expect(cluster.node(2).log).toEqual(cluster.node(1).log)
  })
})

describe('M90: learners get all entries, count for nothing and never campaign', () => {
  /** Voters 1 to 3, of which only 1 is left, and learners 4 and 5, which have everything. */
  function lonely(defects: Partial<Defects>): TestCluster {
    const cluster = group(3, 2, defects)
    cluster.node(1).core.changeMembers({ voters: [1, 2, 3], learners: [4, 5] })
    cluster.tick(2)
    for (const id of [2, 3]) cluster.down.add(id)
    return cluster
  }
  /** The decisions that the one voter could take if learners counted. */
  const helps: [string, (defects: Partial<Defects>) => boolean][] = [
    [
      'a commit',
      (defects) => {
        const cluster = lonely(defects)
        const header = cluster.node(1).propose()
        cluster.tick(2)
        expect(cluster.node(4).log).toEqual(cluster.node(1).log)
        return cluster.node(1).commitIndex >= header.index
      },
    ],
    [
      'a lease',
      (defects) => {
        const cluster = lonely(defects)
        cluster.tick(ET - 1)
        return cluster.node(1).core.hasLease
      },
    ],
    [
      'a linearizable read',
      (defects) => {
        const cluster = lonely(defects)
        const round = cluster.node(1).core.beginReadRound()
        cluster.settle()
        return cluster.node(1).core.roundAnswered(round)
      },
    ],
    [
      'a leadership that continues (M22)',
      (defects) => {
        const cluster = lonely(defects)
        cluster.tick(3 * ET)
        return cluster.leaders.length > 0
      },
    ],
    [
      'an election',
      (defects) => {
        const cluster = lonely(defects)
        cluster.restart(1)
        const one = cluster.node(1)
        cluster.tick(4 * ET, [one])
        expect(one.core.role).toBe('pre-candidate')
        // They are not asked; an answer that they send all the same is no vote.
        for (const pre of [true, false]) {
          const term = one.core.term + (pre ? 1 : 0)
          for (const from of [4, 5]) one.step({ type: 'vote-reply', from, to: 1, term, pre, granted: true })
        }
        return cluster.leaders.length > 0
      },
    ],
  ]
  test.each(helps)('they do not help to %s', (_, helped) => {
    expect(helped({})).toBe(false)
  })
  test.each(helps)('M90: control: counted like voters they do (learnersCount): %s', (_, helped) => {
    expect(helped({ learnersCount: true })).toBe(true)
  })
  test('M39: a learner without a leader for an election timeout names none, like a replica that has campaigned', () => {
    const cluster = group(1, 1)
    cluster.node(1).core.changeMembers({ voters: [1], learners: [2] })
    cluster.tick(2)
    const { core } = cluster.node(2)
    cluster.down.add(1)
    cluster.tick(ET - 2)
    expect(core.leader).toBe(1)
    cluster.tick(ET + 1)
    expect([core.role, core.leader]).toEqual(['follower', 0])
    cluster.down.delete(1)
    cluster.tick(2)
    expect(core.leader).toBe(1)
  })
  test('they hold up no commit: entries that they lack are committed without them', () => {
    const cluster = group(1, 1)
    const [one, two] = [cluster.node(1), cluster.node(2)]
    one.core.changeMembers({ voters: [1], learners: [2] })
    cluster.tick(2)
    expect([two.log, two.commitIndex]).toEqual([one.log, one.commitIndex])
    cluster.down.add(2)
    one.propose()
    cluster.tick(3 * ET)
    expect([one.core.role, one.commitIndex]).toEqual(['leader', one.log.length])
    cluster.down.delete(2)
    cluster.tick(2 * ET)
    expect([two.log, two.commitIndex]).toEqual([one.log, one.commitIndex])
  })
  /** Whether a learner asks for votes then. */
  function campaigns(provoke: (cluster: TestCluster) => void, defects: Partial<Defects>): boolean {
    const cluster = group(3, 1, defects)
    cluster.node(1).core.changeMembers({ voters: [1, 2, 3], learners: [4] })
    cluster.tick(2)
    let asked = false
    cluster.loses = ({ from, type }) => {
      asked ||= from === 4 && type === 'vote'
      return false
    }
    provoke(cluster)
    cluster.node(4).drain()
    cluster.tick(20 * ET, [cluster.node(4)])
    return asked || cluster.node(4).core.role !== 'follower'
  }
  const provocations: [string, (cluster: TestCluster) => void][] = [
    ['when the leader is silent', (cluster) => cluster.cut(1, 4)],
    ['when they are asked to', (cluster) => cluster.node(4).core.campaign()],
    [
      'when they are told to by their leader',
      (cluster) => cluster.node(4).step({ type: 'timeout-now', from: 1, to: 4, term: cluster.node(1).core.term }),
    ],
  ]
  test.each(provocations)('they do not campaign %s', (_, provoke) => {
    expect(campaigns(provoke, {})).toBe(false)
  })
  test.each(provocations)(
    'control: a replica that asks only whether it is a member does, %s (learnersCampaign)',
    (_, provoke) => {
      expect(campaigns(provoke, { learnersCampaign: true })).toBe(true)
    },
  )
})

test('M69: entries after the last configuration are counted by it alone', () => {
  const cluster = group(3, 2)
  const one = cluster.node(1)
  one.core.changeMembers(voters(1, 4, 5))
  cluster.tick(3 * ET)
  expect(one.outcomes).toEqual(['done'])
  cluster.down.add(4)
  cluster.down.add(5)
  const header = one.propose()
  cluster.tick(2)
  // 2 and 3 are not asked any more.
  expect(one.commitIndex).toBeLessThan(header.index)
})

/**
 * Broker 4 becomes a voter. `x` was appended before the entry that says so, `y` after it; that entry and both are on 1
 * and 2 alone, a majority of the old three, not of the new four. Returns the commit index then, when 3 has `x` as well,
 * and when 3 has all.
 */
function commitsWhileGrowing(defects: Partial<Defects>) {
  const cluster = group(3, 1, defects)
  const one = cluster.node(1)
  cluster.loses = ({ to, type }) => to === 1 && type === 'append-reply'
  one.core.changeMembers(voters(1, 2, 3, 4))
  cluster.settle()
  const acknowledge = (from: number, matchIndex: number) => {
    const reply = { type: 'append-reply', success: true, rejectedIndex: 0, hintIndex: 0, hintTerm: 0 } as const
    one.step({ ...reply, from, to: 1, term: one.core.term, matchIndex })
    return one.commitIndex
  }
  const staged = one.core.configurationIndex
  acknowledge(2, staged)
  const x = one.propose().index
  one.drain()
  acknowledge(4, staged)
  expect(one.core.configuration).toEqual({ voters: [1, 2, 3, 4], outgoing: [], learners: [] })
  const change = one.core.configurationIndex
  expect(change).toBe(x + 1)
  const y = one.propose().index
  one.drain()
  const commits = [acknowledge(2, y), acknowledge(3, x), acknowledge(3, y)]
  return { commits, staged, x, y }
}

test('M69, M72: entries before and after an uncommitted change are counted by the new set, even a larger one', () => {
  const { commits, staged, x, y } = commitsWhileGrowing({})
  expect(commits).toEqual([staged, x, y])
})
test('M69, M72: control: if either set is enough the old majority commits after a change that the new one lacks (eitherSetCounts)', () => {
  const { commits, y } = commitsWhileGrowing({ eitherSetCounts: true })
  expect(commits[0]).toBe(y)
})

/** Ten entries and the removal of 4 are on 1 and 2; 3 and 4 are down. */
function shrunk(defects: Partial<Defects>): TestCluster {
  const cluster = group(4, 0, defects)
  cluster.down.add(3)
  cluster.down.add(4)
  const one = cluster.node(1)
  for (let i = 0; i < 10; i++) one.propose()
  cluster.settle()
  // Two of four: nothing is committed.
  expect(one.commitIndex).toBe(1)
  one.core.changeMembers(voters(1, 2, 3))
  cluster.settle()
  return cluster
}
/** After 1 has crashed: which of 3 and 4, which lack all of it, leads while 2 does not campaign. */
function outdatedLeaders(defects: Partial<Defects>): number[] {
  const cluster = shrunk(defects)
  cluster.crash(1)
  cluster.down.delete(3)
  cluster.down.delete(4)
  cluster.loses = ({ from, type }) => from === 2 && type === 'vote'
  const others = [2, 3, 4].map((id) => cluster.node(id))
  const leaders = new Set<number>()
  for (let i = 0; i < 20 * ET; i++) {
    cluster.tick(1, others)
    for (const id of cluster.leaders) leaders.add(id)
  }
  if (leaders.size > 0) return [...leaders]
  cluster.loses = () => false
  cluster.tick(6 * ET, others)
  expect(cluster.leaders).toEqual([2])
  expect(cluster.node(2).commitIndex).toBe(cluster.node(2).log.length)
  expect(cluster.node(2).log.length).toBeGreaterThan(11)
  return []
}

test('M70, M72: an even group that loses a member commits entries without a majority of the old set together with the removal', () => {
  const one = shrunk({}).node(1)
  // Of the three that are left two are enough, for all earlier entries as well.
  expect(one.commitIndex).toBe(one.log.length)
})
test('M70, M72: control: if the old set has to agree as well the removal never ends (bothSetsNeeded)', () => {
  const cluster = shrunk({ bothSetsNeeded: true })
  const one = cluster.node(1)
  expect(one.commitIndex).toBe(1)
  cluster.tick(ET - 2)
  expect(one.commitIndex).toBe(1)
})
test('M70: no member that lacks the removal is elected afterwards, nor the removed one', () => {
  expect(outdatedLeaders({})).toEqual([])
})
test('M70: control: without the comparison of logs one of them is elected (voteWithoutLogCheck)', () => {
  expect(outdatedLeaders({ voteWithoutLogCheck: true })).not.toEqual([])
})

describe('a broker that was removed, and has deleted its replica', () => {
  /** 1 and 2 have replaced 3, 4 and 5 by 6 and 7, which 5 does not know; 3 is blank again, under another admission. */
  function returned(defects: Partial<Defects>): Set<number> {
    const cluster = group(5, 2, defects)
    cluster.cut(4, 1, 2, 3, 5, 6, 7)
    cluster.cut(5, 1, 2, 3, 4, 6, 7)
    cluster.node(1).core.changeMembers(voters(1, 6, 7))
    cluster.tick(4 * ET)
    expect(cluster.node(1).outcomes).toEqual(['done'])
    cluster.join(9, 3)
    cluster.heal()
    cluster.cut(4, 1, 2, 6, 7)
    cluster.cut(5, 1, 2, 6, 7)
    cluster.cut(3, 1, 2, 6, 7)
    // Only 4 campaigns, so that its votes are not split.
    const awake = cluster.nodes.filter(({ core }) => core.id !== 5)
    const leaders = new Set<number>()
    for (let i = 0; i < 6 * ET; i++) {
      cluster.tick(1, awake)
      for (const id of cluster.leaders) leaders.add(id)
    }
    return leaders
  }
  test('M60: does not vote in the place of its former replica: the old majority would be complete again', () => {
    expect([...returned({})]).toEqual([1])
    // Elected by 3, 4 and 5 of five, without the entries that 1, 6 and 7 have committed since.
    expect([...returned({ votesUnderAnyAdmission: true })]).toEqual([1, 4])
  })
  test('M30: a late acknowledgement of its former replica does not count for it', () => {
    const cluster = group(2, 1)
    const one = cluster.node(1)
    one.core.changeMembers({ voters: [1, 2], learners: [3], admissions: { 3: 5 } })
    cluster.settle()
    one.step({
      type: 'append-reply',
      from: 3,
      to: 1,
      term: one.core.term,
      success: true,
      matchIndex: one.log.length,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
      admission: 4,
    })
    expect(one.core.status().followers.find(({ id }) => id === 3)?.matchIndex).toBe(0)
  })
  test('M65: comes back under another admission only after it was removed', () => {
    const cluster = group(3)
    const target = { voters: [1, 2, 3], learners: [], admissions: { 3: 5 } }
    expect(cluster.node(1).core.changeMembers(target)).toBe('invalid')
  })
})

test('M65: targets that make no sense are refused, the present one is not begun', () => {
  const cluster = group(3)
  const { core } = cluster.node(1)
  expect(core.changeMembers(voters())).toBe('invalid')
  expect(core.changeMembers({ voters: [1, 2], learners: [2] })).toBe('invalid')
  expect(core.changeMembers(voters(1, 1, 2))).toBe('invalid')
  expect(core.changeMembers(voters(3, 1, 2))).toBe('unchanged')
  expect(cluster.node(2).core.changeMembers(voters(1, 2))).toBe('not-leader')
})
