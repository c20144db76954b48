import { describe, expect, test } from 'vitest'
import { ET, TestCluster } from '../testing/test-cluster.ts'

function group(count = 3): TestCluster {
  const cluster = new TestCluster(count)
  cluster.elect(1)
  cluster.tick()
  return cluster
}

describe('M83: a leader by force', () => {
  const beat = { type: 'heartbeat', commit: 0, sentAt: 1 } as const
  /** 1 of 3 lives, with two entries that perhaps no other replica has. */
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
  test('service resumes with all entries of the survivor, in a new term, and others can be added again', () => {
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
  test('nothing is sent in the new term before it is durable: forced again after a crash, no replica leads a term twice', () => {
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
    // It was a candidate in vain, until no other replica answered any more.
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
