import { beforeEach, expect, test, vi } from 'vitest'
import { BeatConnections, type Carrier } from './beat-connections.ts'

class Line implements Carrier {
  isOpen = true
  readonly #listeners = new Set<() => void>()

  onLost(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  end(): void {
    this.isOpen = false
    for (const listener of this.#listeners) listener()
  }
}

const onEnd = vi.fn()
let connections: BeatConnections
let [one, other] = [new Line(), new Line()]

beforeEach(() => {
  onEnd.mockReset()
  connections = new BeatConnections(onEnd)
  ;[one, other] = [new Line(), new Line()]
})

/** Sends a beat on it; its number. */
function send(line: Line): number {
  const number = connections.next()
  connections.carries(line, number)
  return number
}

test('beats on a connection that stays are confirmed by their answers', () => {
  expect([send(one), send(one)].map((number) => connections.answered(number))).toEqual([true, true])
  expect(onEnd).not.toHaveBeenCalled()
})

test('the end of the connection of the last answered beat counts, until a later beat is answered', () => {
  connections.answered(send(one))
  one.end()
  expect(onEnd).toHaveBeenCalledOnce()
  expect(connections.answered(send(other))).toBe(true)
})

test('an answer that comes with the end of its connection confirms nothing', () => {
  const number = send(one)
  one.end()
  expect(onEnd).toHaveBeenCalledOnce()
  expect(connections.answered(number)).toBe(false)
})

test('a beat without an answer counts as well: the coordinator may have heard it', () => {
  connections.answered(send(one))
  const unanswered = send(other)
  other.end()
  expect(onEnd).toHaveBeenCalledOnce()
  one.end()
  // The coordinator has heard beat 1 on this one, and perhaps not beat 2.
  expect(onEnd).toHaveBeenCalledTimes(2)
  expect(connections.answered(unanswered)).toBe(false)
  expect(connections.answered(send(new Line()))).toBe(true)
})

test('a connection whose beats are followed by an answered one may end', () => {
  send(one)
  connections.answered(send(other))
  one.end()
  expect(onEnd).not.toHaveBeenCalled()
})

test('an answer on one connection confirms, where another one has ended before with an earlier beat only', () => {
  send(one)
  const later = send(other)
  one.end()
  expect(onEnd).toHaveBeenCalledOnce()
  expect(connections.answered(later)).toBe(true)
})

test('a connection that has ended already carries nothing', () => {
  one.end()
  expect(connections.answered(send(one))).toBe(true)
  expect(onEnd).not.toHaveBeenCalled()
})

test('a connection is listened to once, and not after the last beat', () => {
  const onLost = vi.spyOn(one, 'onLost')
  for (let count = 0; count < 3; count++) connections.answered(send(one))
  expect(onLost).toHaveBeenCalledOnce()
  connections.close()
  one.end()
  expect(onEnd).not.toHaveBeenCalled()
})
