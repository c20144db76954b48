import { crc32c, type ErrorCode } from '@tailrace/schemas'
import type { GroupLog, LogStorage } from '../../../broker/src/log/log-storage.ts'
import { open } from '../../../broker/src/log/testing/small-log.ts'
import { settled } from '../../../broker/src/platform/testing/clock.ts'
import { MemoryDisk } from '../../../broker/src/platform/testing/disk.ts'
import { Acknowledgements } from '../../conformance/log-writer.ts'
import { type FuzzTarget, refusedAs, type Verdict } from '../target.ts'

type Files = ReadonlyMap<string, Uint8Array>

const BLOCK_BYTES = 4096
const BLOCK_HEADER_BYTES = 32
const MAX_BLOCK_CONTENT = BLOCK_BYTES - BLOCK_HEADER_BYTES
const refusals: readonly ErrorCode[] = ['STORAGE_CORRUPT', 'NEWER_FORMAT']

/**
 * Some writes to two groups, of which segments, journal and checkpoints are left: closed, or as a loss of power leaves
 * them.
 */
async function sampleFolder(closed: boolean): Promise<{ files: Files; written: ReadonlySet<string> }> {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const acks = new Acknowledgements(storage)
  const writers = [1, 2].map((id) => acks.writer(storage.create(id)))
  writers[0]!.write({ vote: { term: 1, votedFor: 1 }, control: 'term', sizes: [50] })
  for (let i = 0; i < 14; i++) {
    writers[i % 2]!.write({ sizes: [900, 60 * i], timestamp: 1000 + i })
    await settled()
  }
  writers[1]!.write({ vote: { term: 2, votedFor: 2 }, control: 'configuration' })
  await settled()
  if (closed) await storage.close()
  else disk.crash(() => 0)
  const batches = writers.flatMap((writer) => writer.now.entries.map(({ batch }) => fingerprint(batch)))
  return { files: await readAll(disk), written: new Set(batches) }
}

async function readAll(disk: MemoryDisk): Promise<Files> {
  const files = new Map<string, Uint8Array>()
  for (const path of disk.paths()) {
    const file = await disk.open(path)
    const bytes = new Uint8Array(await file.size())
    await file.read(bytes, 0)
    files.set(path, bytes)
  }
  return files
}

function fingerprint(batch: Uint8Array): string {
  return Buffer.from(batch.subarray(8)).toString('base64')
}

async function diskOf(files: Files, path: string, changed: Uint8Array): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  for (const [name, bytes] of files) {
    await disk.makeFolder(name.slice(0, name.lastIndexOf('/')))
    const file = await disk.open(name)
    await file.write([name === path ? changed : bytes], 0)
    await file.sync()
    await disk.syncFolder(name.slice(0, name.lastIndexOf('/')))
  }
  return disk
}

/** Reads every entry of a log; `see` gets each batch. */
async function readLog(log: GroupLog, see: (batch: Uint8Array) => void): Promise<void> {
  for (let index = log.firstIndex; index <= log.lastIndex; ) {
    const { headers, payloads } = await log.readEntries(index, 1 << 20)
    if (headers.length === 0) throw new Error(`nothing at ${index}, although the log ends at ${log.lastIndex}`)
    for (const payload of payloads) see(payload)
    index = headers[headers.length - 1]!.index + 1
  }
}

async function openAndRead(disk: MemoryDisk, see: (batch: Uint8Array) => void): Promise<Verdict> {
  let storage: LogStorage
  try {
    storage = await open(disk)
  } catch (error) {
    return refusedAs(error, refusals)
  }
  let verdict: Verdict = 'taken'
  for (const id of [1, 2]) {
    const log = storage.group(id)
    if (log == null) continue
    try {
      await readLog(log, see)
    } catch (error) {
      verdict = refusedAs(error, refusals)
    }
  }
  return verdict
}

const closed = await sampleFolder(true)
const cut = await sampleFolder(false)

function pathsOf(files: Files, ending: RegExp): string[] {
  return [...files.keys()].filter((path) => ending.test(path))
}

/**
 * Damaged files of one kind: opens, and serves no batch that was never written. The input's sample gives `path`, so all
 * files of the kind are one target each.
 */
function damaged(name: string, { files, written }: typeof closed, ending: RegExp): FuzzTarget {
  const paths = pathsOf(files, ending)
  const [path] = paths
  if (path === undefined) throw new Error(`no file for ${name}`)
  return {
    name,
    samples: [files.get(path)!],
    async run(input) {
      return openAndRead(await diskOf(files, path, input), (batch) => {
        if (!written.has(fingerprint(batch))) throw new Error('a batch is served that was never written')
      })
    },
  }
}

/** Each block with a right checksum: as only a wrong program writes it. */
function sealBlocks(input: Uint8Array): Uint8Array {
  const bytes = input.slice()
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
    const used = view.getUint16(at + 28, true)
    if (view.getUint32(at + 4, true) === 0 || used > MAX_BLOCK_CONTENT) continue
    view.setUint32(at, crc32c(bytes, at + 4, at + BLOCK_HEADER_BYTES + used), true)
  }
  return bytes
}

const [journalPath] = pathsOf(cut.files, /\.journal$/)

/** The records of the journal, behind blocks that are sound. */
export const journalRecords: FuzzTarget = {
  name: 'journal-record',
  samples: [cut.files.get(journalPath!)!.slice(0, 16 * BLOCK_BYTES)],
  seal: sealBlocks,
  run: async (input) => openAndRead(await diskOf(cut.files, journalPath!, input), () => {}),
}

function sealCheckpoint(input: Uint8Array): Uint8Array {
  const lineEnd = input.indexOf(10)
  if (lineEnd < 0) return input
  const body = input.subarray(lineEnd + 1)
  const [format] = new TextDecoder().decode(input.subarray(0, lineEnd)).split(' ')
  return Uint8Array.from(
    Buffer.concat([Buffer.from(`${format} ${body.length} ${crc32c(body, 0, body.length)}\n`), body]),
  )
}

const checkpointPath = 'log/checkpoint-a'

/** The content of a checkpoint, behind a right checksum. */
export const checkpointContents: FuzzTarget = {
  name: 'checkpoint-content',
  samples: [closed.files.get(checkpointPath)!],
  seal: sealCheckpoint,
  run: async (input) => openAndRead(await diskOf(closed.files, checkpointPath, input), () => {}),
}

export const damagedFiles: readonly FuzzTarget[] = [
  damaged('journal-file', cut, /\.journal$/),
  damaged('segment-file', closed, /\.log$/),
  damaged('index-file', closed, /\.index$/),
  damaged('checkpoint-file', closed, /checkpoint-[ab]$/),
]
