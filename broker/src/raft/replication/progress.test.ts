import { expect, test } from 'vitest'
import { ET, TestCluster, testOptions } from '../testing/test-cluster.ts'
import { newProgress, type Progress, probeFrom, replicateFromMatch } from './progress.ts'

/** Entries 4 to 6 are in flight, as many as may be; the follower has acknowledged 3, and is told of commits up to 5. */
function inFull(): Progress {
  const progress = newProgress(2, 6, 0, testOptions(1, [1, 2], { maxInflightAppends: 3 }), 0, false)
  Object.assign(progress, { state: 'replicate', match: 3, next: 7, commitTold: 5, paused: true, readTicket: 8 })
  for (const index of [4, 5, 6]) progress.inflights.add(index, 100)
  expect(progress.inflights.full).toBe(true)
  return progress
}

test('a probe counts nothing that was in flight: no append, no byte, no read, no commit beyond the acknowledged entries', () => {
  const progress = inFull()
  probeFrom(progress, 4, 9)
  expect(progress).toMatchObject({ state: 'probe', match: 3, next: 4, paused: false, readTicket: 0, movedAt: 9 })
  expect([progress.inflights.count, progress.inflights.bytes, progress.commitTold]).toEqual([0, 0, 3])
})

test('a probe keeps the commit index that the follower was told, if it is low', () => {
  const progress = inFull()
  progress.commitTold = 2
  probeFrom(progress, 4, 9)
  expect(progress.commitTold).toBe(2)
})

test('replication begins after the match with an empty window', () => {
  const progress = inFull()
  progress.state = 'probe'
  replicateFromMatch(progress)
  expect(progress).toMatchObject({ state: 'replicate', match: 3, next: 4, paused: false })
  expect([progress.inflights.count, progress.inflights.bytes]).toEqual([0, 0])
})

test('a follower whose window was full when its link broke gets entries that must be read from the disk', () => {
  const cluster = new TestCluster(3, { maxInflightAppends: 2, announceCommit: true })
  cluster.elect(1)
  const leader = cluster.node(1)
  cluster.cut(3, 1)
  for (let i = 0; i < 5 * ET; i++) {
    leader.propose()
    if (i % ET === 0) cluster.tick()
    cluster.settle()
  }
  expect(leader.core.status().followers[1]).toMatchObject({ inflight: 2 })
  cluster.heal()
  leader.core.peerUnreachable(3)
  cluster.settle()
  expect(cluster.node(3).log).toEqual(leader.log)
})
