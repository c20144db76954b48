import { describe, expect, test } from 'vitest'
import { Acknowledgements, difference } from '../../../../test/conformance/log-writer.ts'
import { DiskError } from '../../platform/disk.ts'
import type { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { openLogStorage } from '../open.ts'
import { journalOnly, open, options } from '../testing/small-log.ts'
import { readDurableMark } from './durable-mark.ts'

const MARK = 'log/durable'

/** All writes in flight have reached the disk, the mark included; then the process is killed. */
async function killed() {
  const { disk, writers, path, to } = await journalOnly()
  await settled()
  await (await disk.open(MARK)).sync()
  disk.crash(() => 0)
  return { disk, writers, path, to }
}

async function zero(disk: MemoryDisk, path: string, from: number, to: number): Promise<void> {
  const file = await disk.open(path)
  await file.write([new Uint8Array(to - from)], from)
  await file.sync()
}

const damages = async (disk: MemoryDisk) => {
  const storage = await open(disk)
  return { storage, damaged: [1, 2].map((id) => storage.group(id)!.damage !== null) }
}

test('the last block that is found is the one that the mark names, or as many fewer as are lost', async () => {
  // The last round has one block, the one before it two, of which neither stands for the round alone.
  for (const [blocks, lost] of [
    [0, 0],
    [1, 1],
    [2, 3],
  ] as const) {
    const { disk, path, to } = await killed()
    const mark = await readDurableMark(disk, 'log', nodeCrc32c)
    await zero(disk, path, to - blocks * 4096, to)
    expect((await open(disk)).recoveredBlock).toBe(mark! - lost)
  }
})

describe('writes at the end of the journal that the disk had confirmed and lost', () => {
  test.each([1, 2, 3])('%i blocks: every group is damaged, and stays so until it is repaired', async (blocks) => {
    const { disk, writers, path, to } = await killed()
    await zero(disk, path, to - blocks * 4096, to)
    const { storage, damaged } = await damages(disk)
    expect(damaged).toEqual([true, true])
    expect(storage.mayHaveForgotten).toBe(true)
    await settled()
    disk.crash(() => 0)
    const second = await damages(disk)
    expect(second.damaged).toEqual([true, true])
    const acks = new Acknowledgements(second.storage)
    for (const { now } of writers) {
      const log = second.storage.group(writers.findIndex((writer) => writer.now === now) + 1)!
      acks.writer(log, { hardState: log.hardState, entries: now.entries.slice(0, log.lastIndex) })
      log.repaired()
    }
    await settled()
    disk.crash(() => 0)
    expect((await damages(disk)).damaged).toEqual([false, false])
  })

  test('are known from then on, even if the start that has found the loss is killed at any place', async () => {
    for (let operations = 0; ; operations++) {
      const { disk, path, to } = await killed()
      await zero(disk, path, to - 4096, to)
      disk.haltAfter(operations)
      let opened = false
      void open(disk).then(() => (opened = true))
      for (let turn = 0; turn < 40; turn++) await settled()
      disk.crash(() => 0)
      const { storage, damaged } = await damages(disk)
      expect({ operations, damaged, doubt: storage.mayHaveForgotten }).toEqual({
        operations,
        damaged: [true, true],
        doubt: true,
      })
      if (opened) return
    }
  })

  test('a journal file that a person has deleted', async () => {
    const { disk, path } = await killed()
    await disk.remove(path)
    await disk.syncFolder('log/journal')
    const storage = await open(disk)
    // The groups were mentioned nowhere else.
    expect(storage.mayHaveForgotten).toBe(true)
  })

  test('without the mark the loss is not noticed (control)', async () => {
    const { disk, path, to } = await killed()
    await zero(disk, path, to - 4096, to)
    await disk.remove(MARK)
    const { storage, damaged } = await damages(disk)
    expect(damaged).toEqual([false, false])
    expect(storage.mayHaveForgotten).toBe(false)
  })
})

describe('the mark proves no loss', () => {
  test('in a journal that has all blocks that it names', async () => {
    const { disk, writers } = await killed()
    const { storage, damaged } = await damages(disk)
    expect(damaged).toEqual([false, false])
    expect(await difference(storage.group(2)!, writers[1]!.now)).toBeNull()
  })

  test('when it has rotted', async () => {
    for (const byte of [0, 4, 9]) {
      const { disk, path, to } = await killed()
      await zero(disk, path, to - 4096, to)
      disk.flip(MARK, byte, 2)
      expect((await damages(disk)).damaged).toEqual([false, false])
    }
  })

  test('in a round that a loss of power tears at any place before its sync', async () => {
    for (let at = 1; at < 12; at++) {
      const { disk, writers } = await journalOnly()
      disk.crash(() => 0)
      const storage = await open(disk)
      const acks = new Acknowledgements(storage)
      disk.haltAfter(at)
      acks.writer(storage.group(1)!, writers[0]!.now).write({ sizes: [5000] })
      for (let turn = 0; turn < 20; turn++) await settled()
      let draws = at
      disk.crash((bound) => (draws++ * 7) % bound)
      expect((await damages(disk)).damaged).toEqual([false, false])
    }
  })
})

describe('the cost of the mark', () => {
  /** Writes to the mark, and syncs of it. */
  function counted(disk: MemoryDisk) {
    const counts = { write: 0, sync: 0 }
    disk.onOperation = (operation, path) => {
      if (path === MARK && (operation === 'write' || operation === 'sync')) counts[operation]++
    }
    return counts
  }

  test('one write when rounds come to an end, none between them, and one sync when all is still', async () => {
    const { disk, writers } = await killed()
    const clock = new ManualClock(0)
    const storage = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, options)
    const acks = new Acknowledgements(storage)
    const writer = acks.writer(storage.group(1)!, writers[0]!.now)
    const counts = counted(disk)
    const before = storage.metrics.rounds
    for (let n = 0; n < 20; n++) {
      writer.write({ sizes: [50] })
      // Before the present round is durable the next one waits already.
      while (storage.metrics.rounds - before < n) await clock.advance(0, settled)
    }
    await clock.advance(0, settled)
    await clock.advance(10, settled)
    expect(counts.sync).toBe(0)
    expect(counts.write).toBeLessThanOrEqual(storage.metrics.rounds - before)
    await clock.advance(1000, settled)
    expect(counts.sync).toBe(1)
    const { write } = counts
    await clock.advance(60_000, settled)
    expect(counts).toEqual({ write, sync: 1 })
    await storage.close()
  })

  test('rounds with pauses between them share writes; the last one is marked soon, and before a close ends', async () => {
    const { disk, writers } = await killed()
    const clock = new ManualClock(0)
    const storage = await openLogStorage({ disk: disk.mount(), clock, crc32c: nodeCrc32c }, options)
    const writer = new Acknowledgements(storage).writer(storage.group(1)!, writers[0]!.now)
    const counts = counted(disk)
    for (let n = 0; n < 30; n++) {
      writer.write({ sizes: [50] })
      await clock.advance(1, settled)
    }
    expect(writer.acknowledged).toBe(writer.snapshots.length - 1)
    expect(counts).toEqual({ write: 3, sync: 0 })
    expect(await readDurableMark(disk, 'log', nodeCrc32c)).toBeLessThan(storage.durableBlock)
    await clock.advance(10, settled)
    expect(await readDurableMark(disk, 'log', nodeCrc32c)).toBe(storage.durableBlock)
    await clock.advance(1000 - 40, settled)
    expect(counts.sync).toBe(1)
    writer.write({ sizes: [50] })
    await clock.advance(1, settled)
    await storage.close()
    expect(await readDurableMark(disk, 'log', nodeCrc32c)).toBe(storage.durableBlock)
  })

  test('a full disk works without it', async () => {
    const { disk, writers } = await killed()
    const storage = await open(disk)
    let failure: Error | null = null
    storage.onFailure = (error) => {
      failure = error
    }
    disk.onOperation = (operation, path) => {
      if (path === MARK && operation === 'write') throw new DiskError('full', 'no space')
    }
    const writer = new Acknowledgements(storage).writer(storage.group(1)!, writers[0]!.now)
    writer.write({ sizes: [50] })
    await settled()
    await settled()
    expect([failure, writer.acknowledged]).toEqual([null, writer.snapshots.length - 1])
  })
})

