import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SilenceWatch } from './silence-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A watch with ticks of 100 ms, and what it did, by the tick. */
function watching(isExpecting: boolean) {
  const events: string[] = []
  let ticks = 0
  const watch = new SilenceWatch(100, {
    expecting: () => {
      ticks++
      return isExpecting
    },
    probe: () => void events.push(`probe ${ticks}`),
    dead: () => void events.push(`dead ${ticks}`),
  })
  return { watch, events, pass: (count: number) => void vi.advanceTimersByTime(100 * count) }
}

test.each([
  ['owes an answer is probed after one silent tick, and dead after three', true, ['probe 1', 'dead 3']],
  ['owes nothing is probed after five, and dead two later', false, ['probe 5', 'dead 7']],
])('a peer that %s', (_, isExpecting, expected) => {
  const { watch, events, pass } = watching(isExpecting)
  const dead = Number(/\d+/.exec(expected[1]!)![0])
  pass(dead - 1)
  expect(events).toEqual(expected.slice(0, 1))
  pass(1)
  expect(events).toEqual(expected)
  watch.stop()
  pass(20)
  expect(events).toEqual(expected)
})

test('a peer that sends something is not dead; when it falls silent again it is probed again', () => {
  const { watch, events, pass } = watching(true)
  pass(2)
  watch.heard()
  pass(2)
  expect(events).toEqual(['probe 1', 'probe 3'])
  pass(1)
  expect(events).toEqual(['probe 1', 'probe 3', 'dead 5'])
  watch.stop()
})
