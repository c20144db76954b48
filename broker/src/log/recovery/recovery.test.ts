import { describe, expect, test } from 'vitest'
import {
  Acknowledgements,
  difference,
  type LogWriter,
  recoveredSnapshot,
  type Snapshot,
} from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import type { Finding } from '../inspect/finding.ts'
import { inspectLog } from '../inspect/inspect-log.ts'
import type { LogStorage } from '../log-storage.ts'
import { journalOnly, open } from '../testing/small-log.ts'

interface Story {
  readonly storage: LogStorage
  readonly acks: Acknowledgements
  /** The writer of each group that exists or is being removed, and whether its removal is certain. */
  readonly writers: Map<number, LogWriter>
  readonly removed: Map<number, 'asked' | 'done'>
  readonly failures: Error[]
  /** Where the log of group 4 was cut off: as asked for last, and as told durable. */
  readonly cut: { asked: number; done: number }
}

/** Writes of every kind to three groups: some alone in their round, some together, some after a truncation. */
async function tell(disk: MemoryDisk): Promise<Story> {
  const storage = await open(disk)
  const acks = new Acknowledgements(storage)
  const story: Story = {
    storage,
    acks,
    writers: new Map(),
    removed: new Map(),
    failures: [],
    cut: { asked: 0, done: 0 },
  }
  storage.onFailure = (error) => story.failures.push(error)
  const create = (id: number) => {
    story.writers.set(id, acks.writer(storage.create(id)))
    return story.writers.get(id)!
  }
  const [a, b] = [create(1), create(2)]
  a.write({ vote: { term: 1, votedFor: 1 }, term: 1, control: 'term', sizes: [100] })
  await settled()
  for (let i = 0; i < 14 && !disk.halted; i++) {
    a.write({ sizes: [900, 300 + i] })
    b.write({ vote: { term: i + 1, votedFor: i % 3 }, sizes: [200] })
    if (i % 3 === 0) await settled()
    if (i === 5) a.write({ term: 3, truncateFrom: 9, sizes: [4000] })
    if (i === 7) b.write({ sizes: [3000, 3000, 3000] })
    if (i === 8) a.write({ term: 4, truncateFrom: a.log.lastIndex, sizes: [3500, 3500] })
    if (i === 9) a.write({ term: 5, truncateFrom: 12, vote: { term: 5, votedFor: 2 }, sizes: [20] })
    if (i === 10) a.write({ sizes: [40_000] })
    await settled()
  }
  if (disk.halted) return story
  await cutOff(create(4), story, disk)
  if (disk.halted) return story
  const c = create(3)
  c.write({ vote: { term: 9, votedFor: 9 }, sizes: [2000, 2000, 2000, 2000] })
  await settled()
  c.write({ sizes: [100] })
  story.removed.set(3, 'asked')
  void storage.remove(3).then(() => story.removed.set(3, 'done'))
  await settled()
  for (let i = 0; i < 6 && !disk.halted; i++) {
    a.write({ sizes: [1500, 1500] })
    b.write(i === 3 ? { term: 30, truncateFrom: 5, sizes: [10] } : { sizes: [700] })
    await settled()
  }
  return story
}

/**
 * Appends, and cuts the log's prefix again and again: some entries still in memory only, some in large writes, some
 * after a truncation.
 */
async function cutOff(writer: LogWriter, story: Story, disk: MemoryDisk): Promise<void> {
  const { log } = writer
  for (let i = 0; i < 5 && !disk.halted; i++) {
    writer.write({ term: 2 + i, control: 'configuration', sizes: [2500, 900, 700 * i] })
    await settled()
    writer.write(i === 2 ? { control: 'configuration', sizes: [7000, 300] } : { sizes: [300] })
    await settled()
    if (i === 3) writer.write({ term: 6, truncateFrom: log.lastIndex, sizes: [500] })
    let sealed = false
    void log.seal().then(() => {
      sealed = true
    })
    await settled()
    if (!sealed) return
    const before = log.lastIndex + (i % 2)
    const cut = log.cutPrefix(before)
    const asked = log.prevIndex
    story.cut.asked = asked
    void cut.then(() => {
      story.cut.done = Math.max(story.cut.done, asked)
    })
    if (i !== 1) await settled()
  }
  await settled()
}

