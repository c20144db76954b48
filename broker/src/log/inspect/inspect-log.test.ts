import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../../test/conformance/log-writer.ts'
import { DiskError } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { journalOnly, open } from '../testing/small-log.ts'
import type { Finding } from './finding.ts'
import { inspectLog } from './inspect-log.ts'

/** Of a stopped broker: group 1 fills several segments, group 2 one; index files, two checkpoints, a mark. */
async function closedFolder(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const acks = new Acknowledgements(storage)
  const writers = [1, 2].map((id) => acks.writer(storage.create(id)))
  writers[0]!.write({ vote: { term: 1, votedFor: 1 }, control: 'term', sizes: [50] })
  writers[1]!.write({ vote: { term: 1, votedFor: 2 }, sizes: [60] })
  for (let i = 0; i < 40; i++) {
    writers[0]!.write({ sizes: [1500] })
    await settled()
  }
  await storage.close()
  return disk
}

/** Looks at the log, and makes sure that nothing of it changes. */
async function inspect(disk: MemoryDisk, hadLog = true) {
  const findings: Finding[] = []
  const read = { bytes: 0 }
  disk.onOperation = (operation, path) => {
    if (['write', 'truncate', 'rename', 'remove'].includes(operation)) throw new Error(`${operation} of ${path}`)
  }
  const paths = disk.paths()
  const log = await inspectLog({
    disk,
    crc32c: nodeCrc32c,
    folder: 'log',
    hadLog,
    report: (finding) => findings.push(finding),
    onRead: (bytes) => {
      read.bytes += bytes
    },
  }).finally(() => {
    disk.onOperation = null
  })
  expect(disk.paths()).toEqual(paths)
  return { log, findings, damage: findings.filter(({ severity }) => severity === 'damage'), read: read.bytes }
}

const segmentsOf = (disk: MemoryDisk, group: number): string[] =>
  disk
    .paths()
    .filter((path) => path.startsWith(`log/groups/${group}-`) && path.endsWith('.log'))
    .sort()

test('the log of a stopped broker is sound, and is told in figures', async () => {
  const disk = await closedFolder()
  const { log, findings, read } = await inspect(disk)
  expect(findings).toEqual([])
  expect(segmentsOf(disk, 1).length).toBeGreaterThan(3)
  expect(log.segments).toBe(segmentsOf(disk, 1).length + 1)
  expect(log.groups).toMatchObject([
    { group: 1, term: 1, lastTerm: 1, firstIndex: 1, lastIndex: 42, entries: 42, firstOffset: 0, records: 82 },
    { group: 2, term: 1, lastIndex: 1, endOffset: 2, records: 2, segments: 1, damaged: false },
  ])
  const { bytes } = log.groups![0]!
  expect(bytes).toBeGreaterThan(40 * 1500)
  expect(read).toBeGreaterThan(bytes)
})

test('entries that only the journal has are counted as well', async () => {
  const { disk, writers } = await journalOnly()
  disk.crash(() => 0)
  const { log, damage } = await inspect(disk)
  expect(damage).toEqual([])
  for (const [at, writer] of writers.entries()) {
    const entries = writer.now.entries
    const bytes = entries.reduce((sum, { header }) => sum + header.bytes, 0)
    expect(log.groups![at]).toMatchObject({ entries: entries.length, bytes, segments: 0 })
  }
})

test('a batch that has rotted is told by file, place and entry, and the walk goes on after it', async () => {
  const disk = await closedFolder()
  const [, second] = segmentsOf(disk, 1)
  const first = Number(/(\d{20})-\d{20}\.log$/.exec(second!)![1])
  disk.flip(second!, 200, 3)
  const { damage, log } = await inspect(disk)
  expect(damage).toHaveLength(1)
  expect(damage[0]).toMatchObject({ file: second, position: 0 })
  expect(damage[0]!.problem).toMatch(new RegExp(`^entries ${first} to \\d+: the batch does not match its checksum$`))
  expect(log.groups!.map(({ damaged }) => damaged)).toEqual([true, false])
})

test.each([
  ['base offset', 7, 'offset'],
  ['term', 15, 'term'],
])('a batch of which the %s has changed, which its checksum does not cover, is found', async (_, position, word) => {
  const disk = await closedFolder()
  disk.flip(segmentsOf(disk, 1)[0]!, position, 2)
  const { damage } = await inspect(disk)
  expect(damage[0]!.problem).toContain(`the batch has ${word} `)
})

