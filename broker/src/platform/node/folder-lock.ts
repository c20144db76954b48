import { constants, open, stat } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DiskError } from '../disk.ts'
import { FILE_MODE } from './folder-modes.ts'

/** libuv's UV_FS_O_EXLOCK: share mode 0 on Windows, flock(2) on macOS. Node does not name it in fs.constants. */
const EXCLUSIVE_LOCK = { win32: 0x10000000, darwin: 0x20 } as const

/**
 * An exclusive lock on a folder that the kernel drops when the process ends in any way: a pid file would outlive kill
 * -9 and name another process. macOS and Windows open files exclusively. Linux offers Node no file lock, so there the
 * lock is an abstract socket named after the folder's device and inode; it is bound to the network namespace, so two
 * containers that share a volume are told apart by the state store's own file lock only
 * (docs/decisions/folder-lock.md).
 */
export function lockFolder(folder: string): Promise<void> {
  const platform = process.platform
  if (platform === 'win32' || platform === 'darwin') return lockFile(join(folder, 'lock'), EXCLUSIVE_LOCK[platform])
  return lockSocket(folder)
}

function lockFile(path: string, lockFlag: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const flags = constants.O_RDWR | constants.O_CREAT | lockFlag | (constants.O_NONBLOCK ?? 0)
    open(path, flags, FILE_MODE, (error) => {
      // The descriptor is never closed: it stays locked until the process ends.
      if (error === null) return resolve()
      const taken =
        error.code === 'EAGAIN' || error.code === 'EBUSY' || error.code === 'EACCES' || error.code === 'EPERM'
      reject(taken ? takenError(path, error) : new DiskError('failed', `cannot lock ${path}`, { cause: error }))
    })
  })
}

function lockSocket(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stat(folder, { bigint: true }, (statError, found) => {
      if (statError !== null) return reject(new DiskError('gone', `cannot lock ${folder}`, { cause: statError }))
      const server = createServer((socket) => socket.destroy())
      server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE'
        reject(taken ? takenError(folder, error) : new DiskError('failed', `cannot lock ${folder}`, { cause: error }))
      })
      server.listen({ path: `\0tailrace-${found.dev}-${found.ino}`, exclusive: true }, () => resolve())
      server.unref()
    })
  })
}

function takenError(path: string, cause: Error): DiskError {
  return new DiskError('locked', `another broker uses ${path}`, { cause })
}
