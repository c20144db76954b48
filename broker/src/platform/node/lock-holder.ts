import { readFile, stat } from 'node:fs/promises'

/**
 * The process that holds a lock (fcntl) on the file; null: none holds one, or the system does not tell. Linux lists
 * locks in /proc/locks by device and inode, and leaves out those of processes that have no number here: from inside a
 * container the locks of others are not seen.
 */
export async function lockHolder(path: string): Promise<number | null> {
  if (process.platform !== 'linux') return null
  try {
    const [{ dev, ino }, locks] = await Promise.all([stat(path, { bigint: true }), readFile('/proc/locks', 'utf8')])
    return holderIn(locks, dev, ino)
  } catch {
    return null
  }
}

function holderIn(locks: string, device: bigint, inode: bigint): number | null {
  const wanted = `${deviceText(device)}:${inode}`
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, file] = line.trim().split(/\s+/)
    if (kind === 'POSIX' && file === wanted) return Number(pid)
  }
  return null
}

/** `major:minor` in hexadecimal, out of the kernel's number of a device. */
function deviceText(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n)
  return `${hexadecimal(major)}:${hexadecimal(minor)}`
}

function hexadecimal(value: bigint): string {
  return value.toString(16).padStart(2, '0')
}
