import { expect, test } from 'vitest'
import { noPartitionMetrics } from '../metrics.ts'
import { TestWorld } from '../testing/test-world.ts'
import { LeadershipCounts } from './leadership-counts.ts'

test('elections are counted where they are held, and later leaderships wherever they are heard of', async () => {
  const world = await TestWorld.start()
  const counted = () =>
    [1, 2, 3].map((id) => {
      const { electionsBegun, electionsWon, leaderChanges } = world.broker(id).groups.metrics
      return [electionsBegun, electionsWon, leaderChanges]
    })
  expect(counted()).toEqual([
    [1, 1, 0],
    [0, 0, 0],
    [0, 0, 0],
  ])
  world.isolate(1)
  await world.until(() => [2, 3].some((id) => world.group(id).isLeader), 20_000)
  const next = [2, 3].find((id) => world.group(id).isLeader)!
  world.heal()
  await world.until(() => world.group(1).leader === next, 20_000)
  const after = counted()
  expect(after[next - 1]!.slice(1)).toEqual([1, 1])
  expect(after.map(([, , changes]) => changes)).toEqual([1, 1, 1])
  const [begun, won] = [0, 1].map((at) => after.reduce((sum, counts) => sum + counts[at]!, 0))
  expect(won).toBe(2)
  expect(begun).toBeGreaterThanOrEqual(2)
})

test('a candidate of one term counts once, and a leadership that is heard of again not at all', () => {
  const metrics = noPartitionMetrics()
  const counts = new LeadershipCounts(metrics)
  for (const _ of [1, 2]) counts.note('candidate', 5, 0)
  for (const _ of [1, 2]) counts.note('follower', 6, 2)
  counts.note('pre-candidate', 6, 0)
  counts.note('follower', 6, 2)
  expect(metrics).toMatchObject({ electionsBegun: 1, electionsWon: 0, leaderChanges: 0 })
  counts.note('candidate', 7, 0)
  counts.note('leader', 7, 1)
  expect(metrics).toMatchObject({ electionsBegun: 2, electionsWon: 1, leaderChanges: 1 })
})
