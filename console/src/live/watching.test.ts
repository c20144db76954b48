import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startWatch } from './watching.ts'

class Page extends EventTarget {
  hidden = false

  show(isSeen: boolean): void {
    this.hidden = !isSeen
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

/** What is asked on the stream and not ended yet. */
class FakeStream {
  readonly asked: object[] = []
  open: ((message: never) => unknown)[] = []

  start(ask: object, _stop: object, receive: (message: never) => unknown): () => void {
    this.asked.push(ask)
    this.open.push(receive)
    return () => (this.open = this.open.filter((one) => one !== receive))
  }

  says(message: object): void {
    for (const receive of [...this.open]) receive(message as never)
  }

  refuses(code: string): void {
    const ended = this.open
    this.open = []
    for (const receive of ended) receive({ op: 'error', code, message: 'no', hint: '' } as never)
  }
}

let page: Page
let stream: FakeStream
let stop: () => void
let told: (readonly [unknown, string | undefined])[]

beforeEach(() => {
  vi.useFakeTimers()
  ;[page, stream, told] = [new Page(), new FakeStream(), []]
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})
const begin = () => {
  const tell: Parameters<typeof startWatch>[3] = ({ content, error }) => told.push([content, error?.code])
  stop = startWatch(stream as never, { of: 'moves' }, 'moves', tell, page)
}

test('tells each state, with why it is no newer', () => {
  begin()
  expect(stream.asked).toEqual([{ op: 'watch', of: 'moves' }])
  stream.says({ op: 'state', moves: { more: 1 }, error: null })
  stream.says({ op: 'state', moves: { more: 1 }, error: { code: 'LEADER_UNAVAILABLE', message: 'no', hint: '' } })
  stream.says({ op: 'unwatched' })
  // A broker of an earlier version tells its own state.
  stream.says({ op: 'state', ready: {} })
  expect(told).toEqual([
    [{ more: 1 }, undefined],
    [{ more: 1 }, 'LEADER_UNAVAILABLE'],
    [null, undefined],
  ])
})

test('watches only while the page is seen', () => {
  page.hidden = true
  begin()
  expect(stream.asked).toHaveLength(0)
  page.show(true)
  expect([stream.asked.length, stream.open.length]).toEqual([1, 1])
  page.show(false)
  expect(stream.open).toHaveLength(0)
  vi.advanceTimersByTime(120_000)
  expect(stream.asked).toHaveLength(1)
  page.show(true)
  expect([stream.asked.length, stream.open.length]).toEqual([2, 1])
})

test('asks again behind a refusal, less and less often, and as before once it was told something', () => {
  begin()
  for (const pause of [4000, 8000, 16_000, 30_000, 30_000]) {
    const before = stream.asked.length
    stream.refuses('AUTHORIZATION_FAILED')
    vi.advanceTimersByTime(pause - 1)
    expect(stream.asked).toHaveLength(before)
    vi.advanceTimersByTime(1)
    expect(stream.asked).toHaveLength(before + 1)
  }
  stream.says({ op: 'state', moves: {} })
  stream.refuses('AUTHORIZATION_FAILED')
  vi.advanceTimersByTime(4000)
  expect([stream.asked.length, stream.open.length]).toEqual([7, 1])
})

test('asks no more once it is stopped', () => {
  begin()
  stream.refuses('AUTHORIZATION_FAILED')
  stop()
  vi.advanceTimersByTime(120_000)
  page.show(true)
  expect([stream.asked.length, stream.open.length]).toEqual([1, 0])
})