test('a segment that breaks off, one that is missing and one that cannot be read are told', async () => {
  const short = await closedFolder()
  const path = segmentsOf(short, 1)[1]!
  const file = await short.open(path)
  await file.truncate((await file.size()) - 10)
  expect((await inspect(short)).damage).toMatchObject([{ file: path, problem: expect.stringContaining('breaks off') }])

  const missing = await closedFolder()
  await missing.remove(segmentsOf(missing, 1)[1]!)
  expect((await inspect(missing)).damage).toMatchObject([
    { problem: expect.stringMatching(/^the entries from \d+ to \d+ are missing: a segment is not there/) },
  ])

  const last = await closedFolder()
  await last.remove(segmentsOf(last, 2)[0]!)
  expect((await inspect(last)).damage[0]!.problem).toMatch(/^the entries from 1 on are missing/)

  const unreadable = await closedFolder()
  const sector = segmentsOf(unreadable, 1)[2]!
  const opened = unreadable.open.bind(unreadable)
  unreadable.open = async (name) => {
    const found = await opened(name)
    if (name === sector) found.read = () => Promise.reject(new DiskError('failed', `cannot read ${name}: EIO`))
    return found
  }
  expect((await inspect(unreadable)).damage).toMatchObject([{ file: sector, problem: expect.stringContaining('EIO') }])
})

test('an index that is missing, short or rotten is told, and costs nothing', async () => {
  const index = (disk: MemoryDisk): string => segmentsOf(disk, 1)[0]!.replace(/log$/, 'index')
  const changes: [string, (disk: MemoryDisk) => unknown][] = [
    ['it is missing', (disk) => disk.remove(index(disk))],
    ['it is not as it was written', (disk) => disk.flip(index(disk), 3, 3)],
    ['it is too short', async (disk) => (await disk.open(index(disk))).truncate(10)],
  ]
  for (const [problem, change] of changes) {
    const disk = await closedFolder()
    await change(disk)
    const { damage, log } = await inspect(disk)
    expect(damage).toMatchObject([{ file: index(disk), problem, advice: expect.stringContaining('Nothing is lost') }])
    expect(log.groups![0]!.damaged).toBe(false)
  }
})

test('a rotten block of the journal is told with its place, and the groups that may have lost entries', async () => {
  const { disk, path, from } = await journalOnly()
  disk.crash(() => 0)
  disk.flip(path, from + 4096 + 150, 3)
  const { damage, log } = await inspect(disk)
  expect(damage[0]).toMatchObject({ file: path, position: from + 4096, problem: expect.stringContaining('block 4 ') })
  expect(damage[1]).toMatchObject({ problem: expect.stringContaining('group 1 is in quarantine from entry 3 on') })
  expect(log.groups!.map(({ damaged }) => damaged)).toEqual([true, false])
})

test('a record that no broker writes, behind right checksums, is told, and the broker starts with doubt', async () => {
  const { disk, path, to } = await journalOnly()
  disk.crash(() => 0)
  const file = await disk.open(path)
  const block = new Uint8Array(4096)
  await file.read(block, to - 4096)
  const view = new DataView(block.buffer)
  // The first record, which tells of a term, tells of none.
  view.setFloat64(32 + 24, Number.NaN, true)
  view.setUint32(0, nodeCrc32c(block, 4, 32 + view.getUint16(28, true)), true)
  await file.write([block], to - 4096)
  await file.sync()
  const { damage } = await inspect(disk)
  expect(damage[0]).toMatchObject({ file: path, position: to - 4096, problem: expect.stringContaining('are right') })
  const storage = await open(disk)
  expect(storage.mayHaveForgotten).toBe(true)
  await storage.close()
})

test('a torn end of the journal is sound, and noted', async () => {
  const { disk, path, to } = await journalOnly()
  disk.crash(() => 0)
  await (await disk.open('log/durable')).truncate(0)
  await disk.remove('log/durable')
  // The last round but for its second block, as when the power fails in the midst of a write.
  const file = await disk.open(path)
  await file.write([new Uint8Array(4096)], to - 4096)
  await file.write([new Uint8Array(4096)], to - 2 * 4096)
  const { damage, findings, log } = await inspect(disk)
  expect(damage).toEqual([])
  expect(findings).toMatchObject([{ severity: 'note', file: path, problem: expect.stringContaining('is torn') }])
  expect(log.groups![0]!.lastIndex).toBe(1)
})

