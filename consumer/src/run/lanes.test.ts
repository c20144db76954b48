import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Lanes, type Turn } from './lanes.ts'

it('starts one of each lane at a time, and no more than it may', () => {
  const lanes = new Lanes<string>(2)
  for (const item of ['a1', 'a2', 'b1', 'c1']) lanes.add(item[0]!, item)
  const [first, second] = [lanes.start(), lanes.start()]
  expect([first!.item, second!.item, lanes.start()]).toEqual(['a1', 'b1', undefined])
  lanes.finish(second!)
  expect(lanes.start()!.item).toBe('c1')
  lanes.finish(first!)
  expect(lanes.start()!.item).toBe('a2')
})

it('goes on with other lanes while one waits for another attempt', () => {
  const lanes = new Lanes<string>(1)
  for (const item of ['a1', 'a2', 'b1', 'b2']) lanes.add(item[0]!, item)
  const poison = lanes.start()!
  lanes.pause(poison)
  for (const item of ['b1', 'b2']) {
    const turn = lanes.start()!
    expect(turn.item).toBe(item)
    lanes.finish(turn)
  }
  expect(lanes.start()).toBeUndefined()
  lanes.resume(poison)
  expect(lanes.start()!.item).toBe('a1')
  lanes.finish(poison)
  expect(lanes.start()!.item).toBe('a2')
})

it('has no order among items without a lane', () => {
  const lanes = new Lanes<number>(3)
  for (const item of [1, 2, 3]) lanes.add(null, item)
  expect([1, 2, 3].map(() => lanes.start()!.item)).toEqual([1, 2, 3])
})

it('finishes every item once and each lane in its order, whatever happens when', () => {
  const items = fc.array(fc.record({ lane: fc.constantFrom('a', 'b', 'c', null), at: fc.nat(30) }), { maxLength: 40 })
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(), { maxLength: 300 }), (given, most, picks) => {
      const lanes = new Lanes<number>(most)
      const running: Turn<number>[] = []
      const paused: Turn<number>[] = []
      const finished: number[] = []
      let next = 0
      const act = (pick: number): void => {
        if (pick % 4 === 0 && next < given.length) lanes.add(given[next]!.lane, next++)
        else if (pick % 4 === 1 && running.length > 0) {
          const [turn] = running.splice(pick % running.length, 1)
          paused.push(turn!)
          lanes.pause(turn!)
        } else if (pick % 4 === 2 && paused.length > 0) {
          const [turn] = paused.splice(pick % paused.length, 1)
          lanes.resume(turn!)
        } else if (running.length > 0) {
          const [turn] = running.splice(pick % running.length, 1)
          finished.push(turn!.item)
          lanes.finish(turn!)
        }
        for (let turn = lanes.start(); turn !== undefined; turn = lanes.start()) running.push(turn)
        const busy = [...running, ...paused].map(({ item }) => given[item]!.lane).filter((lane) => lane !== null)
        expect(running.length).toBeLessThanOrEqual(most)
        expect(lanes.running).toBe(running.length)
        expect(new Set(busy).size).toBe(busy.length)
      }
      for (const pick of picks) act(pick)
      while (next < given.length) act(0)
      while (lanes.size > 0) act(paused.length > 0 ? 2 : 3)
      expect([...finished].sort((a, b) => a - b)).toEqual(given.map((_, at) => at))
      for (const lane of ['a', 'b', 'c']) {
        const order = finished.filter((item) => given[item]!.lane === lane)
        expect(order).toEqual([...order].sort((a, b) => a - b))
      }
    }),
  )
})
