import { expect, it } from 'vitest'
import { settled } from '../../platform/testing/clock.ts'
import { RequestSlots } from './request-slots.ts'

/** Calls that end when they are told to. */
function started(slots: RequestSlots, count: number) {
  const begun: number[] = []
  const ends: ((failed?: boolean) => void)[] = []
  const results = Array.from({ length: count }, (_, at) =>
    slots.run(() => {
      begun.push(at)
      return new Promise<number>((resolve, reject) => {
        ends[at] = (failed = false) => (failed ? reject(new Error('failed')) : resolve(at))
      })
    }),
  )
  const outcomes = Promise.allSettled(results)
  return { begun, ends, outcomes }
}

it('so many calls are at work, the others wait in order, and more than that are refused', async () => {
  const slots = new RequestSlots(2, 2)
  const { begun, ends, outcomes } = started(slots, 5)
  await settled()
  expect([begun, slots.crowded]).toEqual([[0, 1], true])
  ends[1]!(true)
  await settled()
  expect(begun).toEqual([0, 1, 2])
  ends[0]!()
  await settled()
  expect([begun, slots.crowded]).toEqual([[0, 1, 2, 3], false])
  for (const at of [2, 3]) ends[at]!()
  expect(
    (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code)),
  ).toEqual([0, undefined, 2, 3, 'OVERLOADED'])
  const later = started(slots, 3)
  await settled()
  expect(later.begun).toEqual([0, 1])
})
