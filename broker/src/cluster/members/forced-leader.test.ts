import { expect, test, vi } from 'vitest'
import type { Groups } from '../../partition/group.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { ForcedLeader } from './forced-leader.ts'

type Change = { kind: string; leader: number; replicas: number[]; admissions: object; aboveTerm: number }

/** Broker 1 with a replica of group 7, which the metadata wants to lead 1 and 2 from above term 5 on. */
function broker() {
  const clock = new ManualClock()
  const force: Change = { kind: 'force', leader: 1, replicas: [1, 2], admissions: {}, aboveTerm: 5 }
  const world = { change: force as Change | undefined, voters: [1, 2, 3, 4, 5], hasReplica: true }
  const calls: string[] = []
  const answers: PromiseWithResolvers<void>[] = []
  const replica = {
    get configuration() {
      return { voters: world.voters, outgoing: [], learners: [] }
    },
    forceMembers: (replicas: number[], aboveTerm: number) => {
      calls.push(`${replicas} above ${aboveTerm}`)
      answers.push(Promise.withResolvers())
      return answers.at(-1)!.promise
    },
  }
  const failures: unknown[] = []
  const one = new ForcedLeader({
    brokerId: 1,
    groups: { get: () => (world.hasReplica ? replica : undefined) } as unknown as Pick<Groups, 'get'>,
    state: {
      changing: new Set([7]),
      partitionOf: () => ({ change: world.change }),
    } as unknown as MetadataState,
    clock,
    logger: { info: () => {}, warn: () => {}, error: (fields) => void failures.push(fields) },
  })
  const timers = vi.spyOn(clock, 'after')
  const pass = (ms: number) => clock.advance(ms)
  return { one, world, force, calls, answers, failures, timers, pass }
}

test('members are forced again a second after it failed, and until the log says so, never twice at once', async () => {
  const { one, world, calls, answers, failures, pass } = broker()
  one.lookAtAll()
  one.look(7)
  await pass(5000)
  expect(calls).toEqual(['1,2 above 5'])
  const error = new Error('no')
  answers[0]!.reject(error)
  await pass(999)
  expect([calls.length, failures]).toEqual([1, [{ group: 7, err: error }]])
  await pass(1)
  expect(calls).toHaveLength(2)
  answers[1]!.resolve()
  await pass(1000)
  expect(calls).toHaveLength(3)
  world.voters = [2, 1]
  answers[2]!.resolve()
  await pass(3000)
  expect(calls).toHaveLength(3)
  // It keeps looking as long as the metadata says so: another leader may undo it.
  world.voters = [1, 2, 3]
  await pass(1000)
  expect(calls).toHaveLength(4)
})

test.each([
  ['no change', () => undefined],
  ['another change', (force: Change) => ({ ...force, kind: 'move' })],
  ['another broker that has to lead', (force: Change) => ({ ...force, leader: 2 })],
])('%s: nothing is forced, nor tried again', async (_, changed) => {
  const { one, world, force, calls, answers, pass } = broker()
  world.change = changed(force)
  one.look(7)
  await pass(5000)
  expect(calls).toEqual([])
  world.change = force
  one.look(7)
  world.change = changed(force)
  answers[0]!.reject(new Error('no'))
  await pass(5000)
  expect(calls).toHaveLength(1)
})

test('a replica that is not there yet is looked for again', async () => {
  const { one, world, calls, pass } = broker()
  world.hasReplica = false
  one.look(7)
  await pass(2500)
  world.hasReplica = true
  await pass(500)
  expect(calls).toHaveLength(1)
})

test('after the close no members are forced, whether it was at work or waited', async () => {
  const first = broker()
  first.one.look(7)
  first.one.close()
  first.answers[0]!.reject(new Error('no'))
  await first.pass(5000)
  first.one.look(7)
  expect([first.calls.length, first.timers.mock.calls.length]).toEqual([1, 0])
  const second = broker()
  second.one.look(7)
  second.answers[0]!.reject(new Error('no'))
  await second.pass(500)
  second.one.close()
  await second.pass(5000)
  expect(second.calls).toHaveLength(1)
})
