import { BatchWriter, Compression, crc32c, endOffsetAt, placeBatch, TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { inTurns } from '../../platform/timing/in-turns.ts'
import { chunkFile, readChunkFile } from './backup-files.ts'
import { ChunkStore } from './chunk-store.ts'
import type { ClusterRecords, Place } from './cluster-records.ts'
import { folderStore } from './folder-store.ts'
import { manifestText, newBackup, readManifest } from './manifest.ts'
import { copyPartition } from './partition-copy.ts'
import { RateLimit } from './rate-limit.ts'
import { verifyTopics } from './verify-backup.ts'

const place: Place = { topic: 't', topicId: 'id', partition: 0 }
const root = '/backup'
const never = new AbortController().signal

let disk: MemoryDisk
let clock: ManualClock
let partition: { logStart: number; batches: Uint8Array[] }
/** The offsets of all reads. */
let reads: number[]
/** The read of this offset fails. */
let broken: number | null
/** How many of the next reads are answered with nothing. */
let empty: number
/** The fencing token of the partition. */
let fence: number | null
/** Called before each read. */
let onRead: () => void

beforeEach(() => {
  disk = new MemoryDisk()
  clock = new ManualClock(1_700_000_000_000)
  partition = { logStart: 0, batches: [] }
  reads = []
  broken = null
  empty = 0
  fence = null
  onRead = () => {}
})

function batchAt(offset: number, records = 3, text = 'record'): Uint8Array {
  const writer = new BatchWriter()
  for (let at = 0; at < records; at++) writer.append({ timestamp: at, key: null, value: `${text} ${offset + at}` })
  const nobody = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  const batch = writer.finish({ ...nobody, compression: Compression.none })
  placeBatch(batch, 0, offset, 1)
  return batch
}

const end = () => (partition.batches.length === 0 ? partition.logStart : endOffsetAt(partition.batches.at(-1)!, 0))
function publish(batches: number): void {
  for (let at = 0; at < batches; at++) partition.batches.push(batchAt(end()))
}

/** Two batches an answer. */
const records: ClusterRecords = {
  ends: async () => ({ logStart: partition.logStart, end: end(), ...(fence !== null && { fence }) }),
  async read(_, offset) {
    reads.push(offset)
    onRead()
    if (offset === broken) throw new TailraceError('TIMED_OUT')
    if (offset < partition.logStart || offset > end()) throw new TailraceError('OFFSET_OUT_OF_RANGE')
    if (empty-- > 0) return new Uint8Array()
    const from = partition.batches.findIndex((batch) => endOffsetAt(batch, 0) > offset)
    return new Uint8Array(Buffer.concat(partition.batches.slice(from, from + 2)))
  },
  newProducer: () => Promise.reject(new Error('a backup publishes nothing')),
  publish: () => Promise.reject(new Error('a backup publishes nothing')),
  fence: () => Promise.reject(new Error('a backup raises no fence')),
  close() {},
}
const parts = () => ({ store: folderStore(root, disk), crypto: nodeCrypto, crc32c })
const store = () => new ChunkStore('id', 0, parts())
const copy = () => {
  const limit = new RateLimit(clock, null)
  return copyPartition(place, store(), { records, clock, limit, signal: never, onBytes: () => {} })
}
const bytesIn = async (chunks: readonly string[]) => {
  const read = await Promise.all(chunks.map((file) => store().read(readChunkFile(file)!)))
  return Buffer.concat(read.flat())
}
const verify = (backup: Awaited<ReturnType<typeof copy>>) =>
  verifyTopics([{ name: 't', id: 'id', replicas: 1, config: {}, partitions: [backup] }], parts(), never)

describe('a partition', () => {
  test('is copied byte by byte, up to its end', async () => {
    publish(5)
    const backup = await copy()
    expect(backup).toMatchObject({ from: 0, end: 15 })
    expect(await bytesIn(backup.chunks)).toEqual(Buffer.concat(partition.batches))
    expect(await verify(backup)).toMatchObject({ batches: 5 })
  })

  test('without records has no chunk', async () => {
    expect(await copy()).toEqual({ from: 0, end: 0, chunks: [] })
    partition.logStart = 7
    expect(await copy()).toEqual({ from: 7, end: 7, chunks: [] })
  })

  test('that has accepted a fencing token is copied with it', async () => {
    publish(1)
    fence = 0
    const backup = await copy()
    expect(backup).toMatchObject({ end: 3, fence: 0 })
    const topics = [{ name: 't', id: 'id', replicas: 1, config: {}, partitions: [backup] }]
    const manifest = newBackup({ clusterId: 'c', startedAt: 0, endedAt: 0, topics, rules: null })
    expect(readManifest(manifestText(manifest, nodeCrypto), 'f', nodeCrypto)).toEqual(manifest)
    for (const wrong of [-1, 0.5, '1', null]) {
      const odd = { ...manifest, topics: [{ ...topics[0]!, partitions: [{ ...backup, fence: wrong as never }] }] }
      expect(() => readManifest(manifestText(odd, nodeCrypto), 'f', nodeCrypto)).toThrow(/no manifest/)
    }
  })

  test('is read from the end of the backup before', async () => {
    publish(4)
    const first = await copy()
    publish(2)
    reads.length = 0
    const second = await copy()
    // The last batch that is known, then what is new.
    expect(reads).toEqual([11, 12])
    expect(second.chunks.slice(0, first.chunks.length)).toEqual(first.chunks)
    expect(await bytesIn(second.chunks)).toEqual(Buffer.concat(partition.batches))
    reads.length = 0
    expect(await copy()).toEqual(second)
    expect(reads).toEqual([17])
  })

  test('whose first records have been removed keeps chunks that hold others', async () => {
    publish(2)
    await copy()
    publish(2)
    await copy()
    partition.logStart = 4
    expect(await copy()).toMatchObject({ from: 4, end: 12, chunks: [expect.anything(), expect.anything()] })
    partition.logStart = 6
    expect((await copy()).chunks).toHaveLength(1)
    // Records between the last backup and this one are gone.
    publish(4)
    partition.logStart = 18
    partition.batches.splice(0, 6)
    const later = await copy()
    expect(later).toMatchObject({ from: 18, end: 24 })
    expect(await verify(later)).toMatchObject({ batches: 2 })
  })

  test('that was interrupted goes on behind its last chunk', async () => {
    publish(6)
    broken = 12
    await expect(copy()).rejects.toMatchObject({ code: 'TIMED_OUT' })
    broken = null
    expect(await verify(await copy())).toMatchObject({ batches: 6 })
  })

  test('that answers with nothing before its end is asked again', async () => {
    publish(4)
    empty = 1
    const copied = copy()
    await clock.advance(60_000)
    expect(await copied).toMatchObject({ from: 0, end: 12 })
    expect(reads).toEqual([0, 0, 6])
  })

  test('that never answers with what it has fails, after a bounded number of reads', async () => {
    publish(4)
    empty = Number.POSITIVE_INFINITY
    const failed = expect(copy()).rejects.toMatchObject({
      shape: { code: 'TIMED_OUT', message: expect.stringContaining('t partition 0 has records up to offset 12') },
    })
    await clock.advance(60_000)
    await failed
    expect(reads).toEqual(Array(10).fill(0))
  })

  test('whose answer lacks a batch in the middle is asked for it', async () => {
    publish(6)
    const kept = partition.batches
    // The second read is answered with a batch left out.
    onRead = () => {
      partition.batches = reads.length === 2 ? kept.filter((_, at) => at !== 3) : kept
    }
    const backup = await copy()
    expect(await verify(backup)).toMatchObject({ batches: 6 })
    expect(reads).toEqual([0, 6, 9, 15])
  })

  test('that retention cuts meanwhile is begun again where it begins then', async () => {
    publish(6)
    onRead = () => {
      if (reads.length === 2) partition.logStart = 9
    }
    expect(await copy()).toMatchObject({ from: 9, end: 18 })
    expect(reads).toEqual([0, 6, 9, 15])
    expect(await verify(await copy())).toMatchObject({ batches: 3 })
  })

  test('that has lost records of the last backup is refused', async () => {
    publish(4)
    await copy()
    partition.batches.splice(2)
    await expect(copy()).rejects.toMatchObject({
      shape: { code: 'OFFSET_OUT_OF_RANGE', message: expect.stringContaining('ends at offset 6, but') },
    })
  })

  test.each([
    ['is longer than before', 5],
    ['has the same length', 2],
  ])('that has lost records of the last backup, and %s by now, is refused', async (_, batches) => {
    publish(4)
    const before = await copy()
    partition.batches.splice(2)
    for (let at = 0; at < batches; at++) partition.batches.push(batchAt(end(), 3, 'another'))
    await expect(copy()).rejects.toMatchObject({
      shape: {
        code: 'OFFSET_OUT_OF_RANGE',
        message: expect.stringContaining('t partition 0 has another record at offset 11 than'),
        hint: expect.stringContaining('in a new folder'),
      },
    })
    expect(await verify(before)).toMatchObject({ batches: 4 })
    // Retention has removed all that is different: nothing is continued.
    partition.logStart = 12
    if (batches > 2) expect(await copy()).toMatchObject({ from: 12, end: 21 })
  })

  test('whose records are in other batches than before is refused', async () => {
    publish(4)
    await copy()
    partition.batches.splice(3, 1, batchAt(9, 6))
    await expect(copy()).rejects.toMatchObject({ shape: { message: expect.stringContaining('at offset 11') } })
  })

  test('whose last chunk is damaged is told from one that has lost records', async () => {
    publish(4)
    const { chunks } = await copy()
    const path = `${root}/records/id/0/${chunks[0]}`
    const file = await disk.open(path)
    await file.write([Uint8Array.of(0xff)], (await disk.size(path))! - 1)
    await file.close()
    publish(1)
    await expect(copy()).rejects.toThrow(`${path} is damaged`)
  })

  test('that retention cuts faster than it is copied fails', async () => {
    publish(2)
    onRead = () => {
      publish(2)
      partition.logStart = end() - 3
    }
    await expect(copy()).rejects.toMatchObject({
      shape: { code: 'OFFSET_OUT_OF_RANGE', message: expect.stringContaining('t partition 0') },
    })
    expect(reads).toHaveLength(5)
  })
})

describe('a folder', () => {
  test('is rid of what an interrupted write has left', async () => {
    publish(2)
    await copy()
    const left = [`${root}/records/id/0/${chunkFile(6, 9, 'ab'.repeat(32))}.new`, `${root}/records/id/1/other.new`]
    for (const path of left) {
      await disk.makeFolder(path.slice(0, path.lastIndexOf('/')))
      await (await disk.open(path)).close()
    }
    await copy()
    expect(disk.paths().filter((path) => path.endsWith('.new'))).toEqual(left.slice(1))
    expect(await verify(await copy())).toMatchObject({ batches: 2 })
  })

  test('refuses a file that is too long before it reads it', async () => {
    const files = folderStore(root, disk)
    await files.write('a/b', new Uint8Array(11))
    disk.onOperation = () => {
      throw new Error('it is opened')
    }
    await expect(files.read('a/b', 10)).rejects.toThrow(`${root}/a/b is damaged: it has 11 bytes, but can have 10`)
  })

  test('gives the last bytes of a file, or all that it has', async () => {
    const files = folderStore(root, disk)
    await files.write('a/b', Uint8Array.of(1, 2, 3))
    expect([...(await files.readEnd('a/b', 2))!]).toEqual([2, 3])
    expect([...(await files.readEnd('a/b', 9))!]).toEqual([1, 2, 3])
    expect(await files.readEnd('a/c', 2)).toBeNull()
  })
})

describe('a chunk', () => {
  const folder = `${root}/records/id/0`
  test.each(['flipped', 'cut', 'missing'])('that is %s is refused by its name', async (fault) => {
    publish(3)
    const backup = await copy()
    const path = `${folder}/${backup.chunks[0]}`
    const size = (await disk.size(path))!
    if (fault === 'missing') await disk.remove(path)
    else {
      const file = await disk.open(path)
      if (fault === 'cut') await file.truncate(size - 1)
      for (let bit = 0; fault === 'flipped' && bit < 8; bit++) {
        const at = Math.floor((size * bit) / 8)
        const byte = new Uint8Array(1)
        await file.read(byte, at)
        await file.write([byte.map((value) => value ^ (1 << bit))], at)
        await expect(verify(backup)).rejects.toThrow(`${path} is damaged`)
        await file.write([byte], at)
      }
      await file.close()
    }
    if (fault === 'flipped') expect(await verify(backup)).toMatchObject({ batches: 3 })
    else await expect(verify(backup)).rejects.toThrow(`${path} is damaged`)
  })

  test('has a name that says what it holds', () => {
    const name = chunkFile(5, 2 ** 50, 'ab'.repeat(32))
    expect(readChunkFile(name)).toEqual({ file: name, base: 5, end: 2 ** 50, sha256: 'ab'.repeat(32) })
    for (const odd of ['chunk.new', name.slice(1), `${name}.new`, chunkFile(5, 5, 'ab'.repeat(32))])
      expect(readChunkFile(odd)).toBeNull()
  })

  test('that is left out is noticed', async () => {
    publish(2)
    await copy()
    publish(2)
    const { chunks, ...rest } = await copy()
    publish(2)
    const whole = await copy()
    await expect(verify({ ...rest, chunks: chunks.slice(0, 1) })).rejects.toThrow('it does not end at offset 12')
    const gap = { ...whole, chunks: [whole.chunks[0]!, whole.chunks[2]!] }
    await expect(verify(gap)).rejects.toThrow('it does not begin at offset 6')
    await expect(verify({ ...whole, chunks: whole.chunks.slice(1) })).rejects.toThrow('it does not begin at offset 0')
  })
})

const topicOf = (fields: object) => {
  const partitions = [{ from: 0, end: 0, chunks: [] }]
  return { name: 't', id: 'id', replicas: 1, config: {}, partitions, ...fields }
}

describe('a manifest', () => {
  const backup = newBackup({ clusterId: 'c', startedAt: 1, endedAt: 2, topics: [], rules: null })
  const text = manifestText(backup, nodeCrypto)

  test('is read as it was written', () => {
    expect(readManifest(text, 'm', nodeCrypto)).toEqual(backup)
  })

  test('with another byte anywhere is refused by its name, or says the same', () => {
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`
      try {
        expect(readManifest(changed, 'the/manifest.json', nodeCrypto)).toEqual(backup)
      } catch (error) {
        expect((error as Error).message).toContain('the/manifest.json')
      }
    }
  })

  test('of a later format is refused', () => {
    const later = manifestText({ ...backup, format: 2 }, nodeCrypto)
    expect(() => readManifest(later, 'm', nodeCrypto)).toThrow(
      'm has format 2; this version of Tailrace reads format 1',
    )
  })

  test.each([
    ['a time that is none', { startedAt: 1e300 }],
    ['a time of text', { endedAt: '2' }],
    ['no cluster', { clusterId: undefined }],
    ['rules that are none', { rules: { acls: [null], quotas: [] } }],
    ['a list in the place of rules', { rules: [] }],
    ['users that are none', { credentials: { users: [{ name: 'ann', scram: {} }], tokens: [] } }],
    ['tokens that are none', { credentials: { users: [], tokens: [{ id: 'x' }] } }],
    ['a list in the place of users and tokens', { credentials: [] }],
    ['a topic that is none', { topics: [null] }],
    ['one topic twice', { topics: [topicOf({}), topicOf({})] }],
    ['a name that no topic has', { topics: [topicOf({ name: 'a b' })] }],
    ['no replicas', { topics: [topicOf({ replicas: 0 })] }],
    ['replicas of text', { topics: [topicOf({ replicas: '3' })] }],
    ['no settings', { topics: [topicOf({ config: null })] }],
    ['a setting that is none', { topics: [topicOf({ config: { maxBatchBytes: '1e9' } })] }],
    ['a setting with parts', { topics: [topicOf({ config: { retentionMs: {} } })] }],
    ['no partitions', { topics: [topicOf({ partitions: [] })] }],
    [
      'a partition that begins behind its end',
      { topics: [topicOf({ partitions: [{ from: 2, end: 1, chunks: [] }] })] },
    ],
    ['a partition before 0', { topics: [topicOf({ partitions: [{ from: -1, end: 1, chunks: [] }] })] }],
    ['chunks that are no names', { topics: [topicOf({ partitions: [{ from: 0, end: 1, chunks: [[]] }] })] }],
    ['a format that is none', { format: 'x' }],
  ])('with %s is refused', (_, fields) => {
    const changed = manifestText({ ...backup, ...fields } as never, nodeCrypto)
    expect(() => readManifest(changed, 'm', nodeCrypto)).toThrow('m is damaged: it is no manifest of a backup')
  })

  test('that is nested too deeply is refused', () => {
    const nested = `{"sha256":"","backup":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`
    expect(() => readManifest(nested, 'm', nodeCrypto)).toThrow('m is damaged')
  })

  test('that would lead out of its folder is refused', () => {
    const partitions = [{ from: 0, end: 1, chunks: ['../../etc/passwd'] }]
    for (const topic of [{ id: '..' }, { id: 'a/b' }, { partitions }]) {
      const topics = [topicOf(topic)]
      expect(() => readManifest(manifestText({ ...backup, topics }, nodeCrypto), 'm', nodeCrypto)).toThrow(
        'm is damaged',
      )
    }
  })
})

test('bytes wait for their turn, over all that take', async () => {
  const limit = new RateLimit(clock, 1000)
  const times: number[] = []
  const took = [500, 250, 1000, 1].map(async (bytes) => {
    await limit.take(bytes, never)
    times.push(clock.monotonic())
  })
  await clock.advance(3000)
  await Promise.all(took)
  expect(times.map((time) => time - times[0]!)).toEqual([0, 500, 750, 1750])
})

test('work in turns is bounded, in order, and stops at the first failure', async () => {
  let [now, most] = [0, 0]
  const work = async (item: number) => {
    most = Math.max(most, ++now)
    await Promise.resolve()
    now--
    if (item === 7) throw new Error('seven')
    return item * 2
  }
  expect(await inTurns([1, 2, 3, 4, 5], 2, work)).toEqual([2, 4, 6, 8, 10])
  expect(most).toBe(2)
  const begun: number[] = []
  const failing = inTurns([6, 7, 8, 9, 10, 11], 2, (item) => {
    begun.push(item)
    return work(item)
  })
  await expect(failing).rejects.toThrow('seven')
  expect(begun.length).toBeLessThan(6)
})
