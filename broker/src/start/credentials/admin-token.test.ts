import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { secretFiles } from '../../platform/node/guarded-file.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { openAdminToken } from './admin-token.ts'

const deps = () => ({ ...secretFiles, clock: new ManualClock(), logger: silentLogger })
const hash = (text: string) => nodeCrypto.hash('sha256', new TextEncoder().encode(text))
let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-admin-'))
  path = join(folder, 'admin.token')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the token is made where there is none, and another one in the file counts when it is read again', async () => {
  const token = (await openAdminToken({ adminTokenFile: path }, deps()))!
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  const made = readFileSync(path, 'utf8').trim()
  expect(token.current()).toEqual(hash(made))
  writeFileSync(path, 'another-token-of-24-characters\n')
  await token.reload!()
  expect(token.current()).toEqual(hash('another-token-of-24-characters'))
  writeFileSync(path, 'short\n')
  await token.reload!()
  expect(token.current()).toEqual(hash('another-token-of-24-characters'))
  token.close()
})

test('there is none without a file', async () => {
  expect(await openAdminToken({ adminTokenFile: '' }, deps())).toBeNull()
})

test('a short one ends the start', async () => {
  writeFileSync(path, 'short\n', { mode: 0o600 })
  const opening = openAdminToken({ adminTokenFile: path }, deps())
  await expect(opening).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining('5 characters'),
  })
})
