import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { type ProducerSlot, ProducerSlots, takeSequences } from './producer-slots.ts'

test('sequences of a partition follow each other through 2^31 - 1 to 0, and start at 0 for another partition', () => {
  const slot = { producerId: 1, epoch: 0, sequences: new Map<string, number>() }
  expect(takeSequences(slot, 'a/0', 3)).toBe(0)
  expect(takeSequences(slot, 'a/0', 2 ** 31 - 4)).toBe(3)
  expect(takeSequences(slot, 'a/0', 2)).toBe(2 ** 31 - 1)
  expect(takeSequences(slot, 'a/0', 1)).toBe(1)
  expect(takeSequences(slot, 'a/1', 1)).toBe(0)
})

/** Slots whose producers are numbered as they are made. */
function slots(clock = new ManualClock(0), before = async () => {}): ProducerSlots {
  let made = 0
  const initProducer = async () => {
    await before()
    return { producerId: ++made, epoch: 0 }
  }
  return new ProducerSlots({ clock, random: seededRandom(1), initProducer })
}

async function borrow(from: ProducerSlots, count: number): Promise<ProducerSlot[]> {
  const borrowed: ProducerSlot[] = []
  for (let i = 0; i < count; i++) borrowed.push(await from.borrow(1_000))
  return borrowed
}

const ids = (borrowed: readonly ProducerSlot[]): number[] => borrowed.map(({ producerId }) => Number(producerId))

test('a slot serves one request at a time, and the one that came back last is used first', async () => {
  const all = slots()
  const [one, two] = await borrow(all, 2)
  expect(ids([one!, two!])).toEqual([1, 2])
  all.giveBack(two!)
  all.giveBack(one!)
  expect(ids(await borrow(all, 3))).toEqual([1, 2, 3])
})

test('at most a thousand slots wait for requests', async () => {
  const all = slots()
  for (const slot of await borrow(all, 1001)) all.giveBack(slot)
  expect(new Set(ids(await borrow(all, 1000)))).toEqual(new Set(Array.from({ length: 1000 }, (_, i) => i + 1)))
  expect(ids(await borrow(all, 1))).toEqual([1002])
})

test('a slot that has seen more than ten thousand partitions is given up, however few there are', async () => {
  const all = slots()
  const [slot] = await borrow(all, 1)
  for (let partition = 0; partition < 10_000; partition++) takeSequences(slot!, `a/${partition}`, 1)
  all.giveBack(slot!)
  expect(ids(await borrow(all, 1))).toEqual([1])
  takeSequences(slot!, 'a/10000', 1)
  all.giveBack(slot!)
  expect(ids(await borrow(all, 1))).toEqual([2])
})

test('a producer that does not come in time is not waited for, and the next request has it', async () => {
  const clock = new ManualClock(0)
  let come = (): void => {}
  const all = slots(clock, () => new Promise((resolve) => (come = resolve)))
  const asked = all.borrow(300)
  const refused = expect(asked).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE', retriable: true })
  await clock.advance(300)
  await refused
  come()
  await settled()
  expect(ids([await all.borrow(400)])).toEqual([1])
})

test('one that is refused for now is asked for again until the time is up', async () => {
  const clock = new ManualClock(0)
  let refusals = 3
  const refuse = async () => {
    if (refusals-- > 0) throw new TailraceError('TIMED_OUT')
  }
  const asked = slots(clock, refuse).borrow(10_000)
  await clock.advance(4_000)
  expect(ids([await asked])).toEqual([1])
  const other = slots(clock, async () => {
    throw new TailraceError('OVERLOADED')
  })
  await expect(other.borrow(clock.monotonic() + 10_000)).rejects.toMatchObject({ code: 'OVERLOADED' })
})
