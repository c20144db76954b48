import { describe, expect, test } from 'vitest'
import { diskConformance } from '../../../../test/conformance/disk.ts'
import { seededRandom } from '../testing/random.ts'
import { MemoryDisk } from './disk.ts'

describe('the disk in memory', () => {
  diskConformance(async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder('data')
    return { disk, folder: 'data', dispose: async () => {} }
  })
})

/** Two pages written, the first one synced; then a crash. Returns the content of the file. */
async function crashed(seed: number, last = 2): Promise<string> {
  const disk = new MemoryDisk()
  await disk.makeFolder('d')
  const file = await disk.open('d/a')
  await disk.syncFolder('d')
  await file.write([new Uint8Array(8192).fill(1)], 0)
  await file.sync()
  await file.write([new Uint8Array(8192).fill(last)], 0)
  const random = seededRandom(seed)
  disk.crash((bound) => random.below(bound))
  const again = await disk.open('d/a')
  const into = new Uint8Array(8192)
  await again.read(into, 0)
  return `${into[0]}${into[4095]} ${into[4096]}${into[8191]}`
}

describe('a crash of the disk in memory', () => {
  test('keeps any subset of the unsynced pages, each of them whole', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 40; seed++) seen.add(await crashed(seed))
    expect([...seen].sort()).toEqual(['11 11', '11 22', '22 11', '22 22'])
    const zeros = new Set<string>()
    for (let seed = 0; seed < 40; seed++) zeros.add(await crashed(seed, 0))
    expect([...zeros].sort()).toEqual(['00 00', '00 11', '11 00', '11 11'])
  })

  test('forgets names that were not synced, or not', async () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 40; seed++) {
      const disk = new MemoryDisk()
      await disk.makeFolder('d')
      for (const name of ['a', 'b']) await disk.open(`d/${name}`)
      const random = seededRandom(seed)
      disk.crash((bound) => random.below(bound))
      const names = await disk.list('d')
      expect(['', 'a', 'a,b']).toContain(names.sort().join())
      seen.add(names.length)
    }
    expect(seen.size).toBe(3)
  })

  test('no operation is answered from a halt to the crash', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder('d')
    const file = await disk.open('d/a')
    await disk.syncFolder('d')
    disk.haltAfter(1)
    await file.write([Uint8Array.of(1)], 0)
    let answered = false
    void file.sync().then(() => (answered = true))
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(answered).toBe(false)
    disk.crash(() => 0)
    expect(await disk.size('d/a')).not.toBeNull()
  })

  test('writes that grow a file take from the free space, until it is full', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder('d')
    disk.freeBytes = 10
    const file = await disk.open('d/a')
    await file.write([new Uint8Array(8)], 0)
    await file.write([new Uint8Array(8)], 0)
    await expect(file.write([new Uint8Array(8)], 8)).rejects.toMatchObject({ kind: 'full' })
  })
})
