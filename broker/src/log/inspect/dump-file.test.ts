import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { journalOnly, open } from '../testing/small-log.ts'
import { dumpFile } from './dump-file.ts'
import type { DumpedItem } from './dumped-item.ts'

async function dump(disk: MemoryDisk, path: string): Promise<DumpedItem[]> {
  const items: DumpedItem[] = []
  for await (const item of dumpFile(disk, path, nodeCrc32c)!) items.push(item)
  return items
}

/** A log of one group with several segments, closed. */
async function closed() {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  writer.write({ vote: { term: 2, votedFor: 1 }, control: 'term', sizes: [50] })
  for (let i = 0; i < 30; i++) {
    writer.write({ sizes: [1500] })
    await settled()
  }
  await storage.close()
  const paths = disk.paths().sort()
  return { disk, writer, segments: paths.filter((path) => path.endsWith('.log')), paths }
}

test('the segments of a log together are its entries, in order, with the bytes of their batches', async () => {
  const { disk, writer, segments } = await closed()
  const items = (await Promise.all(segments.map((path) => dump(disk, path)))).flat()
  expect(segments.length).toBeGreaterThan(2)
  expect(items.map(({ fields }) => [fields.index, fields.term, fields.bytes, fields.crc])).toEqual(
    writer.now.entries.map(({ header }) => [header.index, header.term, header.bytes, 'ok']),
  )
  expect(items[0]!.fields.entry).toBe('term-start')
  expect(items[1]).toMatchObject({
    position: items[0]!.fields.bytes,
    endOffset: writer.now.entries[1]!.header.lastOffset + 1,
  })
  expect(Buffer.from(items[1]!.batch!)).toEqual(Buffer.from(writer.now.entries[1]!.batch))
})

test('a batch that has rotted is printed with a wrong checksum and no records, and the next ones after it', async () => {
  const { disk, segments } = await closed()
  const before = await dump(disk, segments[1]!)
  disk.flip(segments[1]!, 100, 1)
  const after = await dump(disk, segments[1]!)
  expect(after[0]).toMatchObject({ fields: { index: before[0]!.fields.index, crc: 'wrong' } })
  expect(after[0]!.batch).toBeUndefined()
  expect(after.slice(1)).toEqual(before.slice(1))
})

test('control entries are printed with what they say, in segments and in the journal', async () => {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  for (const control of ['term', 'configuration', 'fence', 'deletion'] as const) writer.write({ control, sizes: [10] })
  await settled()
  await storage.close()
  const said = [{ leader: 1 }, { json: '{"made":3}' }, { fence: 7 }, { before: 3 }]
  for (const path of disk.paths().filter((name) => /(00\.log|1\.journal)$/.test(name))) {
    const controls = (await dump(disk, path)).filter(({ fields }) => (fields.entry ?? 'records') !== 'records')
    expect(controls.map(({ fields }) => fields)).toMatchObject(said)
  }
})

test('where no batch follows the dump ends with that place', async () => {
  const { disk, segments } = await closed()
  const file = await disk.open(segments[0]!)
  await file.truncate((await file.size()) - 7)
  expect((await dump(disk, segments[0]!)).at(-1)).toMatchObject({ kind: 'damage' })
})

test('a journal is printed record by record; of a rotten round what proves itself', async () => {
  const { disk, path, from, writers } = await journalOnly()
  const items = await dump(disk, path)
  expect(items.slice(0, 3).map(({ kind }) => kind)).toEqual(['open', 'create', 'hard-state'])
  for (const [at, writer] of writers.entries()) {
    const entries = items.filter(({ kind, group }) => kind === 'entry' && group === at + 1)
    const { entries: written } = writer.now
    expect(entries.map(({ fields }) => [fields.index, fields.bytes, fields.crc])).toEqual(
      written.map(({ header }) => [header.index, header.bytes, 'ok']),
    )
  }
  disk.flip(path, from + 4096 + 150, 1)
  const damaged = await dump(disk, path)
  expect(damaged.filter(({ kind }) => kind === 'damage').map(({ position }) => position)).toContain(from + 4096)
  expect(damaged.filter(({ group }) => group === 2)).toEqual(items.filter(({ group }) => group === 2))
})

