import type { Disk } from '../platform/disk.ts'

/**
 * Makes a file durable that a start has read and relies on. A process that was killed before its sync may have left the
 * file in the kernel's memory only: it can be read then, and a power failure takes it away, after the broker has acted
 * on it.
 */
export async function keepFile(disk: Disk, folder: string, name: string): Promise<void> {
  const file = await disk.open(`${folder}/${name}`)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.syncFolder(folder)
}
