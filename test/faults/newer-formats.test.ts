import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  BatchWriter,
  CONTROL_BIT,
  Compression,
  configurationBatch,
  type ErrorCode,
  encodeFrame,
  type FormatName,
  formatTable,
  NO_PRODUCER,
  ownDecoder,
  parseFrame,
} from '@tailrace/schemas'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import { expect, test } from 'vitest'
import { CopiedTables } from '../../broker/src/cascade/upstream/copied-tables.ts'
import { checkIdentity } from '../../broker/src/cluster/formation/identity-file.ts'
import { LivesFile } from '../../broker/src/cluster/formation/lives-file.ts'
import { readFormation } from '../../broker/src/cluster/metadata/formation-record.ts'
import { MetadataState } from '../../broker/src/cluster/metadata/metadata-state.ts'
import { loadMetadata } from '../../broker/src/cluster/metadata/store/metadata-store.ts'
import { ConsumerGroupsState } from '../../broker/src/consumer-groups/state/consumer-groups-state.ts'
import { loadConsumerGroups } from '../../broker/src/consumer-groups/state/store/load-consumer-groups.ts'
import type { StoredGroupLog } from '../../broker/src/log/group-log.ts'
import { BLOCK_BYTES, BLOCK_HEADER_BYTES } from '../../broker/src/log/journal/block.ts'
import { RecordType, RecordWriter } from '../../broker/src/log/journal/record.ts'
import { Staging } from '../../broker/src/log/journal/staging.ts'
import { openLogStorage } from '../../broker/src/log/open.ts'
import { readDataFormat } from '../../broker/src/log/recovery/data-format.ts'
import { checkStateFormat } from '../../broker/src/log/store/state-format.ts'
import { MemoryStore } from '../../broker/src/log/testing/memory-store.ts'
import { decodeManifest, encodeManifest } from '../../broker/src/partition/copies/copy-manifest.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../broker/src/partition/replica/state/checkpoint-codec.ts'
import { configurationIn } from '../../broker/src/partition/replica/state/configuration-codec.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { nodeCrc32c as crc } from '../../broker/src/platform/node/checksum.ts'
import { settled } from '../../broker/src/platform/testing/clock.ts'
import { silentLogger } from '../../broker/src/platform/testing/logger.ts'
import { promptClock } from '../../broker/src/platform/testing/prompt-clock.ts'
import { StreamsStore } from '../../broker/src/streams/state/streams-store.ts'

/** A data folder of the first version after a kill, and the CRC of each batch in it, by group. */
const kept = JSON.parse(readFileSync(new URL('data-of-version-1.json', import.meta.url), 'utf8')) as {
  files: Record<string, string>
  batches: number[][]
}
const options = { journalFileBytes: 65536, segmentBytes: 16384, tailBytes: 16384, directBytes: 6144 }
const JOURNAL = 'data/log/journal/00000001.journal'
const SEGMENT = 'data/log/groups/2-2/00000000000000000001-00000000000000000000.log'

async function oldFolder(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  for (const [path, text] of Object.entries(kept.files)) await put(disk, path, gunzipSync(Buffer.from(text, 'base64')))
  return disk
}

async function put(disk: MemoryDisk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.makeFolder(path.slice(0, path.lastIndexOf('/')))
  const file = await disk.open(path)
  await file.truncate(0)
  await file.write([bytes], 0)
  await file.sync()
  await disk.syncFolder(path.slice(0, path.lastIndexOf('/')))
}

async function get(disk: MemoryDisk, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc((await disk.size(path))!)
  await (await disk.open(path)).read(bytes, 0)
  return bytes
}

async function everything(disk: MemoryDisk): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const path of disk.paths().sort()) {
    const bytes = await get(disk, path)
    files.set(path, `${bytes.length} bytes, CRC ${crc(bytes, 0, bytes.length)}`)
  }
  return files
}

