import { EntryKind } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommittedLog, CommittedLogs } from '../../broker/src/log/committed-logs.ts'
import { seededRandom } from '../../broker/src/platform/testing/random.ts'
import { recordsBatch, type StoredEntry } from './log-writer.ts'

export interface CommittedLogsUnderTest {
  readonly logs: CommittedLogs
  dispose(): Promise<void>
}

/** The promises of CommittedLogs in broker/src/log/committed-logs.ts, for any implementation. */
export function committedLogsConformance(make: () => Promise<CommittedLogsUnderTest>): void {
  let subject: CommittedLogsUnderTest
  let logs: CommittedLogs
  let told: Map<number, number>
  let waiting: (() => void)[]

  beforeEach(async () => {
    subject = await make()
    logs = subject.logs
    told = new Map()
    waiting = []
    logs.onDurable = (group, ticket) => {
      told.set(group, ticket)
      for (const wake of waiting.splice(0)) wake()
    }
  })
  afterEach(() => subject.dispose())

  async function untilTold(log: CommittedLog, ticket: number): Promise<void> {
    while ((told.get(log.group) ?? 0) < ticket) await new Promise<void>((resolve) => waiting.push(resolve))
  }

  /** Appends batches of such sizes; `all`: what the log has been given, to which they are added. */
  function append(log: CommittedLog, all: StoredEntry[], ticket: number, sizes: number[], term = 1, timestamp = 1000) {
    const entries = sizes.map((size) => {
      const records = 1 + (size % 3)
      const baseOffset = all.at(-1) === undefined ? log.endOffset : all.at(-1)!.header.lastOffset + 1
      const index = (all.at(-1)?.header.index ?? log.lastIndex) + 1
      const batch = recordsBatch(baseOffset, term, records, size, timestamp)
      const range = { baseOffset, lastOffset: baseOffset + records - 1, bytes: batch.length }
      const entry = { header: { index, term, kind: EntryKind.Records, ...range }, batch }
      all.push(entry)
      return entry
    })
    const payloads = entries.map(({ batch }) => batch)
    log.write({ hardState: null, truncateFrom: null, entries: entries.map(({ header }) => header), payloads, ticket })
  }

  /** Every offset that the log says that it has, read from there on in pieces, against what it was given. */
  async function compare(log: CommittedLog, all: readonly StoredEntry[]): Promise<void> {
    const held = all.filter(({ header }) => header.baseOffset >= log.startOffset)
    expect(log.startOffset).toBe(held[0]?.header.baseOffset ?? log.endOffset)
    const last = all.at(-1)
    if (last !== undefined) {
      expect([log.lastIndex, log.endOffset]).toEqual([last.header.index, last.header.lastOffset + 1])
      expect(log.terms.at(-1)?.term ?? log.prevTerm).toBe(last.header.term)
    }
    for (const [at, { header, batch }] of held.entries()) {
      for (const offset of [header.baseOffset, header.lastOffset]) {
        const { batches, bytes, nextOffset } = await log.readRecords(offset, log.endOffset, 1)
        expect([batches.length, bytes, nextOffset]).toEqual([1, batch.length, header.lastOffset + 1])
        expect(Buffer.compare(batches[0]!, batch)).toBe(0)
      }
      if (at % 7 > 0) continue
      const run = await log.readRecords(header.baseOffset, log.endOffset, 3000)
      const wanted = held.slice(at, at + run.batches.length)
      expect(Buffer.concat(run.batches)).toEqual(Buffer.concat(wanted.map((entry) => entry.batch)))
      expect(run.nextOffset).toBe(wanted.at(-1)!.header.lastOffset + 1)
      if (run.batches.length > 1) expect(run.bytes).toBeLessThanOrEqual(3000)
    }
  }

  test('an empty log has nothing', async () => {
    const log = logs.create(7)
    const empty = { startOffset: 0, endOffset: 0, lastIndex: 0, prevTerm: 0, terms: [], sizeBytes: 0, damage: null }
    expect(log).toMatchObject({ group: 7, ...empty })
    expect(await log.readRecords(0, 10, 1000)).toEqual({ batches: [], bytes: 0, nextOffset: 0 })
    expect(await log.offsetForTime(0, 10)).toBeNull()
    expect(log.segmentStarts()).toEqual([])
  })

  test('batches can be read as soon as they are written, and tickets are told later, in one round for all groups', async () => {
    const [one, two] = [logs.create(1), logs.create(2)]
    const [first, second]: StoredEntry[][] = [[], []]
    const { rounds } = logs.metrics
    append(one, first!, 1, [100, 20])
    append(one, first!, 2, [3000])
    append(two, second!, 9, [50])
    expect(told.size).toBe(0)
    await compare(one, first!)
    await compare(two, second!)
    await Promise.all([untilTold(one, 2), untilTold(two, 9)])
    expect(logs.metrics.rounds - rounds).toBe(1)
    expect([one.sizeBytes > 3120, logs.writable, [...logs.groups()].map(({ group }) => group)]).toEqual([
      true,
      true,
      [1, 2],
    ])
  })

  test('a batch is given only where all of it is below the limit', async () => {
    const log = logs.create(1)
    const all: StoredEntry[] = []
    append(log, all, 1, [101, 101])
    const { lastOffset } = all[1]!.header
    expect((await log.readRecords(0, lastOffset + 1, 1e6)).batches).toHaveLength(2)
    expect((await log.readRecords(0, lastOffset, 1e6)).batches).toHaveLength(1)
    expect(await log.readRecords(lastOffset, lastOffset, 1e6)).toMatchObject({ batches: [], nextOffset: lastOffset })
    await untilTold(log, 1)
  })

  test('a time finds the first batch with a record as young', async () => {
    const log = logs.create(1)
    const all: StoredEntry[] = []
    for (let n = 0; n < 30; n++) append(log, all, n + 1, [900], 1, 10_000 + (n ^ 1) * 10)
    await untilTold(log, 30)
    const base = (at: number) => all[at]!.header.baseOffset
    expect(await log.offsetForTime(0, log.endOffset)).toBe(0)
    expect(await log.offsetForTime(10_011, log.endOffset)).toBe(base(2))
    expect(await log.offsetForTime(10_285, log.endOffset)).toBe(base(28))
    expect(await log.offsetForTime(10_285, base(28))).toBeNull()
    expect(await log.offsetForTime(10_291, log.endOffset)).toBeNull()
  })

  test('entries that do not follow are refused', async () => {
    const log = logs.create(1)
    const all: StoredEntry[] = []
    append(log, all, 1, [100])
    await untilTold(log, 1)
    const [{ header, batch }] = all as [StoredEntry]
    const write = { hardState: null, truncateFrom: null, payloads: [batch], ticket: 2 }
    expect(() => log.write({ ...write, entries: [header] })).toThrow(RangeError)
    expect([log.lastIndex, log.endOffset]).toEqual([1, header.lastOffset + 1])
  })

  test('a prefix is cut off in whole sealed segments; one that is cut to its end goes on there', async () => {
    const log = logs.create(1)
    const all: StoredEntry[] = []
    for (let n = 0; n < 60; n++) append(log, all, n + 1, [4000], n < 30 ? 1 : 2)
    await untilTold(log, 60)
    await log.seal()
    const [first, second] = log.segmentStarts()
    await log.cutPrefix(second!.first)
    expect([log.startOffset, first!.endOffset]).toEqual([second!.baseOffset, second!.baseOffset])
    await compare(log, all)
    const { sizeBytes } = log
    await log.cutPrefix(second!.last)
    expect([log.startOffset, log.sizeBytes]).toEqual([second!.baseOffset, sizeBytes])
    await log.cutPrefix(log.lastIndex + 1)
    expect([log.startOffset, log.terms, log.sizeBytes]).toEqual([log.endOffset, [], 0])
    await compare(log, all)
    append(log, all, 61, [100], 2)
    await untilTold(log, 61)
    await compare(log, all)
  })

  test('a log begins anew past its end, and what was written to the old one is not told', async () => {
    const old = logs.create(1)
    const before: StoredEntry[] = []
    append(old, before, 1, [100, 100], 3)
    await untilTold(old, 1)
    const place = { prevIndex: 3, prevTerm: 3, startOffset: 50, lastIndex: 3, lastTerm: 3, endOffset: 50 }
    const install = await logs.beginInstall(1, { ...place, terms: [], configurations: [] }, [])
    const log = await install.finish()
    expect(logs.group(1)).toBe(log)
    expect(log).toMatchObject({ startOffset: 50, endOffset: 50, lastIndex: 3, prevTerm: 3, sizeBytes: 0 })
    const all: StoredEntry[] = []
    append(log, all, 2, [100], 4)
    await untilTold(log, 2)
    await compare(log, all)
  })

  test('a removed group is gone, and one of its number begins empty', async () => {
    const old = logs.create(1)
    append(old, [], 1, [100])
    await logs.remove(1)
    expect([logs.group(1), [...logs.groups()]]).toEqual([undefined, []])
    expect(() => append(old, [], 2, [1])).toThrow()
    const log = logs.create(1)
    const all: StoredEntry[] = []
    append(log, all, 5, [10])
    await untilTold(log, 5)
    await compare(log, all)
  })

  test('after any writes and cuts it has what it says that it has', async () => {
    const random = seededRandom(7)
    const [log, all]: [CommittedLog, StoredEntry[]] = [logs.create(1), []]
    let term = 1
    for (let ticket = 1; ticket <= 120; ticket++) {
      term += random.below(10) === 0 ? 1 : 0
      append(
        log,
        all,
        ticket,
        Array.from({ length: 1 + random.below(4) }, () => random.below(6000)),
        term,
      )
      if (random.below(3) === 0) await untilTold(log, ticket)
      if (random.below(8) === 0) await log.seal()
      if (random.below(15) > 0) continue
      await untilTold(log, ticket)
      const starts = log.segmentStarts()
      await log.cutPrefix(starts[random.below(starts.length + 1)]?.first ?? 0)
    }
    await untilTold(log, 120)
    await compare(log, all)
    expect(log.startOffset).toBeGreaterThan(0)
  })

  test('after closing, writes are refused', async () => {
    const log = logs.create(1)
    await logs.close()
    expect(() => append(log, [], 1, [1])).toThrow(/shutting down/)
  })
}
