import { expect, it } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { AwaitedChanges } from './awaited-changes.ts'

function world(limit = 10) {
  const clock = new ManualClock()
  const changes = new AwaitedChanges(clock, limit)
  const ended: string[] = []
  let looked = 0
  let value = 0
  /** Waits for a value, and notes how it ended. */
  const wait = (wanted: number, timeoutMs = 100) => {
    const condition = () => {
      looked++
      return value >= wanted
    }
    changes.until(condition, timeoutMs).then(
      (met) => ended.push(`${wanted} ${met}`),
      (error) => ended.push(`${wanted} ${error.code}`),
    )
  }
  const become = (next: number) => {
    value = next
    changes.happened()
  }
  return { changes, wait, become, ended, looked: () => looked, pass: (ms: number) => clock.advance(ms, settled) }
}

it('a caller that waits is told when its condition holds, and not before', async () => {
  const { wait, become, ended, pass } = world()
  wait(0)
  wait(1)
  wait(2)
  await pass(0)
  expect(ended).toEqual(['0 true'])
  become(1)
  await pass(1)
  expect(ended).toEqual(['0 true', '1 true'])
  become(2)
  await pass(1)
  expect(ended).toEqual(['0 true', '1 true', '2 true'])
})

it('conditions are looked at once a turn', async () => {
  const { wait, become, looked, pass } = world()
  wait(5)
  for (const value of [1, 2, 3]) become(value)
  await pass(1)
  expect(looked()).toBe(2)
  become(4)
  await pass(1)
  expect(looked()).toBe(3)
})

it('after its time a caller is told false, or true if the condition holds without an announced change', async () => {
  const { wait, become, ended, pass } = world()
  wait(1, 50)
  await pass(49)
  expect(ended).toEqual([])
  await pass(1)
  expect(ended).toEqual(['1 false'])
  become(1)
  wait(1, 50)
  await pass(100)
  expect(ended).toEqual(['1 false', '1 true'])
})

it('too many are refused, until one has left; after the end all are told', async () => {
  const { changes, wait, ended, pass } = world(2)
  wait(7, 50)
  wait(8)
  wait(9)
  await pass(0)
  expect(ended).toEqual(['9 OVERLOADED'])
  await pass(50)
  wait(6)
  await pass(0)
  expect(ended).toEqual(['9 OVERLOADED', '7 false'])
  changes.close()
  await pass(0)
  expect(ended).toEqual(['9 OVERLOADED', '7 false', '8 false', '6 false'])
})
