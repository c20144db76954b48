import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CertificateFolder } from '../platform/node/tls/testing/certificate-folder.ts'
import { runCommandLine } from './cli.ts'
import { readClientTls } from './client-tls.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

let folder: CertificateFolder
let server: ReturnType<typeof createServer>
let address: string
beforeAll(async () => {
  folder = await CertificateFolder.create()
  const issued = await folder.server(['localhost'])
  const options = { ...issued, ca: folder.authority.cert, requestCert: true, rejectUnauthorized: false }
  server = createServer(options, ({ socket }, response) => {
    const name = (socket as TLSSocket).getPeerX509Certificate()?.subject ?? 'nobody'
    response.end(JSON.stringify({ records: [{ by: name, at: 0, operation: 'x', detail: {} }], ready: true }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await folder.remove()
})

async function run(args: string[], environment: Record<string, string> = {}) {
  const terminal = memoryTerminal({ environment })
  const code = await runCommandLine(['cluster', 'audit', '--json', ...args], terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

it('asks with TLS: the CA, and a certificate to show, from flags or the environment', async () => {
  const alice = await folder.client('alice')
  const read = async (path: string) => ({ c: alice.cert, k: alice.key })[path] ?? ''
  expect(await readClientTls({ tlsCert: 'c', tlsKey: 'k' }, {}, read)).toEqual({ cert: alice.cert, key: alice.key })
  const ca = folder.path('ca.crt')
  expect(await run(['-s', `https://${address}`, '--tls-ca', ca])).toMatchObject({ code: 0, err: '' })
  expect(await run(['-s', `https://${address}`], { TAILRACE_TLS_CA: ca })).toMatchObject({ code: 0, err: '' })
  const { code, err } = await run(['-s', `https://${address}`])
  expect([code, JSON.parse(err).code]).toEqual([1, 'TLS_FAILED'])
})

it.each([
  [['--tls-ca', '/nowhere'], '--tls-ca /nowhere cannot be read'],
  [['--tls-cert', 'x'], '--tls-cert and --tls-key come together'],
])('%j is refused', async (args, text) => {
  const { code, err } = await run(['-s', `https://${address}`, ...args])
  expect([code, err]).toEqual([2, expect.stringContaining(text)])
})

it('tells a server with another name, or without TLS, from one that is away', async () => {
  const named = await run([
    '-s',
    `https://${address}`,
    '--tls-ca',
    folder.path('ca.crt'),
    '--tls-server-name',
    'b.example',
  ])
  expect(JSON.parse(named.err)).toMatchObject({ code: 'TLS_FAILED', message: expect.stringContaining('another name') })
  const away = await run(['-s', 'https://127.0.0.1:1'])
  expect(JSON.parse(away.err)).toMatchObject({ code: 'CONNECTION_LOST' })
})