test('a journal that ends before the place that was durable has lost writes', async () => {
  const { disk, path, from, to } = await journalOnly()
  await settled()
  disk.crash(() => 0)
  const file = await disk.open(path)
  await file.write([new Uint8Array(to - from)], from)
  const { damage } = await inspect(disk)
  expect(damage[0]).toMatchObject({ file: path, position: from })
  expect(damage[0]!.problem).toMatch(/which was durable once: the disk has lost writes/)
})

test('a missing journal file that the checkpoint names is told by name', async () => {
  const { disk, path } = await journalOnly()
  disk.crash(() => 0)
  const storage = await open(disk)
  await storage.close()
  await disk.remove(path)
  expect((await inspect(disk)).damage[0]).toMatchObject({ file: path, problem: expect.stringContaining('is missing') })
})

test('a checkpoint or a mark that cannot be read is damage; without any checkpoint nothing else is known', async () => {
  const disk = await closedFolder()
  disk.flip('log/durable', 9, 1)
  disk.flip('log/checkpoint-a', 60, 1)
  const one = await inspect(disk)
  expect(one.damage).toMatchObject([{ file: 'log/checkpoint-a' }, { file: 'log/durable', position: 0 }])
  expect(one.damage[0]!.advice).toContain('The other checkpoint is sound')
  expect(one.log.groups).toHaveLength(2)
  disk.flip('log/checkpoint-b', 60, 1)
  const none = await inspect(disk)
  expect(none.damage.map(({ file }) => file)).toEqual(['log/checkpoint-a', 'log/checkpoint-b'])
  expect(none.log.groups).toBeNull()
})

test('a new folder has nothing to look at; one that had a log has lost it', async () => {
  expect((await inspect(new MemoryDisk(), false)).findings).toEqual([])
  expect((await inspect(new MemoryDisk(), true)).damage).toHaveLength(2)
})

test('files that nothing needs any more are noted', async () => {
  const disk = await closedFolder()
  const folder = segmentsOf(disk, 1)[0]!.replace(/\/[^/]*$/, '')
  const segment = segmentsOf(disk, 1)[0]!
  await disk.makeFolder('log/groups/9-9')
  for (const path of [`${segment}.corrupt`, `${segment}.repair-part`, `${folder}/x.held-1`, 'log/groups/9-9/receiving'])
    await disk.open(path)
  const { damage, findings } = await inspect(disk)
  expect(damage).toEqual([])
  expect(findings.map(({ file }) => file.replace(/.*(\.corrupt|\.repair-part|\.held-1|9-9)$/, '$1')).sort()).toEqual([
    '.corrupt',
    '.held-1',
    '.repair-part',
    '9-9',
  ])
})

test('a repaired segment that has not taken its place is what is read', async () => {
  const disk = await closedFolder()
  const segment = segmentsOf(disk, 1)[0]!
  await disk.rename(segment, `${segment}.repair`)
  const { damage, log } = await inspect(disk)
  expect(damage).toEqual([])
  expect(log.groups![0]!.damaged).toBe(false)
  disk.flip(`${segment}.repair`, 200, 1)
  const rotten = await inspect(disk)
  expect(rotten.damage).toMatchObject([{ file: `${segment}.repair` }])
  expect(rotten.log.groups!.map(({ damaged }) => damaged)).toEqual([true, false])
})

test('wherever one bit of the log changes, the look at it ends with findings, and never says sound of lost batches', async () => {
  const disk = await closedFolder()
  for (const path of disk.paths()) {
    const size = (await disk.size(path))!
    for (let at = 0; at < size; at += Math.max(1, Math.ceil(size / 23))) {
      disk.flip(path, at, at % 8)
      const { damage } = await inspect(disk)
      disk.flip(path, at, at % 8)
      // All of a segment is entries here; the last four bytes of a place in an index are not used.
      if (/index$/.test(path) && at % 40 >= 36) continue
      if (/\.(log|index)$|durable$/.test(path)) expect(damage, `${path} at ${at}`).not.toEqual([])
    }
  }
  expect((await inspect(disk)).findings).toEqual([])
})
