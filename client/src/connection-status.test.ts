import { TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type StatusChange, StatusWatch } from './connection-status.ts'

const lost = (reason: string) => new TailraceError('CONNECTION_LOST', reason)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watched() {
  const lines: string[] = []
  const line = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`)
  const watch = new StatusWatch(['ws://a:1'], { info: line('info'), warn: line('warn'), error: line('error') })
  const changes: StatusChange[] = []
  watch.add((change) => changes.push(change))
  return { watch, lines, changes }
}

test('each change is told once, with the reason of a loss', () => {
  const { watch, changes } = watched()
  expect(watch.status).toBe('idle')
  const [first, second] = [lost('refused.'), lost('refused again.')]
  watch.failed(first)
  watch.failed(second)
  watch.opened()
  watch.opened()
  watch.closed()
  watch.failed(first)
  expect(changes).toEqual([{ status: 'disconnected', error: first }, { status: 'connected' }, { status: 'closed' }])
  expect(watch.status).toBe('closed')
})

test('the log is told after two seconds without a broker, once, with the last reason, and of the end of it', () => {
  const { watch, lines } = watched()
  watch.failed(lost('ws://a:1: refused.'))
  vi.advanceTimersByTime(1_000)
  watch.failed(lost('ws://a:1: no answer.'))
  expect(lines).toEqual([])
  vi.advanceTimersByTime(60_000)
  watch.failed(lost('ws://a:1: refused.'))
  vi.advanceTimersByTime(60_000)
  expect(lines).toEqual(['warn no broker is reached, and attempts go on: ws://a:1: no answer.'])
  watch.opened()
  expect(lines[1]).toBe('info a broker is reached again')
  watch.failed(lost('ws://a:1: gone.'))
  vi.advanceTimersByTime(2_000)
  expect(lines[2]).toBe('warn no broker is reached, and attempts go on: ws://a:1: gone.')
})

test('a broker that is back within two seconds is not worth a line, nor one of a client that is closed', () => {
  const { watch, lines } = watched()
  watch.failed(lost('gone.'))
  vi.advanceTimersByTime(1_900)
  watch.opened()
  vi.advanceTimersByTime(60_000)
  watch.failed(lost('gone.'))
  watch.closed()
  vi.advanceTimersByTime(60_000)
  expect(lines).toEqual([])
})

test('a listener that throws keeps no other from being told; one that is removed is told nothing', () => {
  const { watch, lines } = watched()
  const told: string[] = []
  const thrower = () => {
    throw new Error('mine')
  }
  const listener = ({ status }: StatusChange) => void told.push(status)
  watch.add(thrower)
  watch.add(listener)
  watch.opened()
  watch.remove(listener)
  watch.failed(lost('gone.'))
  expect(told).toEqual(['connected'])
  expect(lines).toEqual(['error a listener of "status" has thrown', 'error a listener of "status" has thrown'])
})
