import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { type ControllerDeps, ReassignmentController } from './reassignment-controller.ts'

/** The broker that leads the metadata group, while these groups are to have other replicas. */
function leader(groups: number[]) {
  const clock = new ManualClock()
  const timers = vi.spyOn(clock, 'after')
  const world = { leads: true, partitionLeader: 3, answers: [] as unknown[] }
  const changing = new Set(groups)
  const driven: number[] = []
  const recorded: unknown[] = []
  const controller = new ReassignmentController({
    groups: { get: () => ({ isLeader: world.leads }) } as unknown as ControllerDeps['groups'],
    state: { changing, partitionOf: () => ({ change: { index: 40 } }) } as unknown as ControllerDeps['state'],
    calls: {
      leaderOf: () => world.partitionLeader,
      at: async (_leader: number, _name: string, { group }: { group: number }) => {
        driven.push(group)
        const answer = world.answers.shift() ?? { state: 'running', reason: '' }
        if (answer instanceof Error) throw answer
        return answer
      },
    } as unknown as ControllerDeps['calls'],
    client: { submit: async (command: unknown) => void recorded.push(command) } as unknown as ControllerDeps['client'],
    clock,
    logger: silentLogger,
  })
  const pass = (ms: number) => clock.advance(ms)
  return { controller, world, changing, driven, recorded, timers, pass }
}

test('each change is driven four times a second until its outcome is recorded', async () => {
  const { controller, world, changing, driven, recorded, pass } = leader([7])
  world.answers = [{ state: 'running', reason: '' }, new Error('a link broke'), { state: 'failed', reason: 'late' }]
  controller.wake()
  controller.wake()
  await pass(0)
  expect(driven).toEqual([7])
  await pass(499)
  expect([driven.length, recorded]).toEqual([2, []])
  await pass(1)
  expect(recorded).toEqual([{ type: 'replicas-changed', group: 7, change: 40, outcome: 'failed', reason: 'late' }])
  changing.clear()
  await pass(5000)
  expect(driven).toHaveLength(3)
})

test('a broker that does not lead the metadata group any more drives no change, and sets no timer, until it is woken as the leader', async () => {
  const { controller, world, driven, timers, pass } = leader([7])
  controller.wake()
  await pass(0)
  world.leads = false
  await pass(250)
  const { length } = timers.mock.calls
  controller.wake()
  await pass(5000)
  expect([driven, timers.mock.calls.length]).toEqual([[7], length])
  world.leads = true
  controller.wake()
  await pass(0)
  expect(driven).toEqual([7, 7])
})

test('32 changes are under way at most, and the others have their turn; one without a leader does not count', async () => {
  const all = Array.from({ length: 40 }, (_, at) => at + 1)
  const { controller, world, driven, pass } = leader(all)
  world.partitionLeader = 0
  controller.wake()
  await pass(0)
  expect(driven).toEqual([])
  world.partitionLeader = 3
  await pass(250)
  expect(driven).toHaveLength(32)
  await pass(250)
  expect(new Set(driven)).toEqual(new Set(all))
})

test('after the close no change is driven', async () => {
  const { controller, driven, pass } = leader([7])
  controller.wake()
  controller.close()
  controller.wake()
  await pass(5000)
  expect(driven).toEqual([])
})
