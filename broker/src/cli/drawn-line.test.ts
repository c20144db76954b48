import { expect, test } from 'vitest'
import { ManualClock } from '../platform/testing/clock.ts'
import { drawnLine } from './drawn-line.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

test('a line is drawn again and again, no wider than the terminal, and cleared once', async () => {
  const [terminal, clock] = [memoryTerminal({ watched: true, columns: 6 }), new ManualClock()]
  let count = 0
  const line = drawnLine(terminal, clock, () => `line ${++count}`)
  await clock.advance(400)
  line.end()
  line.end()
  await clock.advance(400)
  expect(terminal.drawn).toEqual(['\r\x1b[Kline ', '\r\x1b[Kline ', '\r\x1b[K'])
  expect(count).toBe(2)
})

test('nothing is drawn where nobody watches', async () => {
  const [terminal, clock] = [memoryTerminal(), new ManualClock()]
  const line = drawnLine(terminal, clock, () => 'line')
  await clock.advance(400)
  line.end()
  expect(terminal.drawn).toEqual([])
})
