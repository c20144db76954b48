import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipped } from '../../../../test/runner/skipped.ts'
import { nodeDisk } from './disk.ts'
import { tightenFolder } from './folder-modes.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tailrace-modes-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

const noModes = skipped(
  process.platform === 'win32',
  'modes of folders: on Windows the access list of the folder keeps others away.',
)

describe.skipIf(noModes)('modes', () => {
  test.each([0o000, 0o022, 0o077])('what the disk makes is for its user alone, with umask %o', async (mask) => {
    const folder = join(root, 'a', 'b')
    const before = process.umask(mask)
    try {
      await nodeDisk.makeFolder(folder)
      await (await nodeDisk.open(join(folder, 'file'))).close()
    } finally {
      process.umask(before)
    }
    expect(await Promise.all([join(root, 'a'), folder, join(folder, 'file')].map(modeOf))).toEqual([
      '700',
      '700',
      '600',
    ])
  })

  test('folders that exist stay as they are', async () => {
    await chmod(root, 0o755)
    await nodeDisk.makeFolder(root)
    await nodeDisk.makeFolder(join(root, 'new'))
    expect([await modeOf(root), await modeOf(join(root, 'new'))]).toEqual(['755', '700'])
  })

  test('an open folder of a former version is closed, with all in it, once', async () => {
    const outside = join(root, 'outside')
    await writeFile(outside, '')
    await chmod(outside, 0o644)
    const folder = join(root, 'data')
    await mkdir(join(folder, 'log', 'deep'), { recursive: true })
    for (const name of ['identity.json', 'log/1.log', 'log/deep/2.log']) {
      await writeFile(join(folder, name), '')
      await chmod(join(folder, name), 0o644)
    }
    await chmod(join(folder, 'log/1.log'), 0o600)
    await symlink(outside, join(folder, 'link'))
    for (const open of ['', 'log', 'log/deep']) await chmod(join(folder, open), 0o755)
    expect(await tightenFolder(folder)).toEqual({ folders: 3, files: 2, problem: null })
    const all = ['', 'log', 'log/deep', 'identity.json', 'log/1.log', 'log/deep/2.log']
    expect(await Promise.all(all.map((name) => modeOf(join(folder, name))))).toEqual([
      '700',
      '700',
      '700',
      '600',
      '600',
      '600',
    ])
    expect(await modeOf(outside)).toBe('644')
    expect(await tightenFolder(folder)).toBeNull()
  })
})
