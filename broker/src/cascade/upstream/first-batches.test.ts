import { placeBatch } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { openLogStorage } from '../../log/open.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { batchOf } from '../../partition/testing/batches.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { CopiedPartition } from '../copies/copied-partition.ts'
import { ReadStarts } from '../copies/read-starts.ts'
import { FirstBatches } from './first-batches.ts'

const sizes = { journalFileBytes: 64 * 1024, segmentBytes: 16 * 1024, tailBytes: 64 * 1024, directBytes: 8 * 1024 }

function committed(base: number, ...values: string[]): Uint8Array {
  const batch = batchOf(values)
  placeBatch(batch, 0, base, 1)
  return batch
}

/** A copy whose log begins at 7, without records. */
async function emptyCopy() {
  const deps = { clock: promptClock, crc32c: nodeCrc32c }
  const options = { ...sizes, folder: 'log', diskReserveBytes: 0 }
  const storage = await openLogStorage({ ...deps, disk: new MemoryDisk().mount() }, options)
  const copy = new CopiedPartition({ ...deps, storage }, storage.create(1), { name: 'flights', id: 'F' }, 0)
  storage.onDurable = (_, ticket) => copy.onDurable(ticket)
  await copy.beginAt(7)
  const readStarts = new ReadStarts(new MemoryStore())
  let repaid = 0
  const failures: unknown[] = []
  const first = new FirstBatches({
    readStarts,
    take: (one, { body, repay }) => one.take(body, repay),
    failed: (_, error) => failures.push(error),
  })
  const come = (body: Uint8Array): boolean => first.hold(copy, { body, repay: (bytes) => (repaid += bytes) })
  return { storage, copy, readStarts, first, failures, come, repaid: () => repaid }
}

const [whole, next] = [committed(5, 'a', 'b', 'c'), committed(8, 'd')]

it('M88 what comes while the log begins with the first batch is taken behind it', async () => {
  const { copy, readStarts, first, failures, come, repaid } = await emptyCopy()
  expect(come(committed(7, 'x'))).toBe(false)
  expect([come(whole), first.has(copy), come(next)]).toEqual([true, true, true])
  while (copy.highWatermark < 9) await settled()
  expect([first.has(copy), copy.log.startOffset, copy.logStart, readStarts.of('F', 0)]).toEqual([false, 5, 7, 7])
  expect([failures, repaid(), come(committed(9, 'e'))]).toEqual([[], whole.length + next.length, false])
})

it('M88 if the log cannot begin there, or cannot take what came, the source is repaid and the caller told', async () => {
  const { storage, copy, first, failures, come, repaid } = await emptyCopy()
  const beginInstall = storage.beginInstall.bind(storage)
  storage.beginInstall = () => Promise.reject(new Error('no space'))
  expect([come(whole), come(next)]).toEqual([true, true])
  while (failures.length === 0) await settled()
  expect([repaid(), first.has(copy), copy.beginning, copy.logStart]).toEqual([
    whole.length + next.length,
    false,
    false,
    7,
  ])
  storage.beginInstall = beginInstall
  const rotten = next.slice()
  rotten[rotten.length - 1]! ^= 1
  for (const body of [whole, rotten, next]) expect(come(body)).toBe(true)
  while (failures.length === 1) await settled()
  expect(failures[1]).toMatchObject({ code: 'CORRUPT_BATCH' })
  while (copy.highWatermark < 8) await settled()
  // The rest comes again with the next subscription.
  expect([first.has(copy), copy.endOffset, copy.stopped]).toEqual([false, 8, ''])
})
