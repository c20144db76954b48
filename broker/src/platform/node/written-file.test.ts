import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeNewFile, writeWholeFile } from './written-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-written-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test.each([
  ['writeWholeFile', writeWholeFile],
  ['writeNewFile', writeNewFile],
])('%s: drafts that a process of the same id has left are no obstacle, and stay', async (_, write) => {
  const path = join(folder, 'key')
  const left = Array.from({ length: 200 }, (_, at) => `key.${process.pid}-${at}.new`)
  for (const name of left) await writeFile(join(folder, name), 'draft')
  await write(path, 'text', 0o600)
  expect(await readFile(path, 'utf8')).toBe('text')
  expect((await readdir(folder)).sort()).toEqual(['key', ...left].sort())
})

test('a file that is not put in its place leaves no draft', async () => {
  const path = join(folder, 'key')
  await mkdir(path)
  await expect(writeWholeFile(path, 'text', 0o600)).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['key'])
})