/** Opens after a crash, and compares with the states that are allowed. */
async function reopened(
  disk: MemoryDisk,
  story: Story,
): Promise<{ storage: LogStorage; states: Map<number, Snapshot> }> {
  const storage = await open(disk)
  const states = new Map<number, Snapshot>()
  for (const [id, writer] of story.writers) {
    const log = storage.group(id)
    if (story.removed.get(id) === 'done') expect(log).toBeUndefined()
    if (story.removed.has(id) && log === undefined) continue
    if (log === undefined) expect(writer.acknowledged).toBe(0)
    else {
      expect(log.damage).toBeNull()
      if (id === 4) {
        expect(log.prevIndex).toBeGreaterThanOrEqual(story.cut.done)
        expect(log.prevIndex).toBeLessThanOrEqual(story.cut.asked)
      }
      states.set(id, await recoveredSnapshot(log, writer))
    }
  }
  return { storage, states }
}

/** The story as far as it got; null if the disk halted before the storage was open. */
async function toldOrHalted(disk: MemoryDisk): Promise<Story | null> {
  let story: Story | null = null
  void tell(disk).then((told) => {
    story = told
  })
  for (let turns = 0; story === null && turns < 50; ) {
    await settled()
    // A caller that waits for a halted disk is not answered; all others notice soon.
    if (disk.halted) turns++
  }
  return story
}

/** The damage that a look at the log finds, which changes nothing. */
async function damageIn(disk: MemoryDisk): Promise<Finding[]> {
  const findings: Finding[] = []
  const report = (finding: Finding): void => void findings.push(finding)
  await inspectLog({ disk, crc32c: nodeCrc32c, folder: 'log', hadLog: false, report, onRead: () => {} })
  return findings.filter(({ severity }) => severity === 'damage')
}

