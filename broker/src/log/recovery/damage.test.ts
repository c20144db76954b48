import { describe, expect, test } from 'vitest'
import { Acknowledgements, difference, type LogWriter } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import type { LogStorage } from '../log-storage.ts'
import { journalOnly, open } from '../testing/small-log.ts'

describe('damage', () => {
  async function damagedStorage(): Promise<{ disk: MemoryDisk; storage: LogStorage; writers: LogWriter[] }> {
    const { disk, writers, path, from } = await journalOnly()
    disk.crash(() => 0)
    // In the first entry's batch of the third round: its record header still names the group.
    disk.flip(path, from + 150, 3)
    return { disk, storage: await open(disk), writers }
  }

  test('is told for the damaged group, and for no other', async () => {
    const { storage, writers } = await damagedStorage()
    expect(storage.group(1)!.damage).toMatchObject({ fromIndex: 2 })
    expect(storage.group(2)!.damage).toBeNull()
    expect(await difference(storage.group(2)!, writers[1]!.now)).toBeNull()
  })

  test('stays until the log is repaired, through checkpoints and crashes, and is gone afterwards', async () => {
    const { disk, storage, writers } = await damagedStorage()
    const acks = new Acknowledgements(storage)
    const writer = acks.writer(storage.group(1)!, {
      hardState: storage.group(1)!.hardState,
      entries: writers[0]!.now.entries.slice(0, 1),
    })
    writer.write({ vote: { term: 7, votedFor: 0 } })
    await settled()
    disk.crash(() => 0)
    const second = await open(disk)
    expect(second.group(1)!.damage).toMatchObject({ fromIndex: 2 })
    expect(await difference(second.group(1)!, writer.now)).toBeNull()
    const acksOfSecond = new Acknowledgements(second)
    const repairing = acksOfSecond.writer(second.group(1)!, writer.now)
    repairing.write({ term: 7, sizes: [60, 4500] })
    repairing.log.repaired()
    await settled()
    disk.crash(() => 0)
    const third = await open(disk)
    expect(third.group(1)!.damage).toBeNull()
    expect(await difference(third.group(1)!, repairing.now)).toBeNull()
    await third.close()
    expect((await open(disk)).group(1)!.damage).toBeNull()
  })

  test('of a batch whose header says wrong offsets begins at that batch, not at the sound one after it', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    writer.write({ vote: { term: 1, votedFor: 1 }, sizes: [50, 60, 70, 80] })
    await settled()
    await storage.close()
    const [folder] = await disk.list('log/groups')
    const segment = (await disk.list(`log/groups/${folder}`)).find((name) => name.endsWith('.log'))
    const [first, second] = writer.now.entries.map(({ header }) => header.bytes)
    const lastOffsetDelta = 23
    disk.flip(`log/groups/${folder}/${segment}`, first! + second! + lastOffsetDelta + 2, 4)
    const again = (await open(disk)).group(1)!
    expect([again.damage?.fromIndex, again.lastIndex]).toEqual([3, 2])
  })

  test('that is told from outside is durable: the entries from the named one on are gone', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    writer.write({ vote: { term: 1, votedFor: 1 }, sizes: [50, 60, 70] })
    await settled()
    const [kept, lost] = writer.now.entries
    writer.log.lose(2, lost!.header.baseOffset, 'told so')
    await settled()
    disk.crash(() => 0)
    const again = (await open(disk)).group(1)!
    expect(again.damage).toEqual({ fromIndex: 2, reason: 'told so' })
    expect(await difference(again, { hardState: writer.now.hardState, entries: [kept!] })).toBeNull()
  })

  test('of a segment that is read: the batch is refused and never served', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    for (let i = 0; i < 12; i++) {
      writer.write({ sizes: [3000] })
      await settled()
    }
    await storage.close()
    const again = await open(disk)
    const path = disk.paths().find((candidate) => candidate.endsWith('.log'))!
    for (const [position, bit] of [
      [3, 1],
      [9, 2],
      [14, 0],
      [16, 3],
      [18, 1],
      [500, 7],
    ] as const) {
      disk.flip(path, position, bit)
      await expect((async () => again.group(1)!.readEntries(1, 100))()).rejects.toMatchObject({
        code: 'STORAGE_CORRUPT',
      })
      await expect((async () => again.group(1)!.readRecords(0, 5, 100))()).rejects.toMatchObject({
        code: 'STORAGE_CORRUPT',
      })
      disk.flip(path, position, bit)
      expect((await again.group(1)!.readEntries(1, 100)).headers.length).toBe(1)
    }
  })

  test('of an index file, or its loss: the index is made anew', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    for (let i = 0; i < 40; i++) {
      writer.write({ sizes: [1000] })
      await settled()
    }
    await storage.close()
    const paths = disk.paths().filter((path) => path.endsWith('.index'))
    expect(paths.length).toBeGreaterThan(1)
    disk.flip(paths[0]!, 5, 3)
    for (const path of paths.slice(1)) await disk.remove(path)
    const again = await open(disk)
    expect(again.group(1)!.damage).toBeNull()
    expect(await difference(again.group(1)!, writer.now)).toBeNull()
  })

  test('of one checkpoint leaves the other; with both damaged nothing can be opened', async () => {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    writer.write({ vote: { term: 4, votedFor: 1 }, sizes: [1000] })
    await settled()
    await storage.close()
    disk.flip('log/checkpoint-b', 60, 1)
    const again = await open(disk)
    expect(await difference(again.group(1)!, writer.now)).toBeNull()
    await again.close()
    disk.flip('log/checkpoint-a', 60, 1)
    disk.flip('log/checkpoint-b', 60, 1)
    await expect(open(disk)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  })
})

test('a checkpoint that was written wrongly counts as lost, even with a right checksum', async () => {
  for (const [right, wrong] of [
    ['"hardState":[4,1]', '"hardState":[4,null]'],
    ['"terms":[[', '"terms":[{'],
    ['"segments":[', '"segments":7,"s":['],
    ['"configurations":[[1,', '"configurations":[["1",'],
    ['"groups":[{', '"groups":[null,{'],
  ] as const) {
    const disk = new MemoryDisk()
    const storage = await open(disk)
    const writer = new Acknowledgements(storage).writer(storage.create(1))
    writer.write({ vote: { term: 4, votedFor: 1 }, control: 'configuration', sizes: [1000] })
    await settled()
    await storage.close()
    const file = await disk.open('log/checkpoint-b')
    const text = new Uint8Array(await file.size())
    await file.read(text, 0)
    const [, json] = new TextDecoder().decode(text).split('\n')
    expect(json).toContain(right)
    const body = new TextEncoder().encode(json!.replace(right, wrong))
    const head = `tailrace-checkpoint-1 ${body.length} ${nodeCrc32c(body, 0, body.length)}\n`
    await file.write([new TextEncoder().encode(head), body], 0)
    const again = await open(disk)
    expect(await difference(again.group(1)!, writer.now)).toBeNull()
    await again.close()
  }
})
