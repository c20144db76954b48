import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { Replica } from '../replica/replica.ts'
import { handOverLeaderships } from './leadership-handover.ts'

/** Replicas whose transfers end as `outcomes` say, and which were asked; `timers`: how many are open, and were made. */
function setUp(outcomes: readonly Promise<number>[], given: { isLeader?: boolean; voters?: readonly number[] } = {}) {
  const asked: number[] = []
  const replicas = outcomes.map((outcome, at) => ({
    isLeader: given.isLeader ?? true,
    configuration: { voters: given.voters ?? [1, 2, 3] },
    transferLeadership: (to: number) => {
      expect(to).toBe(0)
      asked.push(at)
      return outcome
    },
  })) as unknown as Replica[]
  let [open, made] = [0, 0]
  const clock = new ManualClock()
  const after = clock.after.bind(clock)
  clock.after = (ms, call) => {
    open++
    made++
    const timer = after(ms, call)
    return {
      cancel: () => {
        open--
        timer.cancel()
      },
    }
  }
  return { asked, replicas, clock, timers: () => [open, made] }
}

const never = new Promise<number>(() => {})

test('all are transferred at the same time, and those that cannot be delay no other; no timer is left', async () => {
  const outcomes = [Promise.resolve(2), Promise.reject(new Error('no successor')), Promise.resolve(3)]
  const { asked, replicas, clock, timers } = setUp(outcomes)
  const handedOn = handOverLeaderships(replicas, clock, 1000)
  expect([asked, timers()]).toEqual([
    [0, 1, 2],
    [1, 1],
  ])
  await handedOn
  expect(timers()).toEqual([0, 1])
})

test('a transfer that takes too long is waited for until the bound, and not longer', async () => {
  const { replicas, clock } = setUp([Promise.resolve(2), never])
  let isOver = false
  void handOverLeaderships(replicas, clock, 1000).then(() => {
    isOver = true
  })
  await clock.advance(999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(isOver).toBe(true)
})

test('the only leadership is transferred, even to the only other voter', async () => {
  const { asked, replicas, clock } = setUp([Promise.resolve(2)], { voters: [1, 2] })
  await handOverLeaderships(replicas, clock, 1000)
  expect(asked).toEqual([0])
})

test.each([
  ['a follower', { isLeader: false }],
  ['the only voter', { voters: [1] }],
])('%s has nothing to transfer', async (_, given) => {
  const { asked, replicas, clock, timers } = setUp([never], given)
  await handOverLeaderships(replicas, clock, 1000)
  expect([asked, timers()]).toEqual([[], [0, 0]])
})