/** The steps of a start with the folder, in their order. */
async function start(disk: MemoryDisk) {
  await readDataFormat(disk, 'data', crc)
  await checkIdentity(disk, 'data')
  return openLogStorage(
    { disk: disk.mount(), clock: promptClock, crc32c: crc },
    { ...options, diskReserveBytes: 0, folder: 'data/log' },
  )
}

/** Changes a folder of the first version as a newer version might, and starts on it. */
function onDisk(change: (disk: MemoryDisk) => Promise<unknown>): () => Promise<void> {
  return async () => {
    const disk = await oldFolder()
    await change(disk)
    const before = await everything(disk)
    try {
      await start(disk)
    } finally {
      await settled()
      expect(await everything(disk)).toEqual(before)
    }
  }
}

/** Rewrites the blocks of a journal, with right checksums. */
async function changeBlocks(disk: MemoryDisk, change: (block: Buffer, at: number) => void): Promise<void> {
  const bytes = await get(disk, JOURNAL)
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES)
    if (block.readUInt32LE(4) === 0) continue
    change(block, at)
    sealAgain(block)
  }
  await put(disk, JOURNAL, bytes)
}

function sealAgain(block: Buffer): void {
  block.writeUInt32LE(crc(block, 4, BLOCK_HEADER_BYTES + block.readUInt16LE(28)), 0)
}

/** Adds a round behind the last one. */
async function addRound(disk: MemoryDisk, write: (writer: RecordWriter) => void): Promise<void> {
  let newest = { path: '', at: 0, sequence: 0, epoch: 0 }
  for (const path of disk.paths().filter((name) => name.endsWith('.journal'))) {
    const bytes = await get(disk, path)
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const sequence = bytes.readDoubleLE(at + 8)
      if (sequence > newest.sequence) newest = { path, at, sequence, epoch: bytes.readUInt32LE(at + 16) }
    }
  }
  const staging = new Staging(crc)
  write(new RecordWriter(staging, crc))
  // The first file is full; the second has been made ready.
  expect(newest).toMatchObject({ path: JOURNAL, at: options.journalFileBytes - BLOCK_BYTES })
  const path = JOURNAL.replace('1.', '2.')
  const bytes = await get(disk, path)
  bytes.set(staging.seal(newest.sequence + 1, newest.epoch), 0)
  await put(disk, path, bytes)
}

const owner = { id: 2, incarnation: 2, counter: 1000 }

function controlBatch(version: number, type: number): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: Uint8Array.of(0, version, 0, type), value: new Uint8Array(9) })
  const fields = { producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1 }
  return writer.finish({ ...fields, compression: Compression.none, attributes: CONTROL_BIT })
}

/** The batch stands where the group's next entry would. */
async function addEntry(disk: MemoryDisk, batch: Uint8Array): Promise<void> {
  const log = (await start(await oldFolder())).group(owner.id) as StoredGroupLog
  const { counter } = log.pending
  await addRound(disk, (writer) => writer.entry({ ...owner, counter }, log.lastIndex + 1, batch))
}

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const checksumOf = (covered: string): number => crc(Buffer.from(covered), 0, Buffer.byteLength(covered))

