import { formatTable, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import { type Disk, DiskError } from '../../platform/disk.ts'
import { keepFile } from '../keep-file.ts'

/** `tailrace-data-VERSION CHECKSUM`: the checksum covers the text before the space, in every version. */
const NAME = 'tailrace-data-'
const FILE = 'format'
const MOST_BYTES = 4096

export interface FoundDataFolder {
  /** A broker has opened its log and its state store here before. */
  readonly used: boolean
  /** There is no file, or it is as it was written. */
  readonly sound: boolean
}

/**
 * Looks at `<data>/format`, before anything in the folder is opened. A folder without the file is new, or of a version
 * before it. A file that cannot be read proves nothing: each other file has its own version, too.
 * @throws TailraceError NEWER_FORMAT
 */
export async function readDataFormat(disk: Disk, folder: string, crc: Crc32c): Promise<FoundDataFolder> {
  const path = pathIn(folder)
  const size = await disk.size(path)
  if (size === null) return { used: false, sound: true }
  const text = await readText(disk, path, Math.min(size, MOST_BYTES))
  const [head = '', checksum] = text.trimEnd().split(' ')
  const version = Number(head.slice(NAME.length))
  if (!head.startsWith(NAME) || checksum !== checksumOf(head, crc)) return { used: true, sound: false }
  if (version > formatTable.dataFolder.version) throw newerFormat('dataFolder', version, path)
  return { used: true, sound: true }
}

/**
 * After everything in the folder has been opened. Durable when it resolves; a full disk gets the file at a later start.
 */
export async function writeDataFormat(disk: Disk, folder: string, crc: Crc32c): Promise<void> {
  const head = `${NAME}${formatTable.dataFolder.version}`
  const bytes = new TextEncoder().encode(`${head} ${checksumOf(head, crc)}\n`)
  const path = pathIn(folder)
  const size = await disk.size(path)
  if (size === bytes.length && (await readText(disk, path, size)) === new TextDecoder().decode(bytes))
    return keepFile(disk, folder, FILE)
  const file = await disk.open(path)
  try {
    await file.truncate(0)
    await file.write([bytes], 0)
    await file.sync()
    await disk.syncFolder(folder)
  } catch (error) {
    if (!(error instanceof DiskError && error.kind === 'full')) throw error
  } finally {
    await file.close()
  }
}

async function readText(disk: Disk, path: string, bytes: number): Promise<string> {
  const file = await disk.open(path)
  try {
    const text = new Uint8Array(bytes)
    const count = await file.read(text, 0)
    return new TextDecoder().decode(text.subarray(0, count))
  } finally {
    await file.close()
  }
}

function checksumOf(text: string, crc: Crc32c): string {
  const bytes = new TextEncoder().encode(text)
  return String(crc(bytes, 0, bytes.length))
}

function pathIn(folder: string): string {
  return `${folder}/${FILE}`
}
