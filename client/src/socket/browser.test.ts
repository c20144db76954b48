import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openSocket } from './browser.ts'

/** The browser's WebSocket, as far as it is used; the test plays the other end. */
class ManualSocket {
  static readonly OPEN = 1
  static last: ManualSocket
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 7
  readonly sent: Uint8Array[] = []
  readonly closes: unknown[][] = []
  onopen: () => void = () => {}
  onmessage: (event: { data: unknown }) => void = () => {}
  onclose: (event: { code: number; reason: string }) => void = () => {}

  constructor() {
    ManualSocket.last = this
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes)
  }

  close(...args: unknown[]): void {
    this.closes.push(args)
  }

  open(): void {
    this.readyState = 1
    this.onopen()
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', ManualSocket)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function opened() {
  const messages: number[][] = []
  const reasons: string[] = []
  const settings = { connectTimeoutMs: 100, maxMessageBytes: 3 }
  const events = {
    message: (bytes: Uint8Array) => void messages.push([...bytes]),
    closed: (reason: string) => void reasons.push(reason),
  }
  const socket = openSocket('ws://h:1', settings, events)
  return { socket, peer: ManualSocket.last, messages, reasons }
}

it('gives up a connection that takes too long to open, and reports that once', () => {
  const { peer, reasons } = opened()
  vi.advanceTimersByTime(99)
  expect([peer.closes, reasons]).toEqual([[], []])
  vi.advanceTimersByTime(1)
  expect([peer.closes.length, reasons]).toEqual([1, ['The connection took too long to open']])
  peer.onclose({ code: 1006, reason: '' })
  expect(reasons).toHaveLength(1)
})

it('takes binary messages up to its limit until it is closed, and no text', () => {
  const { peer, messages, reasons } = opened()
  peer.open()
  vi.advanceTimersByTime(1000)
  expect([peer.binaryType, peer.closes, reasons]).toEqual(['arraybuffer', [], []])
  peer.onmessage({ data: 'text' })
  peer.onmessage({ data: Uint8Array.of(1, 2, 3).buffer })
  expect([messages, peer.closes]).toEqual([[[1, 2, 3]], []])
  peer.onmessage({ data: new ArrayBuffer(4) })
  expect([messages.length, peer.closes.length]).toEqual([1, 1])
  peer.onclose({ code: 1001, reason: '' })
  peer.onmessage({ data: new ArrayBuffer(1) })
  expect([messages.length, reasons]).toEqual([1, ['WebSocket close code 1001']])
})

it('sends pieces as one message while it is open', () => {
  const { socket, peer } = opened()
  socket.send([Uint8Array.of(1)])
  peer.open()
  socket.send([Uint8Array.of(1), Uint8Array.of(2, 3)])
  expect([peer.sent.map((bytes) => [...bytes]), socket.bufferedBytes]).toEqual([[[1, 2, 3]], 7])
})

it('is closed in order, or dropped at once', () => {
  const [first, second, refused] = [opened(), opened(), opened()]
  refused.peer.onclose({ code: 1006, reason: '' })
  first.socket.close()
  expect([first.peer.closes, first.reasons]).toEqual([[[1000]], []])
  first.peer.onclose({ code: 1000, reason: 'bye' })
  expect(first.reasons).toEqual(['bye'])
  second.socket.destroy()
  second.peer.onclose({ code: 1006, reason: '' })
  expect([second.peer.closes.length, second.reasons]).toEqual([1, ['Dropped']])
  vi.advanceTimersByTime(1000)
  expect([second.reasons.length, refused.peer.closes]).toEqual([1, []])
  expect(refused.reasons).toEqual([expect.stringContaining('the origin of this page')])
})

it('says what may be wrong when it does not open, since a browser does not', () => {
  vi.stubGlobal('location', { origin: 'http://localhost:5173' })
  const { peer, reasons } = opened()
  peer.onclose({ code: 1006, reason: '' })
  expect(reasons[0]).toMatch(/no broker answers there, or its setting readOrigins .* \(http:\/\/localhost:5173\)$/)
})