/** Each format as the next version might write it, and its reader. */
const cases: Record<FormatName, () => unknown> = {
  dataFolder: onDisk((disk) =>
    put(disk, 'data/format', Buffer.from(`tailrace-data-2 ${checksumOf('tailrace-data-2')}\n`)),
  ),
  identity: onDisk(async (disk) => {
    const covered = '{\n  "format": 2,\n  "everything": "else"'
    await put(disk, 'data/identity.json', Buffer.from(`${covered},\n  "checksum": ${checksumOf(covered)}\n}\n`))
  }),
  lives: async () => {
    const disk = new MemoryDisk()
    const text = '{"version":2}'
    await put(disk, 'data/lives.json', Buffer.from(`${checksumOf(text)} ${text}`))
    const before = await everything(disk)
    try {
      await new LivesFile(disk, 'data').begin('a life')
    } finally {
      expect(await everything(disk)).toEqual(before)
    }
  },
  formation: () => readFormation({ version: 2 }),
  checkpoint: onDisk(async (disk) => {
    const body = '{"anything":1}'
    const name = 'tailrace-checkpoint-2'
    await put(disk, 'data/log/checkpoint-a', Buffer.from(`${name} ${body.length} ${checksumOf(name + body)}\n${body}`))
  }),
  journalBlock: onDisk((disk) => changeBlocks(disk, (block) => block.write('TRJ2', 4, 'latin1'))),
  journalRecord: onDisk((disk) =>
    addRound(disk, (writer) => writer.mark((formatTable.journalRecord.version + 1) as RecordType, owner)),
  ),
  durableMark: onDisk(async (disk) => {
    const mark = Buffer.alloc(16)
    mark.write('TRM2', 4, 'latin1')
    mark.writeUInt32LE(crc(mark, 4, 16), 0)
    await put(disk, 'data/log/durable', mark)
  }),
  segment: onDisk((disk) => put(disk, `${SEGMENT}2`, Buffer.from('anything'))),
  segmentIndex: onDisk((disk) => put(disk, SEGMENT.replace(/log$/, 'index2'), Buffer.from('anything'))),
  recordBatch: onDisk(async (disk) => {
    const batch = controlBatch(0, 2)
    batch[16] = 3
    await addEntry(disk, batch)
  }),
  controlRecord: onDisk((disk) => addEntry(disk, controlBatch(1, 2))),
  stateStore: async () => {
    const store = new MemoryStore()
    await store.write([['format', text(2)]])
    await checkStateFormat(store)
  },
  producerCheckpoint: () => {
    const bytes = encodeCheckpoint(
      { commitIndex: 1, highWatermark: 1, producersIndex: 1, producers: [], fence: -1, deletedBefore: 0 },
      crc,
    )
    bytes[4] = 3
    const covered = Buffer.concat([bytes.subarray(0, 5), bytes.subarray(9)])
    Buffer.from(bytes.buffer).writeUInt32BE(crc(covered, 0, covered.length), 5)
    decodeCheckpoint(bytes, crc)
  },
  configuration: () =>
    configurationIn(configurationBatch({ term: 1, baseOffset: 0, timestamp: 0, json: '{"version":2,"more":[]}' })),
  copyManifest: () => {
    const ends = { prevIndex: 0, prevTerm: 0, startOffset: 0, lastIndex: 0, lastTerm: 0, endOffset: 0 }
    const description = { ...ends, terms: [], configurations: [] }
    const manifest = JSON.parse(Buffer.from(encodeManifest({ description, files: [], stateBytes: 0 })).toString())
    decodeManifest(text({ ...manifest, version: 2 }))
  },
  metadataSnapshot: async () => {
    const store = new MemoryStore()
    await store.write([['meta/format', text(2)]])
    await loadMetadata(store, new MetadataState())
  },
  command: () => {},
  consumerGroupsSnapshot: async () => {
    const store = new MemoryStore()
    await store.write([['consumer-groups/7/format', text(2)]])
    await loadConsumerGroups(store, 'consumer-groups/7/', new ConsumerGroupsState())
  },
  consumerGroupCommand: () => {},
  streamsSnapshot: async () => {
    const store = new MemoryStore()
    await store.write([['streams/7/a/format', text(2)]])
    await new StreamsStore({ store, clock: promptClock, logger: silentLogger }, 'streams/7/').load()
  },
  streamChanges: () => {},
  securityCopy: async () => {
    const store = new MemoryStore()
    await store.write([['cascade/security', text({ version: 2, more: [] })]])
    await CopiedTables.load(store)
  },
  readToken: () => parseReadToken('v2-abc'),
  frame: () => {
    const [bytes] = encodeFrame('InitProducer', { correlation: 1 })
    bytes![4] = 2
    parseFrame(bytes!, ownDecoder)
  },
  handshake: () => {},
}

