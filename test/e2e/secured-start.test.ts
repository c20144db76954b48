import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { freePortRange, npmStart, pressCtrlC, type Started, tailrace } from './command-line.ts'

/** A cluster of one machine that asks for credentials, as a person starts it and works with it. */
const folder = mkdtempSync(join(tmpdir(), 'tailrace-secured-'))
const data = join(folder, 'data')
const token = join(data, 'admin.token')
let started: Started | undefined

async function startSecured(...flags: string[]): Promise<{ cluster: Started; http: string }> {
  const httpPort = await freePortRange(6)
  const ports = ['--http-port', String(httpPort), '--peer-port', String(httpPort + 3)]
  const cluster = npmStart(['--data', data, ...ports, '--authentication', 'required', ...flags])
  started = cluster
  await vi.waitFor(() => expect(cluster.out() + cluster.err()).toMatch(/^ready$/m), { timeout: 50_000 })
  return { cluster, http: `127.0.0.1:${httpPort}` }
}

async function stop(cluster: Started): Promise<void> {
  pressCtrlC(cluster)
  await cluster.finished
  started = undefined
}

afterAll(() => {
  if (started !== undefined) process.kill(-started.child.pid!, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

it('prints the option that its commands need, and gives it a token that holds for the next start', async () => {
  const first = await startSecured()
  const [, advised] = /^authentication required {2}admin: tailrace … (.*)$/m.exec(first.cluster.out())!
  expect(advised).toBe(`--token-file ${token}`)
  const status = ['cluster', 'status', '-s', first.http]
  expect(await tailrace([...status, ...advised!.split(' ')])).toMatchObject({
    code: 0,
    out: expect.stringContaining('3 of 3 alive'),
  })
  const refused = await tailrace(status)
  expect([refused.code, refused.out]).toEqual([1, ''])
  expect(refused.err).toMatch(/^error AUTHENTICATION_REQUIRED: .*\n {2}.*--user NAME.*--token-file FILE.*\n$/)
  const made = readFileSync(token, 'utf8')
  await stop(first.cluster)

  const second = await startSecured()
  expect(readFileSync(token, 'utf8')).toBe(made)
  expect(existsSync(join(data, 'cluster.key'))).toBe(true)
  expect((await tailrace(['topic', 'list', '-s', second.http, '--token-file', token])).code).toBe(0)
  await stop(second.cluster)
})

it('gets ready with TLS as well, and prints addresses that begin with https', async () => {
  const certs = join(folder, 'certs')
  expect((await tailrace(['certs', 'create', '--brokers', '1', '--out', certs])).code).toBe(0)
  const files = ['--tls-cert-file', join(certs, 'broker-1.crt'), '--tls-key-file', join(certs, 'broker-1.key')]
  const { cluster, http } = await startSecured('--tls', 'required', ...files)
  expect(cluster.out()).toContain(`broker 1  https://${http}  `)
  const ask = (server: string) =>
    tailrace(['cluster', 'status', '-s', server, '--tls-ca', join(certs, 'ca.crt'), '--token-file', token])
  expect((await ask(`https://${http}`)).code).toBe(0)
  expect(await ask(http)).toMatchObject({ code: 1, err: expect.stringContaining('TLS_REQUIRED') })
  await stop(cluster)
})
