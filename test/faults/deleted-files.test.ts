import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLogStorage } from '../../broker/src/log/open.ts'
import { openRocksStore } from '../../broker/src/log/store/rocks-store.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { nodeCrc32c } from '../../broker/src/platform/node/checksum.ts'
import { settled } from '../../broker/src/platform/testing/clock.ts'
import { promptClock } from '../../broker/src/platform/testing/prompt-clock.ts'
import { openState } from '../../broker/src/start/state-folder.ts'
import { Acknowledgements, difference, type LogWriter } from '../conformance/log-writer.ts'

const options = { journalFileBytes: 32 * 1024, segmentBytes: 16 * 1024, tailBytes: 16 * 1024, directBytes: 6 * 1024 }
const open = (disk: MemoryDisk) =>
  openLogStorage(
    { disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c },
    { ...options, folder: 'data/log', diskReserveBytes: 0, hadLog: true },
  )

const storeOptions = { monotonic: () => 0 }

/** Two groups that have written so many rounds, then a kill. Acknowledged rounds are on the disk. */
async function killedAfter(rounds: number): Promise<{ disk: MemoryDisk; writers: LogWriter[] }> {
  const disk = new MemoryDisk()
  await disk.makeFolder('data')
  const storage = await openLogStorage(
    { disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c },
    { ...options, folder: 'data/log', diskReserveBytes: 0 },
  )
  const acks = new Acknowledgements(storage)
  const writers = [1, 2].map((id) => acks.writer(storage.create(id)))
  for (const writer of writers) writer.write({ vote: { term: 1, votedFor: 1 }, control: 'configuration' })
  await settled()
  for (let round = 0; round < rounds; round++) {
    for (const [at, writer] of writers.entries()) writer.write({ sizes: [round % 7 === 3 ? 7000 : 500 + at * 700] })
    for (let turn = 0; turn < 6; turn++) await settled()
  }
  disk.crash((bound) => bound - 1)
  return { disk, writers }
}

/** The result of a start: all records are there, it reports the missing ones, or it refuses with a reason. */
async function outcome(disk: MemoryDisk, writers: readonly LogWriter[]): Promise<string> {
  let storage: Awaited<ReturnType<typeof open>>
  try {
    storage = await open(disk)
  } catch (error) {
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((error as Error).message).toMatch(/checkpoint-a/)
    return 'refused'
  }
  for (const [at, { now }] of writers.entries()) {
    const log = storage.group(at + 1)
    if (log === undefined || log.damage !== null) {
      if (log === undefined) expect(storage.mayHaveForgotten).toBe(true)
      return 'told'
    }
    if ((await difference(log, now)) === null) continue
    return `silent: group ${at + 1} has entries up to ${log.lastIndex} of ${now.entries.length}`
  }
  return 'whole'
}

test('every file of a log, deleted while the broker is down: all records are there, or the loss is reported', async () => {
  const seen = new Map<string, Set<string>>()
  for (const rounds of [1, 3, 6, 9, 13, 18, 24, 40]) {
    const { disk: whole, writers } = await killedAfter(rounds)
    const paths = whole.paths().filter((path) => path.startsWith('data/log/'))
    expect(await outcome(whole, writers)).toBe('whole')
    for (const path of paths) {
      const { disk, writers } = await killedAfter(rounds)
      await disk.remove(path)
      const result = await outcome(disk, writers)
      expect(result, `${path} after ${rounds} rounds`).toMatch(/^(whole|told|refused)$/)
      const kind = path.replace(/\d+/g, 'N')
      seen.set(kind, (seen.get(kind) ?? new Set()).add(result))
    }
  }
  // Each of these can hold data that no other file holds.
  expect([...seen].filter(([, results]) => results.has('told')).map(([kind]) => kind)).toEqual(
    expect.arrayContaining(['data/log/journal/N.journal', 'data/log/groups/N-N/N-N.log']),
  )
  expect(seen.get('data/log/groups/N-N/N-N.index')).toEqual(new Set(['whole']))
})

test('both checkpoints, the whole journal, all groups, or the whole log deleted: it is reported, and no file is removed', async () => {
  for (const folder of ['data/log/journal', 'data/log/groups', 'data/log', 'data/log/checkpoint-']) {
    const { disk, writers } = await killedAfter(24)
    for (const path of disk.paths()) if (path.startsWith(folder)) await disk.remove(path)
    const before = disk.paths()
    const result = await outcome(disk, writers)
    expect(result, folder).toMatch(/^(told|refused)$/)
    if (result === 'refused') expect(disk.paths()).toEqual(before)
  }
})

test('a log that was lost as a whole is known to be lost through restarts', async () => {
  const { disk } = await killedAfter(5)
  await disk.remove('data/log')
  await open(disk)
  disk.crash(() => 0)
  const storage = await openLogStorage(
    { disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c },
    { ...options, folder: 'data/log', diskReserveBytes: 0 },
  )
  expect(storage.mayHaveForgotten).toBe(true)
})

test('every file of the state store deleted: its data is there, or the start is refused and names the folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deleted-files-'))
  const logged: string[] = []
  const log = (_fields: object, message: string): void => void logged.push(message)
  const logger = { info: log, warn: log, error: log }
  try {
    const whole = join(folder, 'whole')
    for (let start = 0; start < 3; start++) {
      const store = await openRocksStore(whole, storeOptions)
      await store.write([[`key-${start}`, new Uint8Array([start])]])
      await store.flush()
      await store.close()
    }
    for (const name of await readdir(whole)) {
      const copy = join(folder, name)
      await cp(whole, copy, { recursive: true })
      await rm(join(copy, name))
      const found = await openState(copy, true, logger, storeOptions).then(
        async (store) => {
          const keys: string[] = []
          for await (const [key] of store.range('key-', 'key.')) keys.push(key)
          await store.close()
          return keys
        },
        (error: unknown) => {
          expect(error, name).toMatchObject({ code: 'STORAGE_CORRUPT', message: expect.stringContaining(copy) })
          return null
        },
      )
      if (found !== null) expect(found, name).toEqual(['key-0', 'key-1', 'key-2'])
    }
    await (await openState(join(folder, 'gone'), true, logger, storeOptions)).close()
    expect(logged).toEqual([expect.stringMatching(/state store is missing/)])
    await (await openState(join(folder, 'new'), false, logger, storeOptions)).close()
    expect(logged).toHaveLength(1)
  } finally {
    await rm(folder, { recursive: true })
  }
})