/** The other formats need a running replica or connection: each has a test of its own. */
const elsewhere: Partial<Record<FormatName, readonly [file: string, code: ErrorCode]>> = {
  command: ['broker/src/cluster/metadata/newer-member.test.ts', 'NEWER_FORMAT'],
  consumerGroupCommand: ['broker/src/consumer-groups/state/consumer-groups-machine.test.ts', 'NEWER_FORMAT'],
  streamChanges: ['broker/src/streams/state/streams-machine.test.ts', 'NEWER_FORMAT'],
  handshake: ['broker/src/doors/peer/handshake/handshake.test.ts', 'INCOMPATIBLE_PEER'],
}
/** Bytes over a connection that has not sent its version are garbage; none of them are kept. */
const otherCode: Partial<Record<FormatName, string>> = { frame: 'MALFORMED_FRAME' }

for (const [name, run] of Object.entries(cases) as [FormatName, () => unknown][]) {
  if (elsewhere[name] !== undefined) continue
  test(`${name} of a newer version is refused; where it is a file, no file changes`, async () => {
    const error = await Promise.resolve()
      .then(run)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
    expect(error).toMatchObject({ code: otherCode[name] ?? 'NEWER_FORMAT', retriable: false })
  })
}

test('every format is checked in the file that the table names, and is listed in the decision page', () => {
  const page = readFileSync('docs/decisions/format-versions.md', 'utf8')
  for (const [name, { checkedIn }] of Object.entries(formatTable)) {
    const source = readFileSync(checkedIn, 'utf8')
    expect(
      [`'${name}'`, `formatTable.${name}`, `${name}Format`].some((text) => source.includes(text)),
      `${name} in ${checkedIn}`,
    ).toBe(true)
    expect(page, name).toContain(`\`${name}\``)
  }
  for (const [path, code] of Object.values(elsewhere)) expect(readFileSync(path, 'utf8')).toContain(`'${code}'`)
  expect(Math.max(...Object.values(RecordType))).toBe(formatTable.journalRecord.version)
})

test('a folder of the first version is read whole', async () => {
  const storage = await start(await oldFolder())
  for (const [at, expected] of kept.batches.entries()) {
    const log = storage.group(at + 1)!
    expect(log.damage).toBeNull()
    const found: number[] = []
    for (let from = 1; from <= log.lastIndex; ) {
      const { payloads } = await log.readEntries(from, 4096)
      for (const batch of payloads) found.push(crc(batch, 0, batch.length))
      from += payloads.length
    }
    expect(found).toEqual(expected)
  }
})

test('a damaged version field is reported as damage, not as a newer version', async () => {
  for (const [path, position, bit] of [
    [JOURNAL, BLOCK_BYTES * 3 + 7, 1],
    ['data/log/checkpoint-a', 'tailrace-checkpoint-'.length, 1],
    ['data/log/checkpoint-b', 'tailrace-checkpoint-'.length, 1],
  ] as const) {
    const disk = await oldFolder()
    disk.flip(path, position, bit)
    const storage = await start(disk)
    expect([...storage.groups()].length).toBeGreaterThan(0)
  }
  const disk = await oldFolder()
  await put(disk, 'data/format', Buffer.from('tailrace-data-3 12345\n'))
  await expect(start(disk)).resolves.toBeDefined()
})

test('a damaged identity file is reported; one from before checksums is read', async () => {
  const disk = await oldFolder()
  const { IdentityFile } = await import('../../broker/src/cluster/formation/identity-file.ts')
  await disk.makeFolder('new')
  await new IdentityFile(disk, 'new', 7).load({ uuid: () => '1'.repeat(36) } as never)
  await checkIdentity(disk, 'new')
  await checkIdentity(disk, 'data')
  const covered = (await get(disk, 'new/identity.json')).indexOf(',\n  "checksum"')
  for (let at = 0; at < covered; at++) {
    disk.flip('new/identity.json', at, at % 7)
    const outcome = await checkIdentity(disk, 'new').then(
      () => 'read',
      (error: { code: string }) => error.code,
    )
    expect(outcome, `byte ${at}`).toBe('STORAGE_CORRUPT')
    disk.flip('new/identity.json', at, at % 7)
  }
})
