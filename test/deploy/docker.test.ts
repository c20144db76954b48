import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, issueCertificate } from '../../broker/src/platform/node/tls/issue-certificates.ts'
import { skipped } from '../runner/skipped.ts'
import { judge, lacks } from './tools.ts'

const folder = fileURLToPath(new URL('../../deploy/docker/', import.meta.url))
const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8')
/** The image that is shipped: what follows the last FROM. */
const shipped = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))

describe.skipIf(skipped(lacks('hadolint'), 'the Dockerfile: there is no hadolint'))('hadolint', () => {
  const lint = (text: string) => judge('hadolint', ['--no-color', '-'], { input: text })

  it('finds nothing', () => expect(lint(dockerfile)).toEqual({ code: 0, said: '' }))

  it.each([
    ['DL3006', '\nFROM $', '\nFROM node\nFROM $'],
    ['DL3002', 'USER 1000:1000', 'USER root'],
    ['DL3025', 'CMD ["broker"]', 'CMD broker'],
    ['DL3045', 'WORKDIR /build', ''],
  ])('says %s where it is not followed', (rule, before, after) => {
    expect(dockerfile).toContain(before)
    expect(lint(dockerfile.replace(before, after)).said).toContain(rule)
  })
})

describe('the image', () => {
  it('runs as a user with a number, which is not root', () => expect(shipped).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m))
  it('asks for its health without curl', () => {
    expect(shipped).toMatch(/^HEALTHCHECK .*CMD \["node", "\/opt\/tailrace\/health\.mjs"\]$/m)
    expect(dockerfile).not.toMatch(/curl|wget/)
  })
  it('has nothing of the distribution beside what the image of Node.js has', () => {
    expect(dockerfile).not.toMatch(/\b(apt|apt-get|apk|dnf)\b/)
  })
  it('has the broker as its first process, which gets the signals', () => {
    expect(shipped).toContain('\nENTRYPOINT ["tailrace"]\n')
  })
  it('is built without secrets', () => {
    expect(dockerfile).not.toMatch(/^(ARG|ENV) \S*(TOKEN|PASSWORD|SECRET|_KEY)/im)
    const ignored = readFileSync(join(folder, 'Dockerfile.dockerignore'), 'utf8').split('\n')
    for (const pattern of ['data', '**/*.key', '**/*.token', '**/.env', '.git']) expect(ignored).toContain(pattern)
  })
})

it('install-packed.sh puts packages in the place of links to their sources', () => {
  const place = mkdtempSync(join(tmpdir(), 'tailrace-packed-'))
  try {
    const made = (path: string, text: string) => {
      mkdirSync(join(place, path, '..'), { recursive: true })
      writeFileSync(join(place, path), text)
    }
    made('built/a/package.json', JSON.stringify({ name: '@own/a', version: '1.0.0', files: ['dist'] }))
    made('built/a/dist/index.js', 'export {}\n')
    made('built/a/left-out.txt', 'not published\n')
    const host = `rocksdb-${process.platform}-${process.arch}`
    for (const name of ['rocksdb', host, 'rocksdb-amiga-m68k'])
      made(`built/${name}/package.json`, JSON.stringify({ name: `@tailrace/${name}`, version: '1.0.0' }))
    made('modules/rocksdb-native/prebuilds/upstream.node', '')
    made('sources/a/secret.txt', 'source\n')
    made('modules/other/package.json', '{}')
    mkdirSync(join(place, 'modules/@own'))
    symlinkSync('../../sources/a', join(place, 'modules/@own/a'))
    symlinkSync('../sources/a', join(place, 'modules/private'))
    const script = join(folder, 'install-packed.sh')
    expect(judge('sh', [script, join(place, 'built'), join(place, 'modules')])).toEqual({ code: 0, said: '' })
    expect(lstatSync(join(place, 'modules/@own/a')).isSymbolicLink()).toBe(false)
    expect(existsSync(join(place, 'modules/@own/a/dist/index.js'))).toBe(true)
    expect(existsSync(join(place, 'modules/@own/a/left-out.txt'))).toBe(false)
    expect(existsSync(join(place, 'modules/private'))).toBe(false)
    expect(readFileSync(join(place, 'modules/rocksdb-native/package.json'), 'utf8')).toContain('@tailrace/rocksdb')
    expect(existsSync(join(place, 'modules/rocksdb-native/prebuilds'))).toBe(false)
    expect(readdirSync(join(place, 'modules/@tailrace'))).toEqual([host])
    expect(existsSync(join(place, 'modules/other/package.json'))).toBe(true)
    expect(existsSync(join(place, 'sources/a/secret.txt'))).toBe(true)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})

describe('health.mjs', () => {
  const files = mkdtempSync(join(tmpdir(), 'tailrace-health-'))
  const [cert, key] = [join(files, 'broker.crt'), join(files, 'broker.key')]
  let server: Server | null = null

  let authority: { readonly cert: string; readonly key: string }

  beforeAll(async () => {
    authority = await createAuthority('A CA', 1, Date.now())
    const names = { commonName: 'broker-1', dnsNames: ['a.example'], addresses: [], use: 'server and client' } as const
    const issued = await issueCertificate(authority, { ...names, days: 1 }, Date.now())
    writeFileSync(cert, issued.cert)
    writeFileSync(key, issued.key)
  })
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })
  afterAll(() => rmSync(files, { recursive: true, force: true }))

  async function listen(made: Server): Promise<string> {
    server = made
    made.listen(0, '127.0.0.1')
    await once(made, 'listening')
    return `127.0.0.1:${(made.address() as AddressInfo).port}`
  }
  async function ask(environment: Record<string, string>, ...args: string[]) {
    const child = spawn(process.execPath, [join(folder, 'health.mjs'), ...args], { env: environment })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, said }
  }
  const paths: RequestListener = (request, answer) => {
    answer.statusCode = request.url === '/healthz' ? 200 : 503
    answer.end(`answer of ${request.url}`)
  }

  it('says yes to 200 and no to anything else', async () => {
    const http = await listen(createServer(paths))
    expect(await ask({ TAILRACE_HTTP: http })).toEqual({ code: 0, said: '' })
    expect(await ask({ TAILRACE_HTTP: http }, '/readyz')).toEqual({ code: 1, said: '503 answer of /readyz\n' })
  })

  it('speaks TLS where the broker does, and shows the certificate of the broker', async () => {
    const options = { cert: readFileSync(cert), key: readFileSync(key), ca: authority.cert, requestCert: true }
    const http = await listen(createTlsServer(options, paths))
    const tls = { TAILRACE_TLS: 'required', TAILRACE_TLS_CERT_FILE: cert, TAILRACE_TLS_KEY_FILE: key }
    expect(await ask({ TAILRACE_HTTP: http, ...tls })).toEqual({ code: 0, said: '' })
  })

  it('finds a broker that listens on every address', async () => {
    const port = (await listen(createServer(paths))).split(':')[1]
    expect((await ask({ TAILRACE_HTTP: `0.0.0.0:${port}` })).code).toBe(0)
  })

  it('says no where nothing answers', async () => {
    const http = await listen(createServer(() => {}))
    expect(await ask({ TAILRACE_HTTP: http })).toEqual({ code: 1, said: `no answer from ${http} within 4000 ms\n` })
    server!.closeAllConnections()
    server!.close()
    expect((await ask({ TAILRACE_HTTP: http })).said).toContain('ECONNREFUSED')
  })
})
