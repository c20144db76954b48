import { appendFile, chmod, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileStamp, fileStamps } from './file-stamps.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-stamps-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('stamps tell of files that were written, replaced, made or removed, also in folders below', async () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'below', 'two')]
  await mkdir(join(folder, 'below'))
  for (const path of [one, two]) await writeFile(path, 'text')
  const before = await fileStamps(folder)
  expect([...before.keys()].sort()).toEqual([two, one].sort())
  expect(await fileStamps(folder)).toEqual(before)
  await appendFile(two, 'more')
  expect((await fileStamps(folder)).get(two)).not.toBe(before.get(two))
  // Of the same size and time, and another file.
  await writeFile(`${one}.new`, 'TEXT')
  await utimes(one, 1, 1)
  await utimes(`${one}.new`, 1, 1)
  const old = (await fileStamps(folder)).get(one)
  await rename(`${one}.new`, one)
  expect((await fileStamps(folder)).get(one)).not.toBe(old)
  await rm(two)
  expect([...(await fileStamps(folder)).keys()]).toEqual([one])
})

test('a folder that cannot be listed is an error of the disk', async () => {
  await expect(fileStamps(join(folder, 'none'))).rejects.toMatchObject({ name: 'DiskError' })
})

test('a stamp tells of other rights, too, and a file that is not there has none', async () => {
  const path = join(folder, 'one')
  await writeFile(path, 'text', { mode: 0o600 })
  const before = await fileStamp(path)
  expect(await fileStamp(path)).toBe(before)
  await chmod(path, 0o400)
  expect(await fileStamp(path)).not.toBe(before)
  await rm(path)
  await expect(fileStamp(path)).rejects.toMatchObject({ code: 'ENOENT' })
})
