import { EntryKind } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { LogState } from './log-state.ts'
import { type PendingWrite, PendingWrites } from './pending-writes.ts'
import type { SegmentOp, SegmentSet } from './segment/segment-set.ts'
import { TailChunk } from './tail/tail-chunk.ts'

const limits = {
  directBytes: 5_000,
  mostDirectBytes: 10_000,
  journalCapacity: 64_000,
  roundBytes: 64_000,
  fileCapacity: 65_000,
}

function chunkOf(index: number, bytes: number): TailChunk {
  const header = { index, term: 1, kind: EntryKind.Records, baseOffset: index, lastOffset: index, bytes }
  return new TailChunk([header as never], [new Uint8Array(bytes)], [], [], { evict() {} }, 0)
}

test('a chunk that was to go to its segment goes there when the disk has room again, however few bytes are left', () => {
  const queued: SegmentOp[] = []
  const segments = {
    push: (op: SegmentOp) => void queued.push(op),
    queued: 0,
    isSynced: () => true,
  } as unknown as SegmentSet
  const pending = new PendingWrites(7, 1, new LogState(), segments)
  const write = (chunk: TailChunk): PendingWrite => ({ hardState: null, cut: null, chunk, prefix: null, ticket: 0 })
  const [first, second] = [chunkOf(1, 4_000), chunkOf(2, 2_000)]
  for (const chunk of [first, second]) pending.push(write(chunk))
  expect(pending.selectDirect(limits)).toBe(true)
  expect(queued).toEqual([first, second])
  // The segment took the first, and then the disk was full: less than directBytes waits.
  first.position = 0
  const writer = { mark() {}, reference() {}, entry() {}, configuration() {} }
  pending.stage({ empty: true, contentBytes: 0, entries: 0 } as never, writer as never, limits)
  expect(pending.bytes).toBe(2_000)
  // Without this the round would take nothing, and no later one either.
  expect(pending.selectDirect(limits)).toBe(true)
  expect(queued).toEqual([first, second])
  second.position = 4_000
  pending.stage({ empty: true, contentBytes: 0, entries: 0 } as never, writer as never, limits)
  expect(pending.empty).toBe(true)
  expect(pending.selectDirect(limits)).toBe(false)
})