test('a journal file that a killed process had just created is made durable before rounds go there', async () => {
  for (let rounds = 1; rounds <= 12; rounds++) {
    const { disk, writers } = await journalOnly()
    disk.crash(() => 0)
    // The process was killed then: the kernel knows of the new file, and the disk does not. By its name the file is the
    // one to be used next.
    await disk.open('log/journal/00000000.journal')
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.group(1)!, writers[0]!.now)
    for (let n = 0; n < rounds; n++) {
      writer.write({ sizes: [50] })
      await settled()
    }
    disk.crash(() => 0)
    const { storage: again, damaged } = await damages(disk)
    expect(damaged).toEqual([false, false])
    expect(await difference(again.group(1)!, writer.now)).toBeNull()
  }
})

test.each([2, 3, 9])(
  'a mark of version %i is refused by its number, and one whose checksum is wrong is none',
  async (version) => {
    const { disk } = await killed()
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setUint32(4, ((0x30 + version) << 24) | 0x4d_52_54, true)
    view.setUint32(0, nodeCrc32c(bytes, 4, 16), true)
    const file = await disk.open(MARK)
    await file.write([bytes], 0)
    await expect(readDurableMark(disk, 'log', nodeCrc32c)).rejects.toMatchObject({
      code: 'NEWER_FORMAT',
      message: expect.stringContaining(`(${MARK}) has version ${version};`),
    })
    await file.write([bytes.subarray(0, 1).map((byte) => byte ^ 1)], 0)
    expect(await readDurableMark(disk, 'log', nodeCrc32c)).toBe(null)
  },
)
