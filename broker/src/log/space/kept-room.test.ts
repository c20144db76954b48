import { beforeEach, describe, expect, it } from 'vitest'
import { DiskError } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { KeptRoom, releaseKeptRoom } from './kept-room.ts'

const BYTES = 2.5 * 1024 * 1024
let disk: MemoryDisk
beforeEach(async () => {
  disk = new MemoryDisk()
  await disk.mount().makeFolder('log')
})
const room = (bytes = BYTES) => new KeptRoom(disk.mount(), 'log', bytes)
const size = () => disk.mount().size('log/kept-room')

describe('the room that is kept', () => {
  it('is taken once, whole and durable, and found again', async () => {
    const first = room()
    await first.find()
    expect(first.held).toBe(false)
    await first.keep()
    expect([first.held, await size()]).toEqual([true, BYTES])
    await disk.mount().syncFolder('log')
    disk.crash(() => 0)
    const again = room()
    await again.find()
    expect(again.held).toBe(true)
    const other = room(BYTES + 1)
    await other.find()
    expect(other.held).toBe(false)
  })

  it('holds nothing that a file system could store in less', async () => {
    await room().keep()
    const file = await disk.mount().open('log/kept-room')
    const bytes = new Uint8Array(1024)
    await file.read(bytes, 0)
    expect(new Set(bytes).size).toBeGreaterThan(200)
    await file.close()
  })

  it('is given up once, and can be taken again', async () => {
    const kept = room()
    expect(await kept.release()).toBe(false)
    await kept.keep()
    expect(await kept.release()).toBe(true)
    expect([kept.held, await size(), await kept.release()]).toEqual([false, 0, false])
    await kept.keep()
    expect([kept.held, await size()]).toEqual([true, BYTES])
  })

  it('is none at all when the disk is full before it is whole', async () => {
    let writes = 0
    disk.onOperation = (operation) => {
      if (operation === 'write' && ++writes === 2) throw new DiskError('full', 'no room')
    }
    const kept = room()
    await expect(kept.keep()).rejects.toThrow()
    expect([kept.held, await size()]).toEqual([false, 0])
  })

  it('is no file where no room is to be kept, and then there is none to give up', async () => {
    await room(0).keep()
    expect(await size()).toBeNull()
    await releaseKeptRoom(disk.mount(), 'log')
    expect(await size()).toBeNull()
    await room().keep()
    await releaseKeptRoom(disk.mount(), 'log')
    expect(await size()).toBe(0)
  })
})
