import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { makeClusterSecrets, secretFiles } from './cluster-secrets.ts'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tailrace-'))
})
afterEach(() => rm(data, { recursive: true, force: true }))

describe('the secrets of a local cluster', () => {
  it('are a cluster key alone where nobody is asked for a credential', async () => {
    expect(await makeClusterSecrets({ ...secretFiles(data), authentication: 'off' }, data)).toEqual({
      flags: ['--cluster-key-file', `${data}/cluster.key`],
      adminTokenFile: null,
    })
    expect(existsSync(join(data, 'admin.token'))).toBe(false)
  })

  it.each(['optional', 'required'] as const)('have an admin token where authentication is %s', async (mode) => {
    const path = `${data}/admin.token`
    const made = await makeClusterSecrets({ ...secretFiles(data), authentication: mode }, data)
    expect(made.flags).toEqual(['--cluster-key-file', `${data}/cluster.key`, '--admin-token-file', path])
    expect(made.adminTokenFile).toBe(path)
    const token = readFileSync(path, 'utf8')
    expect(token).toMatch(/^admin-[\w-]{43}\n$/)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    await makeClusterSecrets({ ...secretFiles(data), authentication: mode }, data)
    expect(readFileSync(path, 'utf8')).toBe(token)
  })

  it('are those that the settings name', async () => {
    const [adminTokenFile, clusterKeyFile] = [join(data, 'of', 'admin'), join(data, 'key')]
    const made = await makeClusterSecrets({ authentication: 'required', adminTokenFile, clusterKeyFile }, data)
    expect(made.flags).toEqual([])
    expect(made.adminTokenFile).toBe(adminTokenFile)
    expect(existsSync(adminTokenFile)).toBe(true)
    expect(existsSync(clusterKeyFile)).toBe(false)
  })

  it('count before the settings are checked: beyond this machine, authentication alone is missing', async () => {
    const terminal = memoryTerminal()
    const code = await runCommandLine(['cluster', 'start', '--host', '192.0.2.1', '--data', data], terminal)
    expect([code, terminal.err.join()]).toEqual([2, expect.stringContaining('Set authentication: required')])
    expect(terminal.err.join()).not.toContain('clusterKeyFile')
    expect(existsSync(join(data, 'cluster.key'))).toBe(false)
  })
})
