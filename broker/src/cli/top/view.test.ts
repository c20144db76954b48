import { expect, test } from 'vitest'
import { keysIn, topicOrders, type View, viewAfter } from './view.ts'

const view: View = { order: 'records', paused: false, help: false, scroll: 0 }
const room = { page: 10, most: 25 }

test.each([
  ['q', ['quit']],
  ['\x03', ['quit']],
  ['sp h', ['sort', 'pause', 'pause', 'help']],
  ['\x1b[A\x1b[B\x1bOA\x1bOB', ['up', 'down', 'up', 'down']],
  ['\x1b[5~\x1b[6~', ['page-up', 'page-down']],
  ['\x1b[H\x1b[F', ['home', 'end']],
  ['x\x1b[15~\x1b[1;5C\x1b', []],
])('%j is the keys %j', (typed, keys) => {
  expect(keysIn(typed)).toEqual(keys)
})

test('scrolling ends at both ends', () => {
  const down = viewAfter(viewAfter(view, 'page-down', room), 'down', room)
  expect(down.scroll).toBe(11)
  expect(viewAfter(down, 'end', room).scroll).toBe(25)
  expect(viewAfter({ ...view, scroll: 20 }, 'page-down', room).scroll).toBe(25)
  expect(viewAfter(down, 'page-up', room).scroll).toBe(1)
  expect(viewAfter(view, 'up', room).scroll).toBe(0)
  expect(viewAfter(down, 'home', room).scroll).toBe(0)
})

test('s goes through all orders and back to the top, p and h are switches', () => {
  let sorted: View = { ...view, scroll: 5 }
  const seen = topicOrders.map(() => {
    sorted = viewAfter(sorted, 'sort', room)
    return sorted.order
  })
  expect(new Set(seen)).toEqual(new Set(topicOrders))
  expect([sorted.order, sorted.scroll]).toEqual(['records', 0])
  expect(viewAfter(viewAfter(view, 'pause', room), 'pause', room)).toEqual(view)
  // Its first lines are shown, however far the topics were scrolled.
  expect(viewAfter({ ...view, scroll: 9 }, 'help', room)).toEqual({ ...view, help: true })
  expect(viewAfter(view, 'quit', room)).toBe(view)
})
