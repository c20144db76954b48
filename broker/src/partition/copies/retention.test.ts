import { expect, test } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { TestWorld } from '../testing/test-world.ts'
import { mustSeal, type RetentionView, retentionCut } from './retention.ts'

const none = { bytes: null, ms: null }

/**
 * Four segments of 10 entries and 100 bytes, the last one growing; the last append of each at 1000, 2000, 3000, 4000.
 */
function view(changes: Partial<RetentionView> = {}): RetentionView {
  const segments = [0, 1, 2, 3].map((at) => ({
    first: at * 10 + 1,
    last: at * 10 + 10,
    baseOffset: at * 10,
    endOffset: at * 10 + 10,
    bytes: 100,
    appendedAt: (at + 1) * 1000,
    sealed: at < 3,
  }))
  return { segments, sizeBytes: 400, settledIndex: 40, now: 10_000, ...changes }
}

test('M41 by bytes: as many bytes as asked for stay, in whole segments', () => {
  expect(retentionCut({ bytes: 200, ms: null }, view())).toBe(21)
  expect(retentionCut({ bytes: 201, ms: null }, view())).toBe(11)
  expect(retentionCut({ bytes: 400, ms: null }, view())).toBeNull()
  expect(retentionCut({ bytes: 0, ms: null }, view())).toBe(31)
})

test('M41 a clock that was wrong for a while, in either direction, keeps no segment longer than those after it', () => {
  const wrong = (times: number[]) =>
    view({ segments: view().segments.map((at, i) => ({ ...at, appendedAt: times[i]! })) })
  expect(retentionCut({ bytes: null, ms: 8000 }, wrong([9e12, 1000, 3000, 4000]))).toBe(21)
  expect(retentionCut({ bytes: null, ms: 8000 }, wrong([9e12, 9e12, 9e12, 9e12]))).toBeNull()
})

test('M41 by age: a segment is removed when its last entry was appended longer ago', () => {
  expect(retentionCut({ bytes: null, ms: 8000 }, view())).toBe(11)
  expect(retentionCut({ bytes: null, ms: 7999 }, view())).toBe(21)
  expect(retentionCut({ bytes: null, ms: 9000 }, view())).toBeNull()
  expect(retentionCut({ bytes: null, ms: null }, view())).toBeNull()
})

test('M45 entries that are not committed and durable here stay, whatever their size and age', () => {
  expect(retentionCut({ bytes: 0, ms: 0 }, view({ settledIndex: 19 }))).toBe(11)
  expect(retentionCut({ bytes: 0, ms: 0 }, view({ settledIndex: 9 }))).toBeNull()
})

test('a segment that fills slowly is closed after a quarter of the time that records are kept', () => {
  const { segments } = view()
  expect(mustSeal({ bytes: null, ms: 4000 }, none, { segments }, 40, 1000)).toBe(true)
  expect(mustSeal({ bytes: null, ms: 4000 }, none, { segments }, 40, 999)).toBe(false)
  expect(mustSeal({ bytes: 0, ms: null }, none, { segments }, 40, 99_999)).toBe(false)
})

test('a topic can have its segments closed sooner, and without retention by age', () => {
  const { segments } = view()
  const limits = { bytes: null, ms: 500 }
  expect(mustSeal({ bytes: null, ms: 4000 }, limits, { segments }, 40, 500)).toBe(true)
  expect(mustSeal({ bytes: 7, ms: null }, limits, { segments }, 40, 500)).toBe(true)
  expect(mustSeal({ bytes: 7, ms: null }, limits, { segments }, 40, 499)).toBe(false)
  expect(mustSeal({ bytes: null, ms: 400 }, limits, { segments }, 40, 100)).toBe(true)
})

test('nothing is closed where all segments are; entries without a segment are put in a closed one', () => {
  const segments = view().segments.slice(0, 3)
  expect(mustSeal({ bytes: null, ms: 0 }, none, { segments }, 30, 0)).toBe(false)
  expect(mustSeal({ bytes: null, ms: 0 }, none, { segments }, 31, 0)).toBe(true)
  expect(mustSeal({ bytes: null, ms: 0 }, none, { segments: [] }, 1, 0)).toBe(true)
})

for (const [what, timestamp] of [
  ['of 1970', 0],
  ['of the far future', 4_102_444_800_000],
] as const) {
  test(`M41 records ${what} stay as long as all others, also through a restart`, async () => {
    const world = await TestWorld.start({
      settings: { retentionCheckMs: 100, sleepAfterMs: 600_000 },
      log: { segmentBytes: 1000, tailBytes: 64 << 10 },
      spec: () => ({ retention: { bytes: null, ms: 5000 } }),
    })
    const starts = () => world.brokers.map(({ id }) => world.group(id).logStart)
    for (let at = 0; at < 30; at += 1)
      await world.during(world.group(1).publish(batchOf([`<${at}>${'x'.repeat(90)}`], { timestamp })))
    await world.run(2000)
    await world.during(world.broker(2).close())
    await world.run(1000)
    await world.restart(2)
    await world.run(1000)
    expect(starts()).toEqual([0, 0, 0])
    await world.run(3000)
    // All but the records of the growing segment, which is closed late by a quarter of the time at most.
    for (const start of starts()) expect(start).toBeGreaterThan(15)
    await world.run(3000)
    expect(starts()).toEqual([30, 30, 30])
  })
}

test('segments of a topic are as large and as old as it says, while it runs; by size retention removes them then', async () => {
  const world = await TestWorld.start({
    settings: { retentionCheckMs: 100, sleepAfterMs: 600_000 },
    log: { segmentBytes: 1 << 20, tailBytes: 8 << 10 },
    spec: () => ({ retention: { bytes: 5000, ms: null } }),
  })
  const write = async () => {
    for (let at = 0; at < 30; at += 1) await world.during(world.group(1).publish(batchOf([`${at}${'x'.repeat(2000)}`])))
    await world.run(1000)
  }
  const starts = () => world.brokers.map(({ id }) => world.group(id).logStart)
  await write()
  expect(starts()).toEqual([0, 0, 0])
  for (const { id } of world.brokers) world.group(id).update({ segments: { bytes: 10_000, ms: null } })
  await world.run(1000)
  await write()
  for (const start of starts()) expect(start).toBeGreaterThan(29)
  const before = starts()
  for (const { id } of world.brokers) world.group(id).update({ segments: { bytes: null, ms: 1000 } })
  await world.run(3000)
  await write()
  await world.run(3000)
  for (const [at, start] of starts().entries()) expect(start).toBeGreaterThan(before[at]!)
})
