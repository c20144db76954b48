import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Disk, DiskError } from '../../broker/src/platform/disk.ts'

export interface DiskUnderTest {
  readonly disk: Disk
  /** An empty folder that exists. */
  readonly folder: string
  dispose(): Promise<void>
}

/** The promises of broker/src/platform/disk.ts, for any implementation. */
export function diskConformance(make: () => Promise<DiskUnderTest>): void {
  let subject: DiskUnderTest
  let disk: Disk
  let folder: string
  const bytes = (...values: number[]) => Uint8Array.from(values)

  beforeEach(async () => {
    subject = await make()
    disk = subject.disk
    folder = subject.folder
  })
  afterEach(() => subject.dispose())

  test('pieces are written back to back at their position, and a hole reads as zeros', async () => {
    const file = await disk.open(`${folder}/a`)
    await file.write([bytes(1, 2), bytes(), bytes(3)], 4)
    expect(await file.size()).toBe(7)
    const into = new Uint8Array(10).fill(9)
    expect(await file.read(into, 0)).toBe(7)
    expect([...into]).toEqual([0, 0, 0, 0, 1, 2, 3, 9, 9, 9])
    expect(await file.read(into, 7)).toBe(0)
    await file.close()
  })

  test('more pieces than one system call takes', async () => {
    const file = await disk.open(`${folder}/a`)
    const pieces = Array.from({ length: 5000 }, (_, i) => bytes(i & 255, i >> 8, 7))
    await file.write(pieces, 0)
    const into = new Uint8Array(15000)
    expect(await file.read(into, 0)).toBe(15000)
    expect([...into.subarray(14997)]).toEqual([4999 & 255, 4999 >> 8, 7])
    await file.close()
  })

  test('a file keeps its content when it is opened again, and can be written over', async () => {
    const first = await disk.open(`${folder}/a`)
    await first.write([bytes(1, 2, 3)], 0)
    await first.sync()
    await first.close()
    const second = await disk.open(`${folder}/a`)
    await second.write([bytes(9)], 1)
    const into = new Uint8Array(3)
    await second.read(into, 0)
    expect([...into]).toEqual([1, 9, 3])
    await second.close()
  })

  test('truncating shortens, or lengthens with zeros', async () => {
    const file = await disk.open(`${folder}/a`)
    await file.write([bytes(1, 2, 3)], 0)
    await file.truncate(1)
    expect(await disk.size(`${folder}/a`)).toBe(1)
    await file.truncate(3)
    const into = new Uint8Array(3)
    expect(await file.read(into, 0)).toBe(3)
    expect([...into]).toEqual([1, 0, 0])
    await file.close()
  })

  test('names: listing, size, renaming over another, removing', async () => {
    expect(await disk.list(`${folder}/none`)).toEqual([])
    expect(await disk.size(`${folder}/none`)).toBeNull()
    await disk.makeFolder(`${folder}/sub/deep`)
    await disk.makeFolder(`${folder}/sub/deep`)
    for (const name of ['sub/deep/x', 'y', 'z']) await (await disk.open(`${folder}/${name}`)).close()
    expect((await disk.list(folder)).sort()).toEqual(['sub', 'y', 'z'])
    await disk.rename(`${folder}/y`, `${folder}/z`)
    await disk.syncFolder(folder)
    expect((await disk.list(folder)).sort()).toEqual(['sub', 'z'])
    await disk.remove(`${folder}/sub`)
    await disk.remove(`${folder}/sub`)
    expect(await disk.size(`${folder}/sub/deep/x`)).toBeNull()
    expect(await disk.list(folder)).toEqual(['z'])
  })

  test('a file in a folder that does not exist is gone', async () => {
    await expect(disk.open(`${folder}/none/a`)).rejects.toMatchObject({ kind: 'gone' })
    await expect(disk.open(`${folder}/none/a`)).rejects.toBeInstanceOf(DiskError)
  })

  test('free space is told in bytes', async () => {
    expect(await disk.free(folder)).toBeGreaterThan(1024)
  })

  test('a folder can be locked once', async () => {
    await disk.makeFolder(`${folder}/locked`)
    await disk.lock(`${folder}/locked`)
    await expect(disk.lock(`${folder}/locked`)).rejects.toMatchObject({ kind: 'locked' })
  })
}