describe('a crash at every operation of the disk', () => {
  test('loses nothing that was acknowledged, brings nothing back, and the log continues', async () => {
    const whole = new MemoryDisk()
    await tell(whole)
    const operations = whole.operations
    expect(operations).toBeGreaterThan(100)
    for (let halt = 1; halt <= operations; halt++) {
      for (const seed of [1, 2, 3]) await crashAt(halt, seed)
    }
  }, 60_000)

  test('also when the disk answers late and in between', async () => {
    for (let halt = 1; halt <= 240; halt++) await crashAt(halt, 5)
  }, 60_000)

  async function crashAt(halt: number, seed: number): Promise<void> {
    const random = seededRandom(halt * 10 + seed)
    const below = (bound: number) => random.below(bound)
    const disk = new MemoryDisk(seed === 5 ? { pace: () => (below(4) === 0 ? settled() : Promise.resolve()) } : {})
    disk.haltAfter(halt)
    const story = await toldOrHalted(disk)
    disk.crash(below)
    if (story === null) return void (await open(disk))
    expect(story.failures).toEqual([])
    // A loss of power is no damage; but a checkpoint that was being written cannot be told from one that has rotted.
    const damage = seed === 1 ? await damageIn(disk) : []
    expect(damage.filter(({ file }) => !file.includes('/checkpoint-'))).toEqual([])
    expect(damage.length).toBeLessThan(2)
    try {
      // A second crash, in or right after recovery, must not make a difference.
      const random2 = seededRandom(seed + halt)
      if (seed === 3) {
        disk.haltAfter(random2.below(12))
        void open(disk).catch(() => {})
        await settled()
        disk.crash(below)
      }
      const { storage, states } = await reopened(disk, story)
      await goOn(disk, storage, states, below)
    } catch (error) {
      throw new Error(`halt ${halt}, seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }

  async function goOn(
    disk: MemoryDisk,
    storage: LogStorage,
    states: Map<number, Snapshot>,
    below: (bound: number) => number,
  ): Promise<void> {
    const acks = new Acknowledgements(storage)
    const writers = [...states].map(([id, state]) => acks.writer(storage.group(id)!, state))
    const tickets = writers.map((writer) => writer.write({ term: 100, sizes: [500, 2500] }))
    await Promise.all(writers.map((writer, i) => acks.durable(writer, tickets[i]!)))
    disk.crash(below)
    const again = await open(disk)
    for (const writer of writers) expect(await difference(again.group(writer.log.group)!, writer.now)).toBeNull()
    await again.close()
  }
})

describe('the end of the journal', () => {
  test('cut off at every byte: entries that a whole round acknowledged are there, and the rest is told or gone', async () => {
    for (let size = 2 * 4096; size <= 5 * 4096; size += size % 4096 < 80 || size % 4096 > 4010 ? 1 : 97) {
      const { disk, writers, path, to } = await journalOnly()
      disk.crash(() => 0)
      const file = await disk.open(path)
      await file.truncate(size)
      const storage = await open(disk)
      for (const writer of writers) {
        const log = storage.group(writer.log.group)!
        const last = log.damage === null ? await lastKnown(log, writer) : 0
        // A file that ends short has lost blocks as a crash before the sync does; a disk never writes half a block.
        if (size >= to) expect(last).toBe(writer.snapshots.length - 1)
        else if (log.damage === null) expect(last).toBeGreaterThanOrEqual(1)
      }
      await storage.close()
    }
  })

  test('every flipped bit of the last blocks: all is there, or the damage is told, also the next time', async () => {
    const whole = await journalOnly()
    let intact = 0
    let damaged = 0
    for (let position = whole.from; position < whole.to; position++) {
      // Every fourth bit where the headers of blocks and records are, some in between: all of them take a minute.
      const header = position % 4096 < 72
      if (!header && position % 41 !== 0) continue
      for (let bit = header ? position % 4 : position % 8; bit < 8; bit += header ? 4 : 8) {
        const { disk, writers, path } = await journalOnly()
        disk.crash(() => 0)
        disk.flip(path, position, bit)
        const told = await checkDamage(disk, writers)
        if (told) damaged++
        else intact++
      }
    }
    expect(intact).toBeGreaterThan(100)
    expect(damaged).toBeGreaterThan(100)
  }, 60_000)

  /**
   * Opens twice. Entries that are missing must be told by `damage`; entries that are there must be as they were
   * written.
   */
  async function checkDamage(disk: MemoryDisk, writers: readonly LogWriter[]): Promise<boolean> {
    let told = false
    for (const _ of [1, 2]) {
      const storage = await open(disk)
      for (const writer of writers) {
        const log = storage.group(writer.log.group)!
        const reached = await lastKnown(log, writer)
        if (log.damage === null) expect(reached).toBe(writer.snapshots.length - 1)
        else {
          told = true
          expect(log.damage.fromIndex).toBeLessThanOrEqual(log.lastIndex + 1)
        }
      }
      await storage.close()
    }
    return told
  }

  /**
   * Number of the newest snapshot that the log's entries equal. Fails when there is none: then the log shows entries
   * that were never written.
   */
  async function lastKnown(log: Parameters<typeof difference>[0], writer: LogWriter): Promise<number> {
    for (let i = writer.snapshots.length - 1; i >= 0; i--) {
      const { entries } = writer.snapshots[i]!
      if (entries.length !== log.lastIndex) continue
      // Term and vote may be older than the entries where a record has rotted.
      const same = (await difference(log, { hardState: log.hardState, entries })) === null
      if (same && (log.damage !== null || (await difference(log, writer.snapshots[i]!)) === null)) return i
    }
    // A part of a round: a prefix of the entries.
    const { entries } = writer.now
    const prefix = { hardState: log.hardState, entries: entries.slice(0, log.lastIndex) }
    expect(await difference(log, prefix)).toBeNull()
    expect(log.damage).not.toBeNull()
    return 0
  }
})
