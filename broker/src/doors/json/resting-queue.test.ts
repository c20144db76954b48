import { expect, it } from 'vitest'
import type { Clock } from '../../platform/clock.ts'
import { RestingQueue } from './resting-queue.ts'

it('does one piece of work after the other, and rests after each for as long as it took', async () => {
  let now = 0
  const rests: { ms: number; over: () => void }[] = []
  const clock: Pick<Clock, 'monotonic' | 'after'> = {
    monotonic: () => now,
    after: (ms, over) => {
      rests.push({ ms, over })
      return { cancel: () => {} }
    },
  }
  const turns = new RestingQueue(clock as Clock)
  const done: string[] = []
  const work = (name: string, ms: number) => () => {
    now += ms
    done.push(name)
    return name
  }
  const first = turns.run(work('a', 30))
  const second = turns.run(() => {
    work('b', 5)()
    throw new Error('b fails')
  })
  const third = turns.run(work('c', 1))
  expect(await first).toBe('a')
  expect([done, rests.map(({ ms }) => ms)]).toEqual([['a'], [30]])
  rests[0]!.over()
  await expect(second).rejects.toThrow('b fails')
  expect([done, rests.map(({ ms }) => ms)]).toEqual([
    ['a', 'b'],
    [30, 5],
  ])
  rests[1]!.over()
  expect(await third).toBe('c')
})
