import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ApiError } from './http.ts'
import { Stream } from './stream.ts'

class FakeSocket {
  static readonly opened: FakeSocket[] = []
  readonly sent: { readonly op: string }[] = []
  isClosed = false
  onopen = (): void => {}
  onmessage = (_: { readonly data: string }): void => {}
  onclose = (): void => {}

  constructor() {
    FakeSocket.opened.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.isClosed = true
    this.onclose()
  }

  says(message: object): void {
    this.onmessage({ data: JSON.stringify(message) })
  }
}

const kept = new Map<string, string>()
let statuses: [boolean, string | undefined][]
const begin = (): Stream => new Stream((isOpen, error: ApiError | null) => statuses.push([isOpen, error?.code]))
const newest = (): FakeSocket => FakeSocket.opened.at(-1)!
const failed = (code: string) => ({ op: 'error', code, message: 'no', retriable: false, hint: '' })

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('location', { protocol: 'http:', host: 'broker' })
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
  })
  FakeSocket.opened.length = 0
  statuses = []
  kept.clear()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a wrong credential is sent once, and forgotten', () => {
  kept.set('tailrace-credential', '{"kind":"token","token":"wrong"}')
  begin()
  newest().onopen()
  expect(newest().sent).toEqual([{ op: 'authenticate', id: 'sign-in', token: 'wrong' }])
  newest().says({ ...failed('AUTHENTICATION_FAILED'), id: 'sign-in' })
  vi.advanceTimersByTime(60_000)
  expect([FakeSocket.opened.length, newest().isClosed, kept.size]).toEqual([1, true, 0])
  expect(statuses).toEqual([[false, 'AUTHENTICATION_FAILED']])
})

test('a connection that wants a credential is not opened again without one', () => {
  begin().start({ op: 'watch' }, { op: 'unwatch' }, () => undefined)
  newest().onopen()
  newest().says({ ...failed('AUTHENTICATION_REQUIRED'), id: '1' })
  vi.advanceTimersByTime(60_000)
  expect(FakeSocket.opened).toHaveLength(1)
  expect(statuses.at(-1)).toEqual([false, 'AUTHENTICATION_REQUIRED'])
})

test('a credential that a broker had no time for is sent again', () => {
  kept.set('tailrace-credential', '{"kind":"token","token":"right"}')
  begin()
  newest().onopen()
  newest().says({ ...failed('OVERLOADED'), id: 'sign-in' })
  expect(statuses).toContainEqual([false, 'OVERLOADED'])
  vi.advanceTimersByTime(250)
  newest().onopen()
  newest().says({ op: 'authenticated', id: 'sign-in' })
  expect([FakeSocket.opened.length, kept.size, statuses.at(-1)]).toEqual([2, 1, [true, undefined]])
})

test('what has ended with an error is told it, and is neither stopped nor asked again; of one partition it goes on', () => {
  const received: string[] = []
  const stream = begin()
  const stops = ['subscribe', 'watch'].map((op) =>
    stream.start({ op }, { op: 'stop' }, (message) => {
      received.push(`${op} ${message.code}`)
      return undefined
    }),
  )
  newest().onopen()
  newest().says({ ...failed('INVALID_BATCH'), id: '1', partition: 3 })
  newest().says({ ...failed('THROTTLED'), id: '2' })
  expect(received).toEqual(['subscribe INVALID_BATCH', 'watch THROTTLED'])
  stops[1]!()
  newest().close()
  vi.advanceTimersByTime(250)
  const before = newest()
  before.onopen()
  stops[0]!()
  expect(FakeSocket.opened[0]!.sent.map(({ op }) => op)).toEqual(['subscribe', 'watch'])
  expect(before.sent.map(({ op }) => op)).toEqual(['subscribe', 'stop'])
})