test('rounds of an earlier use of the file say so', async () => {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  writer.write({ vote: { term: 1, votedFor: 1 } })
  for (let i = 0; i < 60; i++) {
    writer.write({ sizes: [2000] })
    await settled()
  }
  const uses = await Promise.all(
    disk
      .paths()
      .filter((path) => path.endsWith('.journal'))
      .map(async (path) => {
        const items = (await dump(disk, path)).filter(({ kind }) => kind !== 'damage')
        return { now: items.filter(({ fields }) => fields.earlierUse === undefined), items }
      }),
  )
  const indexes = uses.flatMap(({ now }) =>
    now.filter(({ kind }) => kind === 'entry').map(({ fields }) => fields.index),
  )
  // No entry is in the present use of two files.
  expect(new Set(indexes).size).toBe(indexes.length)
  expect(uses.some(({ now, items }) => items.length > now.length)).toBe(true)
})

test('an index, the checkpoints and the mark are printed, also where they have rotted', async () => {
  const { disk, segments } = await closed()
  const index = segments[0]!.replace(/log$/, 'index')
  expect((await dump(disk, index))[0]).toMatchObject({ kind: 'place', fields: { index: 1, position: 0, crc: 'ok' } })
  disk.flip(index, 3, 1)
  expect(await dump(disk, index)).toMatchObject([{ fields: { crc: 'wrong' } }])
  const newest = await Promise.all(['a', 'b'].map((name) => dump(disk, `log/checkpoint-${name}`)))
  expect(newest.map(([head]) => head!.kind)).toEqual(['checkpoint', 'checkpoint'])
  const group = newest.flat().find(({ kind, fields }) => kind === 'group' && fields.lastIndex === 32)
  expect(group!.fields).toMatchObject({ group: 1, term: 2, votedFor: 1, terms: [[1, 1]], quarantine: null })
  expect(group!.fields.segments).toHaveLength(segments.length)
  disk.flip('log/checkpoint-a', 80, 1)
  expect(await dump(disk, 'log/checkpoint-a')).toMatchObject([{ kind: 'damage' }])
  expect(await dump(disk, 'log/durable')).toMatchObject([{ kind: 'durable', fields: { block: expect.any(Number) } }])
  disk.flip('log/durable', 9, 1)
  expect(await dump(disk, 'log/durable')).toMatchObject([{ kind: 'damage' }])
})

test('files that are none of a log are not read; those of a newer version are refused', async () => {
  const { disk, segments } = await closed()
  for (const path of ['log/kept-room', 'identity.json', 'x.log']) expect(dumpFile(disk, path, nodeCrc32c)).toBeNull()
  expect(() => dumpFile(disk, `${segments[0]}2`, nodeCrc32c)).toThrow(/has version 2/)
  for (const name of ['.corrupt', '.held-3']) {
    await disk.rename(segments[0]!, `${segments[0]}${name}`)
    expect((await dump(disk, `${segments[0]}${name}`)).length).toBeGreaterThan(3)
    await disk.rename(`${segments[0]}${name}`, segments[0]!)
  }
})

test('whatever one bit of a file becomes, the dump of it ends', async () => {
  const { disk, paths } = await closed()
  for (const path of paths) {
    if (dumpFile(disk, path, nodeCrc32c) === null) continue
    const size = (await disk.size(path))!
    for (let at = 0; at < size; at += Math.max(1, Math.ceil(size / 61))) {
      disk.flip(path, at, at % 8)
      expect((await dump(disk, path)).length).toBeGreaterThan(0)
      disk.flip(path, at, at % 8)
    }
  }
})
