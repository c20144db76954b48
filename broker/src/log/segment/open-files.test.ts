import { expect, test } from 'vitest'
import type { Disk, DiskFile } from '../../platform/disk.ts'
import { settled } from '../../platform/testing/clock.ts'
import { OpenFiles } from './open-files.ts'

/** A disk that notes which files are opened and closed; those in `missing` cannot be opened. */
function diskThatNotes() {
  const notes: string[] = []
  const missing = new Set<string>()
  const open = async (path: string): Promise<DiskFile> => {
    notes.push(`open ${path}`)
    if (missing.has(path)) throw new Error(`no ${path}`)
    return { close: async () => void notes.push(`close ${path}`) } as DiskFile
  }
  return { notes, missing, files: (most: number) => new OpenFiles({ open } as unknown as Disk, most) }
}

test('a file is opened once, and closed when there are too many: the one that was used longest ago', async () => {
  const disk = diskThatNotes()
  const files = disk.files(2)
  for (const path of ['a', 'b', 'a', 'c']) await files.use(path, async () => {})
  await settled()
  expect(disk.notes).toEqual(['open a', 'open b', 'open c', 'close b'])
  await files.close()
  expect(disk.notes.slice(4).sort()).toEqual(['close a', 'close c'])
})

test('a file that is in use is closed neither for others nor when it is to be removed, until the use is over', async () => {
  const disk = diskThatNotes()
  const files = disk.files(1)
  const work = Promise.withResolvers<void>()
  const using = files.use('a', () => work.promise)
  await files.use('b', async () => {})
  let isForgotten = false
  const forgetting = files.forget('a').then(() => {
    isForgotten = true
  })
  await settled()
  expect([disk.notes, isForgotten]).toEqual([['open a', 'open b'], false])
  work.resolve()
  await using
  await forgetting
  expect(disk.notes).toEqual(['open a', 'open b', 'close a'])
  await files.use('a', async () => {})
  expect(disk.notes.filter((note) => note === 'open a')).toHaveLength(2)
})

test('a file that could not be opened is tried again', async () => {
  const disk = diskThatNotes()
  const files = disk.files(2)
  disk.missing.add('a')
  await expect(files.use('a', async () => {})).rejects.toThrow('no a')
  disk.missing.delete('a')
  expect(await files.use('a', async () => 'read')).toBe('read')
})
