import { type Offset, TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { FetchRequest, FetchResult } from '../../partition/requests.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import type { Delivery } from './delivery.ts'
import { PartitionEnds } from './partition-ends.ts'

const place = { topic: 't', topicId: 'id', partition: 0, replica: false }

class Reader {
  offset: Offset
  readonly got: Offset[] = []
  readonly dismissed: unknown[] = []
  readonly faults: unknown[] = []
  /** Whether it has room for what comes. */
  stays: boolean | Error = true
  looks = 0
  mayRead: boolean | Error = true

  constructor(offset: Offset) {
    this.offset = offset
  }

  deliver({ found, offset }: Delivery): boolean {
    expect(offset).toBe(this.offset)
    if (this.stays instanceof Error) throw this.stays
    if (!this.stays) return false
    this.offset = found.nextOffset
    this.got.push(found.nextOffset)
    return true
  }
  mayStay(): boolean {
    this.looks += 1
    if (this.mayRead instanceof Error) throw this.mayRead
    return this.mayRead
  }
  dismiss(error: unknown): void {
    this.dismissed.push(error)
  }
  fault(error: unknown): void {
    this.faults.push(error)
  }
}

let clock: ManualClock
let ends: PartitionEnds
/** The reads under way, the first one first. */
let asked: { request: FetchRequest; answer: (found: Partial<FetchResult>) => void; fail: (error: unknown) => void }[]

beforeEach(() => {
  clock = new ManualClock()
  asked = []
  const fetch = (_topic: string, _partition: number, request: FetchRequest) =>
    new Promise<FetchResult>((resolve, reject) => {
      const answer = (found: Partial<FetchResult>) => {
        const nextOffset = request.offset
        resolve({ batches: [], bytes: 0, nextOffset, highWatermark: nextOffset, logStart: 0, ...found })
      }
      asked.push({ request, answer, fail: reject })
    })
  ends = new PartitionEnds({ fetch }, clock)
})

const upTo = (nextOffset: Offset) => ({
  batches: [new Uint8Array(1)],
  bytes: 1,
  nextOffset,
  highWatermark: nextOffset,
})
const crowd = (count: number, offset: Offset) => {
  const readers = Array.from({ length: count }, () => new Reader(offset))
  const stood = readers.map((reader) => ends.stand(place, reader))
  expect(stood.every((end) => end !== null && end === stood[0])).toBe(true)
  return { readers, end: stood[0]! }
}

test('one read serves all that stand at an offset, in turns, and the next begins behind it', async () => {
  const { readers } = crowd(300, 5)
  expect(asked.map(({ request }) => request.offset)).toEqual([5])
  asked[0]!.answer(upTo(7))
  await settled()
  expect(readers.filter(({ offset }) => offset === 7)).toHaveLength(128)
  await clock.advance(0)
  expect(readers.every(({ got }) => got.length === 1 && got[0] === 7)).toBe(true)
  expect(asked.map(({ request }) => request.offset)).toEqual([5, 7])
})

test('who comes while others are served gets what is missing, once', async () => {
  crowd(300, 5)
  asked[0]!.answer(upTo(7))
  await settled()
  const [behind, level, ahead] = [new Reader(5), new Reader(7), new Reader(8)]
  expect([behind, level, ahead].map((reader) => ends.stand(place, reader) !== null)).toEqual([true, true, false])
  await clock.advance(0)
  expect([behind.got, level.got]).toEqual([[7], []])
  asked[1]!.answer(upTo(9))
  await clock.advance(0)
  expect([behind.got, level.got]).toEqual([[7, 9], [9]])
})

test('a reader without room goes, the others stay', async () => {
  const { readers, end } = crowd(3, 0)
  readers[1]!.stays = false
  asked[0]!.answer(upTo(1))
  await settled()
  expect(readers.map(({ got }) => got)).toEqual([[1], [], [1]])
  expect(end.readers.size).toBe(2)
})

test('the last one that leaves ends the read; the next one begins another', async () => {
  const { readers, end } = crowd(2, 0)
  for (const reader of readers) end.leave(reader)
  expect(asked[0]!.request.signal?.aborted).toBe(true)
  // Its answer is for nobody.
  asked[0]!.answer(upTo(1))
  await settled()
  expect(readers.map(({ got }) => got)).toEqual([[], []])
  expect(crowd(1, 3).end).not.toBe(end)
  expect(asked.map(({ request }) => request.offset)).toEqual([0, 3])
})

test('all that leave while they are served leave nothing behind', async () => {
  const { readers, end } = crowd(200, 0)
  asked[0]!.answer(upTo(1))
  await settled()
  for (const reader of readers) end.leave(reader)
  await clock.advance(0)
  expect(asked).toHaveLength(1)
  expect(crowd(1, 9).end).not.toBe(end)
})

test.each([
  ['an error', () => new TailraceError('UNKNOWN_TOPIC', 't'), (error: unknown) => error],
  ['nothing, before its time,', () => ({}), () => expect.objectContaining({ code: 'LEADER_UNAVAILABLE' })],
  ['rules that are not known here', () => ({ ...upTo(1), newerRules: true }), () => null],
])('%s sends all readers away', async (_, answer, told) => {
  const { readers } = crowd(2, 0)
  const answered = answer()
  if (answered instanceof Error) asked[0]!.fail(answered)
  else asked[0]!.answer(answered)
  await settled()
  for (const { dismissed, got } of readers) expect([dismissed, got]).toEqual([[told(answered)], []])
  expect(crowd(1, 0).end.readers.size).toBe(1)
})

test('when the time is over each is asked whether it may stay', async () => {
  const { readers } = crowd(2, 0)
  readers[0]!.stays = false
  await clock.advance(30_000)
  asked[0]!.answer({})
  await settled()
  expect(readers.map(({ got }) => got)).toEqual([[], [0]])
  expect(asked).toHaveLength(2)
})

test('where nothing comes one wait lasts, and each reader is asked every 30 s whether it may stay', async () => {
  const { readers, end } = crowd(300, 0)
  await clock.advance(30_000)
  asked[0]!.answer({})
  await clock.advance(0)
  expect(asked.map(({ request }) => request.waitMs)).toEqual([30_000, 600_000])
  readers[0]!.mayRead = false
  readers[1]!.mayRead = new Error('of ours')
  await clock.advance(570_000)
  expect(asked).toHaveLength(2)
  expect(readers.map(({ looks }) => looks)).toEqual([2, 2, ...Array.from({ length: 298 }, () => 20)])
  expect([end.readers.size, readers[1]!.faults.length]).toEqual([298, 1])
})

test('the last one that loses its right ends the read, and looks end with it', async () => {
  const { readers } = crowd(1, 0)
  readers[0]!.mayRead = false
  await clock.advance(300_000)
  expect([asked[0]!.request.signal?.aborted, readers[0]!.looks]).toEqual([true, 1])
})

test.each([
  ['behind the end', 7, { highWatermark: 5 }],
  ['where records come', 5, upTo(7)],
])('%s a wait is short again', async (_, offset, found) => {
  crowd(1, offset)
  await clock.advance(30_000)
  asked[0]!.answer(found)
  await clock.advance(0)
  expect(asked[1]!.request.waitMs).toBe(30_000)
})

test('after records the end of an idle partition is one where they come', async () => {
  crowd(1, 5)
  await clock.advance(30_000)
  asked[0]!.answer({})
  await clock.advance(0)
  asked[1]!.answer(upTo(7))
  await clock.advance(0)
  expect(asked.map(({ request }) => request.waitMs)).toEqual([30_000, 600_000, 30_000])
})

test('a mistake with one reader costs that one', async () => {
  const { readers } = crowd(3, 0)
  readers[1]!.stays = new Error('of ours')
  asked[0]!.answer(upTo(1))
  await settled()
  expect(readers.map(({ faults, got }) => [faults.length, got.length])).toEqual([
    [0, 1],
    [1, 0],
    [0, 1],
  ])
})

test('a read that fails before it has begun is told to the readers, also behind a delivery', async () => {
  let reads = 0
  const once = new PartitionEnds(
    {
      fetch: () => {
        if (reads++ > 0) throw new TailraceError('UNKNOWN_TOPIC', 't')
        return Promise.resolve({ ...upTo(1), logStart: 0 })
      },
    },
    clock,
  )
  const reader = new Reader(0)
  expect(once.stand(place, reader)).not.toBeNull()
  await settled()
  await clock.advance(0)
  expect([reader.got, reader.dismissed]).toMatchObject([[1], [{ code: 'UNKNOWN_TOPIC' }]])
})
