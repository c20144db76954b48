import { beforeEach, describe, expect, it } from 'vitest'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { CopySource, type CopySourceDeps } from './copy-source.ts'

const IDLE_MS = 400
const text = 'the state'
let clock: ManualClock
let source: CopySource
let closed = 0
let copiedBytesOut = () => 0

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  closed = 0
  const metrics = { copiedBytesOut: 0 }
  copiedBytesOut = () => metrics.copiedBytesOut
  const deps = { clock, crc32c: nodeCrc32c, metrics, copyIdleMs: IDLE_MS, maxChunkBytes: 4 }
  source = new CopySource(deps as unknown as CopySourceDeps)
})

/** A replica with a state machine as of entry `index`, which is of term 3; its log begins after `prevIndex`. */
function replica(index: number, { id = 1, prevIndex = 0 } = {}) {
  const readEntries = (at: number) => ({ headers: [{ index: at, lastOffset: at }], payloads: [] })
  const terms = [{ term: 3, index: 0, offset: 0 }]
  const log = {
    group: id,
    prevIndex,
    prevTerm: 3,
    startOffset: 0,
    lastIndex: 99,
    terms,
    configurations: [],
    readEntries,
  }
  const take = async () => ({
    index,
    async *chunks() {
      yield new TextEncoder().encode(text)
    },
    close: async () => void closed++,
  })
  return { id, driver: { log, state: {} }, spec: { stateMachine: { snapshots: { take } } } } as never
}

const pass = (ms: number) => clock.advance(ms, settled)
const opening = (lastIndex: number, lastTerm = 3) => ({ correlation: 0, group: 1, lastIndex, lastTerm })
const reading = (copy: number, position: number, maxBytes = 100) => {
  return source.answerRead({ correlation: 0, copy, file: '#state', position, maxBytes })
}
const open = async (from: number, index: number) =>
  (await source.answerOpen(from, replica(index), opening(index))).fields.copy

describe('M54 a copy that others fetch', () => {
  it('is made once for all that ask at the same time, and again when the log begins after it', async () => {
    const places = await Promise.all([source.offer(replica(5)), source.offer(replica(6))])
    expect([places, source.open]).toEqual([
      [
        { index: 5, term: 3 },
        { index: 5, term: 3 },
      ],
      1,
    ])
    expect(await source.offer(replica(7, { prevIndex: 5 }))).toEqual({ index: 5, term: 3 })
    expect(await source.offer(replica(7, { prevIndex: 6 }))).toEqual({ index: 7, term: 3 })
    expect(await source.offer(replica(8, { id: 2 }))).toEqual({ index: 8, term: 3 })
  })

  it('is read in pieces no larger than the broker gives, with a checksum', async () => {
    const copy = await open(2, 5)
    const { fields, body } = await reading(copy, 4)
    expect(new TextDecoder().decode(body[0])).toBe('stat')
    expect(fields.crc32c).toBe(nodeCrc32c(body[0]!, 0, 4))
    expect((await reading(copy, 4, 2)).body[0]).toHaveLength(2)
    expect(copiedBytesOut()).toBe(6)
    for (const [position, maxBytes] of [
      [-1, 1],
      [0, 0],
    ] as const) {
      await expect(reading(copy, position, maxBytes)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
    await expect(reading(copy + 1, 0)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('is refused where it ends before the wanted entry, or in another term', async () => {
    const behind = { code: 'NOT_CAUGHT_UP' }
    await expect(source.answerOpen(2, replica(5), opening(6))).rejects.toMatchObject(behind)
    await expect(source.answerOpen(2, replica(5), opening(5, 4))).rejects.toMatchObject(behind)
    expect(await source.answerOpen(2, replica(5), opening(4, 4))).toHaveProperty('fields.copy')
  })

  it('is closed when all readers have said that they are done', async () => {
    const copy = await open(2, 5)
    expect(await open(3, 5)).toBe(copy)
    source.answerClose(2, { correlation: 0, copy, damaged: false })
    expect([source.open, source.groupOf(copy)]).toEqual([1, 1])
    source.answerClose(3, { correlation: 0, copy, damaged: false })
    expect([source.open, source.groupOf(copy), closed]).toEqual([0, undefined, 1])
  })

  it('is closed when it has not been asked for during the time that is set, and not before', async () => {
    const copy = await open(2, 5)
    await pass(150)
    await reading(copy, 0)
    await pass(IDLE_MS + 49)
    expect(source.open).toBe(1)
    await pass(100)
    expect([source.open, closed]).toEqual([0, 1])
    // The sweep begins again with the next copy.
    await open(2, 6)
    await pass(IDLE_MS)
    expect([source.open, closed]).toEqual([0, 2])
  })

  it('is closed with its group, and with the broker, which makes no more', async () => {
    await source.offer(replica(5))
    await source.offer(replica(5, { id: 2 }))
    source.forget(2)
    expect([source.open, closed]).toEqual([1, 1])
    source.close()
    expect([source.open, closed]).toEqual([0, 2])
    await expect(source.offer(replica(5))).rejects.toMatchObject({ code: 'CLOSED' })
    expect([source.open, closed]).toEqual([0, 3])
  })
})
