import { expect, test } from 'vitest'
import { outcomeOf, TestWorld } from './testing/test-world.ts'

test('completed and failed changes of members and transfers are counted separately, where they were led', async () => {
  const world = await TestWorld.start({ brokers: 4, founders: 3 })
  const counted = (id: number) => {
    const { membersChanged, memberChangesFailed, transfersDone, transfersFailed } = world.broker(id).groups.metrics
    return [membersChanged, memberChangesFailed, transfersDone, transfersFailed]
  }
  const ended = async (work: Promise<unknown>): Promise<string> => {
    const outcome = outcomeOf(work)
    await world.until(() => outcome.state !== 'pending', 20_000)
    return outcome.state
  }
  const leader = world.leader().id
  const [next, other] = [1, 2, 3].filter((id) => id !== leader) as [number, number]
  const change = ended(world.group(leader).changeMembers({ voters: [1, 2, 3, 4], learners: [], admissions: { 4: 9 } }))
  world.group(leader).cancelChange()
  expect([await change, counted(leader)]).toEqual(['failed', [0, 1, 0, 0]])
  world.isolate(other)
  expect(await ended(world.group(leader).transferLeadership(other))).toBe('failed')
  expect(counted(leader)).toEqual([0, 1, 0, 1])
  expect(await ended(world.group(leader).changeMembers({ voters: [leader, next], learners: [] }))).toBe('done')
  expect(counted(leader)).toEqual([1, 1, 0, 1])
  expect(await ended(world.group(leader).transferLeadership(next))).toBe('done')
  expect([counted(leader), counted(next)]).toEqual([
    [1, 1, 1, 1],
    [0, 0, 0, 0],
  ])
})
