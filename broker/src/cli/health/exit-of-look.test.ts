import { newerFormat } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { DiskError } from '../../platform/disk.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { exitOfLook } from './exit-of-look.ts'

test.each([
  ['the disk fails', new DiskError('failed', 'cannot open it: EACCES'), 'error: cannot open it: EACCES'],
  ['a newer version wrote it', newerFormat('segment', 9, 'here'), 'error NEWER_FORMAT: '],
])('a look that comes to nothing as %s has the exit code 2, and says why', async (_, error, text) => {
  const terminal = memoryTerminal()
  expect(await exitOfLook(false, terminal, () => Promise.reject(error))).toBe(2)
  expect(terminal.err.join('')).toContain(text)
})

test('what a look finds is its exit code, and other errors are not kept back', async () => {
  const terminal = memoryTerminal()
  for (const code of [0, 1]) expect(await exitOfLook(true, terminal, async () => code)).toBe(code)
  await expect(exitOfLook(true, terminal, () => Promise.reject(new TypeError('of undefined')))).rejects.toThrow(
    TypeError,
  )
  expect(terminal.err).toEqual([])
})
