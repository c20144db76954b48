import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { HeldBytes, type Holding } from './held-bytes.ts'

const limits = { bytes: 1000, graceMs: 2000, maxAgeMs: 30_000 }

function setUp(graceMs = limits.graceMs) {
  const clock = new ManualClock()
  const held = new HeldBytes(clock, { ...limits, graceMs })
  const told: string[] = []
  const open = (name: string, client = name): Holding =>
    held.open(client, {
      cutOff: (error) => told.push(`${name} ${error.code}`),
      resume: () => told.push(`${name} resumes`),
    })
  return { clock, held, told, open, pass: (ms: number) => clock.advance(ms, async () => {}) }
}

test('one client gets half of the limit, all together get all of it', () => {
  const { held, open, told } = setUp()
  const oldest = open('a1', 'a')
  expect(oldest.hold(100)).toBe(true)
  expect(open('a2', 'a').hold(400)).toBe(true)
  const third = open('a3', 'a')
  expect(third.hold(1)).toBe(false)
  third.release()
  expect(open('b').hold(500)).toBe(true)
  expect(open('c').hold(1)).toBe(false)
  expect([held.bytes, told]).toEqual([1001, []])
  // The oldest may go on: it will end, and give back its room.
  expect(oldest.hold(200)).toBe(true)
})

test('a message that stalls makes room for one that does not, also where both have one address', async () => {
  const { held, open, told, pass } = setUp()
  const stalled = [1, 2, 3, 4].map((n) => open(`stalled${n}`, 'x'))
  for (const holding of stalled) holding.hold(125)
  expect(open('early', 'x').hold(50)).toBe(false)
  expect(told).toEqual([])
  await pass(limits.graceMs + 500)
  told.length = 0
  expect(open('honest', 'x').hold(50)).toBe(true)
  expect(held.bytes).toBeLessThanOrEqual(500)
})

test('control: with a grace that never ends, the stalled ones keep the room', async () => {
  const { open, pass } = setUp(1e9)
  for (const n of [1, 2, 3, 4]) open(`stalled${n}`, 'x').hold(125)
  await pass(limits.graceMs + 500)
  expect(open('honest', 'x').hold(50)).toBe(false)
})

test('where all room is taken, the client with most of it has to make room', async () => {
  const { open, told, pass } = setUp()
  open('small').hold(200)
  open('middle').hold(300)
  open('large').hold(500)
  await pass(limits.graceMs + 1)
  expect(open('new').hold(10)).toBe(true)
  expect(told).toEqual(['large OVERLOADED'])
})

test('bytes that arrive in one read are bounded too', () => {
  const { held, open, told } = setUp()
  let most = 0
  for (let n = 0; n < 100; n++) {
    open(`one${n}`, 'x').hold(100)
    most = Math.max(most, held.bytes)
  }
  expect(most).toBe(1100)
  expect(told[0]).toBe('one0 OVERLOADED')
})

test('a whole message is not cut off, counts until it is released, and limits new ones', async () => {
  const { held, open, told, pass } = setUp()
  const whole = open('whole', 'x')
  whole.hold(480)
  whole.finish()
  await pass(limits.maxAgeMs * 2)
  const more = open('more', 'x')
  expect(more.hold(30)).toBe(false)
  // Nor can many that come one after the other pass as the oldest each.
  more.release()
  expect(open('again', 'x').hold(30)).toBe(false)
  expect(told).toEqual([])
  whole.release()
  whole.release()
  expect(held.bytes).toBe(30)
})

test('a message that is alone always fits', () => {
  expect(setUp().open('alone').hold(5000)).toBe(true)
})

test('a message that had to wait is told of room', async () => {
  const { open, told, pass } = setUp()
  const first = open('first', 'x')
  first.hold(499)
  first.finish()
  expect(open('second', 'x').hold(2)).toBe(false)
  first.release()
  await pass(0)
  expect(told).toEqual(['second resumes'])
})

test('a message that is not finished in time is cut off, and no bytes of it are kept', async () => {
  const { held, open, told, pass } = setUp()
  open('slow').hold(10)
  await pass(limits.maxAgeMs - 1000)
  expect(told).toEqual([])
  await pass(2000)
  expect([told, held.bytes]).toEqual([['slow TIMED_OUT'], 0])
})

test('a message that is never finished is cut off after its time, also where none was held for a while before', async () => {
  const { open, told, pass } = setUp()
  for (const name of ['first', 'second']) {
    const early = open(name)
    early.hold(10)
    await pass(limits.maxAgeMs - 1)
    expect(told.filter((line) => line.startsWith(name))).toEqual([])
    await pass(501)
    expect(told.filter((line) => line.startsWith(name))).toEqual([`${name} TIMED_OUT`])
    early.release()
  }
})
