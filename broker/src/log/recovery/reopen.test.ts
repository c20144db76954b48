import { cp, mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Acknowledgements, difference, recordsBatch } from '../../../../test/conformance/log-writer.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeDisk } from '../../platform/node/disk.ts'
import type { LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'

const MIB = 1024 * 1024
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-reopen-'))
  folders.push(folder)
  return folder
}

function open(folder: string, journalFileBytes = 16 * MIB): Promise<LogStorage> {
  const options = {
    journalFileBytes,
    segmentBytes: 32 * MIB,
    tailBytes: 16 * MIB,
    directBytes: 512 * 1024,
    diskReserveBytes: 0,
  }
  return openLogStorage({ disk: nodeDisk, clock: nodeClock, crc32c: nodeCrc32c }, { ...options, folder })
}

test('a partition of 128 MB opens at once: sealed segments are not read', async () => {
  const folder = await newFolder()
  const storage = await open(folder)
  const log = storage.create(1)
  let done = (): void => {}
  storage.onDurable = () => done()
  const template = recordsBatch(0, 1, 1, 32 * 1024, 1000)
  for (let ticket = 1; log.sizeBytes < 128 * MIB; ticket++) {
    const entries = []
    const payloads = []
    for (let i = 0; i < 8; i++) {
      const batch = Buffer.from(template)
      const baseOffset = log.endOffset + i
      batch.writeBigInt64BE(BigInt(baseOffset), 0)
      const index = log.lastIndex + 1 + i
      entries.push({ index, term: 1, kind: 0 as const, baseOffset, lastOffset: baseOffset, bytes: batch.length })
      payloads.push(batch)
    }
    const durable = new Promise<void>((resolve) => {
      done = resolve
    })
    log.write({ hardState: null, truncateFrom: null, entries, payloads, ticket })
    await durable
  }
  // As a kill leaves it, while the writer is still running: nothing is flushed or closed for us.
  const copy = await newFolder()
  await cp(folder, copy, { recursive: true })
  const last = log.endOffset
  await storage.close()
  const start = performance.now()
  const again = await open(copy)
  expect(performance.now() - start).toBeLessThan(2000)
  const found = again.group(1)!
  expect(found).toMatchObject({ endOffset: last, damage: null })
  for (const offset of [0, Math.floor(last / 2), last - 1]) {
    expect((await found.readRecords(offset, last, 1)).nextOffset).toBe(offset + 1)
  }
  await again.close()
})

test('on the disk of the machine: a journal that is cut off loses nothing before the cut, and says so if it was durable', async () => {
  const folder = await newFolder()
  const storage = await open(folder, 64 * 1024)
  const acks = new Acknowledgements(storage)
  const writer = acks.writer(storage.create(1))
  const vote = { term: 1, votedFor: 1 }
  await acks.durable(writer, writer.write({ vote, sizes: [100] }))
  for (const size of [6000, 300]) await acks.durable(writer, writer.write({ sizes: [size] }))
  // Blocks: opening, first round, two for the second, third.
  for (const [bytes, entries] of [
    [5 * 4096, 3],
    [4 * 4096, 2],
    [3 * 4096, 1],
    [2 * 4096, 1],
  ] as const) {
    const copy = await newFolder()
    await cp(folder, copy, { recursive: true })
    await truncate(join(copy, 'journal', '00000001.journal'), bytes)
    const unmarked = await newFolder()
    await cp(copy, unmarked, { recursive: true })
    await rm(join(unmarked, 'durable'))
    const kept = { ...writer.now, entries: writer.now.entries.slice(0, entries) }
    for (const [at, damaged] of [
      [copy, bytes < 5 * 4096],
      // Nothing says that the round was durable: a loss of power leaves a round like this while it is being written.
      [unmarked, false],
    ] as const) {
      const again = await open(at, 64 * 1024)
      const log = again.group(1)!
      expect(log.damage !== null).toBe(damaged)
      expect(await difference(log, kept)).toBeNull()
      await again.close()
    }
  }
  await storage.close()
})
