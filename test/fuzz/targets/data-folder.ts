import { crc32c, type ErrorCode } from '@tailrace/schemas'
import type { GroupLog, LogStorage } from '../../../broker/src/log/log-storage.ts'
import { open } from '../../../broker/src/log/testing/small-log.ts'
import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { settled } from '../../../broker/src/platform/testing/clock.ts'
import { Acknowledgements } from '../../conformance/log-writer.ts'
import { type FuzzTarget, refusedAs, type Verdict } from '../target.ts'
import { journalSample } from './journal-sample.ts'
import { diskOf, type Files, fingerprint, readAll } from './stored-files.ts'

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

/** Reads every entry of a log; `see` gets each batch. */
export async function readLog(log: GroupLog, see: (batch: Uint8Array) => void): Promise<void> {
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

export const closed = await sampleFolder(true)
export const cut = await sampleFolder(false)

export function pathsOf(files: Files, ending: RegExp): string[] {
  return [...files.keys()].filter((path) => ending.test(path))
}

/**
 * Damaged files of one kind: opens, and serves no batch that was never written. The input's sample gives `path`, so all
 * files of the kind are one target each.
 */
function damaged(
  name: string,
  { files, written }: Pick<typeof closed, 'files' | 'written'>,
  ending: RegExp,
): FuzzTarget {
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

export const early = await journalSample()

/** The records of the journal, behind blocks that are sound. */
export const journalRecords: FuzzTarget = {
  name: 'journal-record',
  samples: [early.blocks, early.allTypes],
  seal: sealBlocks,
  run: async (input) => openAndRead(await diskOf(early.files, early.path, input), () => {}),
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
  damaged('journal-file', early, /\.journal$/),
  damaged('recycled-journal-file', cut, /\.journal$/),
  damaged('segment-file', closed, /\.log$/),
  damaged('index-file', closed, /\.index$/),
  damaged('checkpoint-file', closed, /checkpoint-[ab]$/),
]
