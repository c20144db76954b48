import * as fs from 'node:fs'
import * as fsp from 'node:fs/promises'
import { type Disk, DiskError, type DiskFile } from '../disk.ts'
import { codeOf } from './error-code.ts'
import { whenDescriptorsAllow } from './file-descriptors.ts'
import { lockFolder } from './folder-lock.ts'
import { FILE_MODE, makePrivateFolder } from './folder-modes.ts'

/** The machine's file system. */
export const nodeDisk: Disk = {
  async open(path) {
    try {
      return new NodeFile(path, await whenDescriptorsAllow(() => openFile(path, READ_AND_WRITE)))
    } catch (error) {
      throw diskError('open', path, error)
    }
  },
  list: (folder) => namesIn(folder, () => whenDescriptorsAllow(() => fsp.readdir(folder))),
  makeFolder: (folder) => told('make', folder, makePrivateFolder(folder)),
  rename: (from, to) => told('rename', from, fsp.rename(from, to)),
  remove: (path) =>
    told(
      'remove',
      path,
      whenDescriptorsAllow(() => fsp.rm(path, { recursive: true, force: true })),
    ),
  async syncFolder(folder) {
    // Windows cannot open folders; NTFS journals its names by itself.
    if (process.platform === 'win32') return
    const handle = await whenDescriptorsAllow(() => fsp.open(folder, 'r')).catch((error) => {
      throw diskError('open', folder, error)
    })
    try {
      await told('sync', folder, handle.sync())
    } finally {
      await handle.close()
    }
  },
  async size(path) {
    try {
      return (await fsp.stat(path)).size
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw diskError('stat', path, error)
    }
  },
  async free(folder) {
    try {
      const space = await fsp.statfs(folder)
      return space.bavail * space.bsize
    } catch (error) {
      throw diskError('statfs', folder, error)
    }
  },
  lock: lockFolder,
}

/**
 * For a disk of which nothing may change: the system itself refuses to write to the file. It does not wait for
 * descriptors: the programs that only read have nobody who would free some.
 */
export async function openForReading(path: string): Promise<DiskFile> {
  try {
    return new NodeFile(path, await openFile(path, fs.constants.O_RDONLY))
  } catch (error) {
    throw diskError('open', path, error)
  }
}

/** As nodeDisk lists a folder, without waiting for descriptors. */
export function listForReading(folder: string): Promise<string[]> {
  return namesIn(folder, () => fsp.readdir(folder))
}

async function namesIn(folder: string, read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw diskError('list', folder, error)
  }
}

const READ_AND_WRITE = fs.constants.O_RDWR | fs.constants.O_CREAT

function openFile(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, FILE_MODE, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)))
  })
}

/** Callbacks on a plain descriptor: one promise an operation, no FileHandle bookkeeping on the hot path. */
class NodeFile implements DiskFile {
  readonly path: string
  /**
   * A write through a descriptor that was opened with O_DSYNC is one call of the system in the place of two, and is
   * durable as with fdatasync. macOS has O_DSYNC too, but brings the bytes no further than the cache of the drive.
   */
  readonly writeDurably?: NonNullable<DiskFile['writeDurably']>
  readonly #descriptor: number
  /** Opened by the first write of that kind: the same file, whatever has its name now. */
  #durable: Promise<number> | null = null

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
    if (process.platform === 'linux') {
      this.writeDurably = (bytes, position) => this.#writeInOneCall(bytes, position)
    }
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let done = 0
      const next = (): void => {
        fs.read(this.#descriptor, into, done, into.length - done, position + done, (error, count) => {
          if (error !== null) return reject(diskError('read', this.path, error))
          done += count
          if (count === 0 || done === into.length) return resolve(done)
          next()
        })
      }
      next()
    })
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    if (pieces.length === 1) return this.#writeOne(this.#descriptor, pieces[0]!, position)
    return this.#writeMany(pieces, position)
  }

  #writeOne(descriptor: number, piece: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let done = 0
      const next = (): void => {
        fs.write(descriptor, piece, done, piece.length - done, position + done, (error, count) => {
          if (error !== null) return reject(diskError('write', this.path, error))
          done += count
          if (done === piece.length) return resolve()
          next()
        })
      }
      next()
    })
  }

  #writeMany(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = pieces.filter((piece) => piece.length > 0)
      let at = position
      const next = (): void => {
        if (left.length === 0) {
          resolve()
          return
        }
        fs.writev(this.#descriptor, left, at, (error, count) => {
          if (error !== null) return reject(diskError('write', this.path, error))
          at += count
          left = unwritten(left, count)
          next()
        })
      }
      next()
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (error) =>
        error === null ? resolve() : reject(diskError('sync', this.path, error)),
      )
    })
  }

  truncate(size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.ftruncate(this.#descriptor, size, (error) =>
        error === null ? resolve() : reject(diskError('truncate', this.path, error)),
      )
    })
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#descriptor, (error, found) =>
        error === null ? resolve(found.size) : reject(diskError('stat', this.path, error)),
      )
    })
  }

  async close(): Promise<void> {
    const durable = await this.#durable?.catch(() => null)
    if (durable != null) await closeFile(durable, this.path)
    await closeFile(this.#descriptor, this.path)
  }

  async #writeInOneCall(bytes: Uint8Array, position: number): Promise<void> {
    this.#durable ??= whenDescriptorsAllow(() =>
      openFile(`/proc/self/fd/${this.#descriptor}`, fs.constants.O_WRONLY | fs.constants.O_DSYNC),
    )
    const durable = await this.#durable.catch(() => null)
    if (durable !== null) return this.#writeOne(durable, bytes, position)
    await this.write([bytes], position)
    await this.sync()
  }
}

function closeFile(descriptor: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(descriptor, (error) => (error == null ? resolve() : reject(diskError('close', path, error))))
  })
}

/** The rest of the pieces after a short write of `count` bytes. */
function unwritten(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count
  let first = 0
  while (first < pieces.length && skip >= pieces[first]!.length) skip -= pieces[first++]!.length
  const left = pieces.slice(first)
  if (skip > 0) left[0] = left[0]!.subarray(skip)
  return left
}

function told(action: string, path: string, work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    (error) => {
      throw diskError(action, path, error)
    },
  )
}

function diskError(action: string, path: string, cause: unknown): DiskError {
  const code = codeOf(cause)
  const kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : code === 'ENOENT' ? 'gone' : 'failed'
  return new DiskError(kind, `cannot ${action} ${path}: ${(cause as Error).message}`, { cause })
}
