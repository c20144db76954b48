import { expect, it } from 'vitest'
import { Cursor } from './cursor.ts'

const earliest = { kind: 'EARLIEST', value: 0 } as const

it('asks for its start until the broker has found it, and then for the next offset', () => {
  const cursor = new Cursor(3, earliest)
  expect([cursor.wanted, cursor.resumeAt, cursor.lag]).toEqual([earliest, undefined, 0])
  cursor.started(5, 9)
  expect([cursor.wanted, cursor.resumeAt, cursor.lag]).toEqual([{ kind: 'OFFSET', value: 5 }, 5, 4])
  cursor.received(8)
  cursor.position = 6
  // Found anew after a reconnect: no record that was received comes again.
  cursor.started(5, 9)
  expect([cursor.nextOffset, cursor.position, cursor.lag]).toEqual([8, 6, 3])
  expect(new Cursor(3, { kind: 'OFFSET', value: 7 }).resumeAt).toBe(7)
})

it('knows that the records it has received are committed, and never a lower end than before', () => {
  const cursor = new Cursor(3, earliest)
  cursor.started(0, 4)
  cursor.received(7)
  expect([cursor.highWatermark, cursor.lag]).toEqual([7, 7])
  cursor.raise(5)
  expect(cursor.highWatermark).toBe(7)
  cursor.position = 9
  expect(cursor.lag).toBe(0)
})

it('counts as neither refused nor damaged once records come again', () => {
  const cursor = new Cursor(3, earliest)
  Object.assign(cursor, { refusedSince: 1, damagedSince: 2 })
  cursor.started(0, 0)
  expect([cursor.refusedSince, cursor.damagedSince]).toEqual([0, 2])
  cursor.received(1)
  expect(cursor.damagedSince).toBe(0)
})

it('tells once where a restart has come to, and only of a place that was known', () => {
  const cursor = new Cursor(3, earliest)
  cursor.started(5, 9)
  cursor.received(8)
  cursor.refusedSince = 1
  cursor.restart({ kind: 'LATEST', value: 0 })
  expect([cursor.wanted.kind, cursor.resumeAt, cursor.lag, cursor.refusedSince]).toEqual(['LATEST', undefined, 0, 0])
  expect(cursor.takeJump()).toBeUndefined()
  cursor.started(20, 30)
  expect([cursor.takeJump(), cursor.takeJump(), cursor.lag]).toEqual([{ from: 8, to: 20 }, undefined, 10])
  const fresh = new Cursor(3, earliest)
  fresh.restart({ kind: 'LATEST', value: 0 })
  fresh.started(2, 2)
  expect(fresh.takeJump()).toBeUndefined()
})
