import { expect, test } from 'vitest'
import type { BrokerCondition, Condition } from '../api/condition.ts'
import { ManualClock } from '../platform/testing/clock.ts'
import { allConditions, cascadeConditions } from './all-conditions.ts'

const own = { ready: true, reason: '' } as Condition
const unknown = (broker: number): BrokerCondition => ({ broker, condition: null, why: 'It is not reached.' })

test('others are asked once in five seconds, however often somebody wants to know; the own is as it is now', async () => {
  const clock = new ManualClock(0)
  let [asked, ready] = [0, true]
  const conditionsOfOthers = async () => {
    asked++
    return [unknown(3), unknown(1)]
  }
  const all = allConditions(2, { condition: () => ({ ...own, ready }), conditionsOfOthers }, clock)
  const self = (ready: boolean) => ({ broker: 2, condition: { ...own, ready }, why: '' })
  expect(await Promise.all([all(), all()])).toEqual([
    [unknown(1), self(true), unknown(3)],
    [unknown(1), self(true), unknown(3)],
  ])
  ready = false
  await clock.advance(4_999)
  expect((await all())[1]).toEqual(self(false))
  expect(asked).toBe(1)
  await clock.advance(1)
  await all()
  expect(asked).toBe(2)
})

test('cascade brokers tell it in their reports, except those of an earlier version', async () => {
  const reports = [{ broker: 101, condition: own }, { broker: 102 }]
  expect(await cascadeConditions({ status: async () => ({ brokers: reports }) as never })).toEqual([
    { broker: 101, condition: own, why: '' },
    { broker: 102, condition: null, why: 'It is of an earlier version, which does not tell.' },
  ])
  expect(await cascadeConditions({ status: () => Promise.reject(new Error('no leader')) })).toEqual([])
})
