import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { skipped } from '../../../../test/runner/skipped.ts'
import { readSecretFile } from './guarded-file.ts'
import { makeSecretFile, replaceSecretFile } from './secret-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-secret-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function file(mode: number, text = 'secret'): Promise<string> {
  const path = join(folder, 'key')
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

const noModes = skipped(
  process.platform === 'win32',
  'modes of files with secrets: on Windows the access list of the folder keeps files from others.',
)

test.each([0o600, 0o400])('a file of its owner alone is read', async (mode) => {
  expect(await readSecretFile(await file(mode))).toBe('secret')
})

test.skipIf(noModes).each([
  [0o644, '0644'],
  [0o640, '0640'],
  [0o620, '0620'],
  [0o601, '0601'],
])('a file that others can open is refused, with the remedy', async (mode, shown) => {
  const path = await file(mode)
  await expect(readSecretFile(path)).rejects.toThrow(`its mode is ${shown}): run "chmod 600 ${path}"`)
})

test('what is no secret is refused: a folder, a large file, none', async () => {
  await expect(readSecretFile(folder)).rejects.toThrow('is no file')
  await expect(readSecretFile(await file(0o600, 'x'.repeat(70_000)))).rejects.toThrow('has 70000 bytes')
  await expect(readSecretFile(join(folder, 'none'))).rejects.toThrow('ENOENT')
})

test('a file is made once, with its folder, for its owner alone', async () => {
  const path = join(folder, 'new', 'key')
  await makeSecretFile(path, () => 'first')
  await makeSecretFile(path, () => 'second')
  expect(await readFile(path, 'utf8')).toBe('first')
  expect(await readdir(join(folder, 'new'))).toEqual(['key'])
  if (!noModes)
    expect([(await stat(path)).mode & 0o777, (await stat(join(folder, 'new'))).mode & 0o777]).toEqual([0o600, 0o700])
})

test('of programs that make a file at the same time all have the text of one', async () => {
  const path = join(folder, 'key')
  const found = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      await makeSecretFile(path, () => `text ${at}`)
      return readFile(path, 'utf8')
    }),
  )
  expect(new Set(found).size).toBe(1)
  expect(await readdir(folder)).toEqual(['key'])
})

test('programs that replace a file at the same time do not disturb each other', async () => {
  const path = join(folder, 'key')
  await makeSecretFile(path, () => 'first')
  await Promise.all(Array.from({ length: 20 }, (_, at) => replaceSecretFile(path, `text ${at}`)))
  expect(await readFile(path, 'utf8')).toMatch(/^text \d+$/)
  expect(await readdir(folder)).toEqual(['key'])
})

test('a file that cannot be written leaves nothing behind', async () => {
  await mkdir(join(folder, 'key'))
  await expect(replaceSecretFile(join(folder, 'key'), 'text')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['key'])
})
