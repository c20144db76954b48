import { describe, expect, test } from 'vitest'
import { heartbeatMs, Sessions } from './sessions.ts'

const ann = { group: 'billing', member: 'm-1' }
const bob = { group: 'billing', member: 'm-2' }

/** Looks every 100 ms, as a coordinator does, and says when who ran out. */
function watch(sessions: Sessions, from: number, to: number): [number, string][] {
  const out: [number, string][] = []
  for (let now = from; now <= to; now += 100) for (const { member } of sessions.ranOut(now)) out.push([now, member])
  return out
}

test('a member that is not heard for its session runs out, once, and not before', () => {
  const sessions = new Sessions(5000)
  sessions.heard(ann, 1000, 5000)
  sessions.heard(bob, 3000, 5000)
  // A tenth longer than the member counts on.
  expect(watch(sessions, 5000, 6000)).toEqual([])
  expect(watch(sessions, 6100, 6100)).toEqual([[6100, 'm-1']])
  expect(watch(sessions, 6200, 9000)).toEqual([[8300, 'm-2']])
})

test('each beat gives a whole session again', () => {
  const sessions = new Sessions(0)
  for (let now = 0; now <= 5000; now += 500) {
    expect(sessions.heard(ann, 1000, now)).toBe(true)
    expect(watch(sessions, now, now + 400)).toEqual([])
  }
  expect(watch(sessions, 5500, 7000)).toEqual([[6100, 'm-1']])
})

test('a beat behind the end of a session is too late, until the member has been removed', () => {
  const sessions = new Sessions(0)
  sessions.heard(ann, 500, 0)
  expect(watch(sessions, 0, 600)).toEqual([[600, 'm-1']])
  expect(sessions.heard(ann, 500, 700)).toBe(false)
  sessions.forget(ann)
  expect(sessions.heard(ann, 500, 800)).toBe(true)
})

test('a removal that failed is told again, and the member is not heard before', () => {
  const sessions = new Sessions(0)
  sessions.heard(ann, 500, 0)
  expect(watch(sessions, 0, 600)).toHaveLength(1)
  sessions.again(ann)
  expect(sessions.heard(ann, 500, 700)).toBe(false)
  expect(watch(sessions, 700, 1000)).toHaveLength(1)
  sessions.again(bob)
  expect(watch(sessions, 1000, 2000)).toEqual([])
})

test('one that has left does not run out', () => {
  const sessions = new Sessions(0)
  sessions.heard(ann, 500, 0)
  sessions.forget(ann)
  sessions.forget(bob)
  expect(sessions.size).toBe(0)
  expect(watch(sessions, 0, 2000)).toEqual([])
})

test('another session timeout counts from the beat that says so', () => {
  const sessions = new Sessions(0)
  sessions.heard(ann, 10_000, 0)
  sessions.heard(ann, 300, 100)
  expect(sessions.size).toBe(1)
  expect(watch(sessions, 100, 2000)).toEqual([[500, 'm-1']])
})

test('a coordinator that stood still takes nobody out for what it could not hear', () => {
  const sessions = new Sessions(0)
  sessions.heard(ann, 3000, 0)
  expect(watch(sessions, 0, 500)).toEqual([])
  // It goes on behind a minute; the beats of that time are still to be read.
  expect(watch(sessions, 60_500, 62_200)).toEqual([])
  expect(watch(sessions, 62_300, 63_000)).toEqual([[62_300, 'm-1']])
})

test('a clock that goes back shortens no session', () => {
  const sessions = new Sessions(1000)
  sessions.heard(ann, 1000, 1000)
  expect(sessions.ranOut(500)).toEqual([])
  expect(sessions.ranOut(1500)).toEqual([])
  expect(sessions.ranOut(2100)).toHaveLength(1)
})

test('several beats fit into a session', () => {
  expect([100, 1000, 10_000, 60_000].map(heartbeatMs)).toEqual([33, 333, 3333, 15_000])
})

describe('the end of a connection', () => {
  const on = (via: string, number: number) => ({ via, number })
  /** Ann is heard by these beats, and a connection ends; when is she taken out? */
  function takenOut(beats: readonly object[], ended: string, sessionMs = 10_000): number {
    const sessions = new Sessions(0)
    for (const carried of beats) sessions.heard(ann, sessionMs, 0, carried)
    sessions.disconnected(ann, ended, 1000)
    return watch(sessions, 0, 30_000)[0]![0]
  }

  test('that carried the latest beat leaves a member its grace, and a tenth', () => {
    expect(takenOut([on('c', 1)], 'c')).toBe(1600)
    expect(takenOut([on('c', 1), on('c', 2)], 'c')).toBe(1600)
    expect(takenOut([on('c', 1)], 'c', 1600)).toBe(1500)
    // Never longer than the session.
    expect(takenOut([on('c', 1)], 'c', 1000)).toBe(1100)
  })

  test('that carried another beat says nothing, in whatever order the beats have come', () => {
    expect(takenOut([on('c', 1), on('d', 2)], 'c')).toBe(11_000)
    expect(takenOut([on('d', 2), on('c', 1)], 'c')).toBe(11_000)
    expect(takenOut([on('d', 2), on('c', 1)], 'd')).toBe(1600)
    expect(takenOut([on('', 1)], '')).toBe(11_000)
  })

  test('says nothing of a member with beats that have no number, nor of one that nobody knows', () => {
    expect(takenOut([on('c', 0)], 'c')).toBe(11_000)
    expect(takenOut([on('c', 1), {}, on('c', 3)], 'c')).toBe(11_000)
    const sessions = new Sessions(0)
    sessions.disconnected(bob, 'c', 0)
    expect(sessions.size).toBe(0)
  })

  test('is made up for by the next beat', () => {
    const sessions = new Sessions(0)
    sessions.heard(ann, 10_000, 0, on('c', 1))
    sessions.disconnected(ann, 'c', 1000)
    expect(watch(sessions, 1000, 1400)).toEqual([])
    expect(sessions.heard(ann, 10_000, 1400, on('d', 2))).toBe(true)
    sessions.disconnected(ann, 'c', 1500)
    expect(watch(sessions, 1500, 13_000)).toEqual([[12_400, 'm-1']])
  })

  test('does not end what a former coordinator has promised', () => {
    /** Heard and disconnected at 5 s, by a coordinator that began at 0. */
    const end = (inheritedMs: number): number => {
      const sessions = new Sessions(0)
      sessions.inherited(ann, inheritedMs, 0)
      for (let now = 0; now < 5000; now += 500) sessions.heard(ann, inheritedMs, now, on('c', 1))
      sessions.heard(ann, 10_000, 5000, on('c', 7))
      sessions.disconnected(ann, 'c', 5000)
      return watch(sessions, 5000, 20_000)[0]![0]
    }
    expect(end(10_000)).toBe(11_000)
    expect(end(1000)).toBe(5600)
  })

  test('of a member that is being removed changes nothing', () => {
    const sessions = new Sessions(0)
    sessions.heard(ann, 500, 0, on('c', 1))
    expect(watch(sessions, 0, 600)).toHaveLength(1)
    sessions.disconnected(ann, 'c', 650)
    expect(watch(sessions, 700, 5000)).toEqual([])
    expect(sessions.heard(ann, 500, 5100, on('d', 2))).toBe(false)
  })
})
