import { describe, expect, test } from 'vitest'
import { Acknowledgements } from '../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { ManualClock } from '../platform/testing/clock.ts'
import { openLogStorage } from './open.ts'
import { options } from './testing/small-log.ts'

const JOURNAL = options.journalFileBytes
/** Bytes of one batch of the backlog; enough batches wait to fill three rounds. */
const BACKLOG_BATCH = 2000
const BACKLOG = 60

/**
 * Rounds until an entry of one group is durable while another has a backlog of several rounds, which is refilled after
 * each round.
 */
async function roundsUntilDurable(directBytes: number, bytes: number, endlessMarks = false): Promise<number> {
  const clock = new ManualClock(0)
  const disk = new MemoryDisk({ pace: () => new Promise((resolve) => setImmediate(resolve)) })
  const storage = await openLogStorage(
    { disk: disk.mount(), clock, crc32c: nodeCrc32c },
    { ...options, segmentBytes: 1 << 20, tailBytes: 64 << 20, directBytes },
  )
  const acks = new Acknowledgements(storage)
  const [large, small] = [1, 2].map((id) => acks.writer(storage.create(id)))
  for (let i = 0; i < BACKLOG; i++) large!.write({ sizes: [BACKLOG_BATCH] })
  small!.write({ sizes: [bytes] })
  let removed = 100
  const before = storage.metrics.rounds
  const isDone = (): boolean => small!.acknowledged === small!.snapshots.length - 1
  for (let seen = before; !isDone(); seen = storage.metrics.rounds) {
    if (seen - before > 40) return Number.POSITIVE_INFINITY
    for (let turn = 0; turn < 2000 && storage.metrics.rounds === seen && !isDone(); turn++) {
      await clock.advance(0)
    }
    while (large!.snapshots.length - 1 - large!.acknowledged < BACKLOG) large!.write({ sizes: [BACKLOG_BATCH] })
    if (endlessMarks) {
      storage
        .create(++removed)
        .write({ hardState: { term: 1, votedFor: 1 }, truncateFrom: null, entries: [], payloads: [], ticket: 1 })
      void storage.remove(removed)
    }
  }
  return storage.metrics.rounds - before
}

describe('one group with a backlog larger than a round', () => {
  for (const directBytes of [4 << 10, 16 << 10, 1 << 20]) {
    for (const bytes of [10, 5000, JOURNAL / 2]) {
      test(`does not starve another one's ${bytes} bytes (directBytes ${directBytes})`, async () => {
        expect(await roundsUntilDurable(directBytes, bytes)).toBeLessThan(6)
      })
    }
  }

  test('nor do marks that come with every round', async () => {
    expect(await roundsUntilDurable(1 << 20, 28_000, true)).toBeLessThan(8)
  })
})

test('one group begins few segments a round: the others do not wait for the syncs of all its segments', async () => {
  const clock = new ManualClock(0)
  const disk = new MemoryDisk({ pace: () => new Promise((resolve) => setImmediate(resolve)) })
  const sizes = { segmentBytes: 4096, tailBytes: 64 << 20, directBytes: 2000 }
  const storage = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, { ...options, ...sizes })
  const acks = new Acknowledgements(storage)
  const [large, small] = [1, 2].map((id) => acks.writer(storage.create(id)))
  for (let i = 0; i < BACKLOG; i++) large!.write({ sizes: [5000] })
  small!.write({ sizes: [10] })
  let segments = 0
  disk.onOperation = (operation, path) => {
    if (operation === 'open' && path.endsWith('.log')) segments++
  }
  while (small!.acknowledged < small!.snapshots.length - 1) {
    await clock.advance(0)
  }
  expect(segments).toBeLessThan(10)
  expect(large!.acknowledged).toBeLessThan(BACKLOG / 2)
})
