import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { poll } from './polling.ts'

class Page extends EventTarget {
  hidden = false

  show(isSeen: boolean): void {
    this.hidden = !isSeen
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

let page: Page
let requests: number
let answer: () => Promise<number>
let stop: () => void
const begin = () => {
  stop = poll(() => {
    requests++
    return answer()
  }, page)
}
const after = async (ms: number): Promise<number> => {
  await vi.advanceTimersByTimeAsync(ms)
  return requests
}

beforeEach(() => {
  vi.useFakeTimers()
  ;[page, requests, answer] = [new Page(), 0, async () => 2000]
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('asks as often as it says while the page is seen, and not at all while it is hidden', async () => {
  begin()
  expect([await after(0), await after(1999), await after(1), await after(10_000)]).toEqual([1, 1, 2, 7])
  page.show(false)
  expect(await after(60_000)).toBe(7)
  page.show(true)
  expect([await after(0), await after(2000)]).toEqual([8, 9])
})

test('a page that is hidden and seen while it waits for an answer, or for its next turn, asks no sooner', async () => {
  let done = (_ms: number): void => {}
  answer = () => new Promise((resolve) => (done = resolve))
  begin()
  for (let n = 0; n < 10; n++) {
    page.show(false)
    page.show(true)
  }
  expect(await after(60_000)).toBe(1)
  done(2000)
  await after(0)
  page.show(false)
  page.show(true)
  expect([await after(1999), await after(1)]).toEqual([1, 2])
})

test('behind errors the pause grows to half a minute, and is as before after an answer', async () => {
  answer = async () => Promise.reject(new Error('no'))
  begin()
  const pauses = [4000, 8000, 16_000, 30_000, 30_000]
  for (const [at, pause] of pauses.entries()) {
    expect([await after(pause - 1), await after(1)]).toEqual([at + 1, at + 2])
  }
  answer = async () => 2000
  expect([await after(30_000), await after(2000)]).toEqual([7, 8])
})

test('is asked once where it says so, and no more when it is stopped', async () => {
  answer = async () => 0
  begin()
  expect(await after(60_000)).toBe(1)
  stop()
  answer = async () => 2000
  begin()
  expect(await after(2000)).toBe(3)
  stop()
  page.show(false)
  page.show(true)
  expect(await after(60_000)).toBe(3)
})
