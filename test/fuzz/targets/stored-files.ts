import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'

/** The bytes of each file of a folder. */
export type Files = ReadonlyMap<string, Uint8Array>

export async function readAll(disk: MemoryDisk): Promise<Files> {
  const files = new Map<string, Uint8Array>()
  for (const path of disk.paths()) {
    const file = await disk.open(path)
    const bytes = new Uint8Array(await file.size())
    await file.read(bytes, 0)
    files.set(path, bytes)
  }
  return files
}

export function fingerprint(batch: Uint8Array): string {
  return Buffer.from(batch.subarray(8)).toString('base64')
}

export async function diskOf(files: Files, path: string, changed: Uint8Array): Promise<MemoryDisk> {
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
