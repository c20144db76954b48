import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from '@tailrace/client'
import { encodeFrame, type Message, parseFrame } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { HttpExchanges } from '../../broker/src/platform/node/http-exchange.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { CertificateFiles } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'

/** The number under which a program pretends to be a cascade broker, so that others are sent to it. */
const MADE_UP = 901
const REAL = 101
const BEATS = 10

const folder = mkdtempSync(join(tmpdir(), 'tailrace-made-up-'))
let files: CertificateFiles
const pem = (name: string) => readFileSync(files.path(name), 'utf8')
const alice = (): TlsOptions => ({ ...files.tls(), cert: pem('client-alice.crt'), key: pem('client-alice.key') })

/** What a stranger has: a connection with TLS and a certificate, the token of a principal, or nothing. */
interface Approach {
  readonly tls?: () => TlsOptions
  readonly principal?: string
  /** What is answered to its beat over HTTP, to its beat on the WebSocket, and to its choice of a source. */
  readonly answers: readonly [http: number, stream: string, assigned: number]
}

interface Guard {
  readonly flagsOf: (id: number) => readonly string[]
  readonly cascadeFlags: () => readonly string[]
  readonly tls: (() => TlsOptions) | null
  readonly approaches: Readonly<Record<string, Approach>>
}

const required = ['--authentication', 'required', '--admin-token-file']
const guards: Readonly<Record<string, Guard>> = {
  'a cluster key': {
    flagsOf: () => ['--cluster-key-file', join(folder, 'cluster.key'), ...required, join(folder, 'key-admin.token')],
    cascadeFlags: () => [],
    tls: null,
    approaches: {
      'without a credential': { answers: [404, 'AUTHENTICATION_REQUIRED', 401] },
      'with the token of a user': { principal: 'User:alice', answers: [404, 'AUTHORIZATION_FAILED', 403] },
      'with the token of a cascade broker': {
        principal: `Cascade:${REAL}`,
        answers: [404, 'AUTHORIZATION_FAILED', 403],
      },
    },
  },
  certificates: {
    flagsOf: (id) => [
      ...files.flagsOf(id),
      '--tls',
      'required',
      '--tls-client-certificates',
      'required',
      '--peer-tls',
      'required',
      ...required,
      join(folder, 'certificates-admin.token'),
    ],
    cascadeFlags: () => [
      '--source-tls',
      'required',
      '--source-tls-ca-file',
      files.path('ca.crt'),
      '--source-tls-cert-file',
      files.path(`cascade-${REAL}.crt`),
      '--source-tls-key-file',
      files.path(`cascade-${REAL}.key`),
    ],
    tls: alice,
    approaches: {
      'without TLS': { answers: [400, 'refused with 400', 400] },
      'without a certificate': { tls: () => files.tls(), answers: [403, 'refused with 403', 403] },
      'with the certificate of a user': { tls: alice, answers: [404, 'AUTHORIZATION_FAILED', 403] },
      'with the certificate of a user and the token of a cascade broker': {
        tls: alice,
        principal: `Cascade:${REAL}`,
        answers: [404, 'AUTHORIZATION_FAILED', 403],
      },
    },
  },
}

beforeAll(async () => {
  files = await CertificateFiles.create()
  writeFileSync(join(folder, 'cluster.key'), randomBytes(32).toString('base64'), { mode: 0o600 })
})

afterAll(async () => {
  await files?.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** A program that takes any request, and remembers it. */
async function madeUpSource(): Promise<{ server: Server; address: string; hits: string[] }> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`)
    response.writeHead(404).end('{}')
  })
  server.on('upgrade', (request, socket) => {
    hits.push(`upgrade ${request.url}`)
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, hits }
}

function beatOf(address: string): Message<'CascadeBeat'> {
  const own = { broker: MADE_UP, directoryId: 'x', http: address, level: 1, home: 1, source: 1, pinned: 0 }
  const figures = { lagRecords: 0, lagBytes: 0, lagMs: 0, partitions: 1, stopped: 0, ageMs: 0 }
  const report = { ...own, ...figures, featureLevels: { lowest: 1, highest: 1 } }
  return { correlation: 1, clusterId: '', broker: MADE_UP, reports: [report] }
}

describe.each(Object.keys(guards))('brokers with %s', (name) => {
  const guard = guards[name]!
  let cluster: ClusterProcesses
  let cascades: CascadeProcesses
  let source: Awaited<ReturnType<typeof madeUpSource>>
  const adminFile = () => guard.flagsOf(1).at(-1)!
  const scheme = guard.tls === null ? '' : 's'

  async function tokenOf(principal: string): Promise<string> {
    return (await cluster.request<{ token: string }>(1, 'POST', '/security/tokens', { principal })).token
  }

  beforeAll(async () => {
    source = await madeUpSource()
    const tls = guard.tls?.()
    cluster = await ClusterProcesses.start({ brokers: 1, flagsOf: guard.flagsOf, ...(tls && { tls }) })
    const token = readFileSync(adminFile(), 'utf8').trim()
    cluster.useCredentials({ token, sdk: { token } })
    const on = { type: 'cluster', pattern: 'literal', name: 'kafka-cluster' }
    const rule = { principal: `Cascade:${REAL}`, host: '*', permission: 'allow' }
    const acls = [
      { ...rule, operation: 'cluster-action', resource: on },
      { ...rule, operation: 'read', resource: { ...on, type: 'topic', name: '*' } },
    ]
    await cluster.request(1, 'POST', '/security/acls', { acls })
    const tokenFile = join(folder, `${scheme}${REAL}.token`)
    writeFileSync(tokenFile, await tokenOf(`Cascade:${REAL}`), { mode: 0o600 })
    cascades = await CascadeProcesses.inFolder()
    const flags = ['--authentication', 'required', '--source-token-file', tokenFile, ...guard.cascadeFlags()]
    await cascades.add(REAL, cluster.http(1), flags)
    await cascades.ready([REAL])
  }, 60_000)

  afterAll(async () => {
    await cascades?.destroy()
    await cluster?.destroy()
    source?.server.close()
  })

  /** All that level 0 says of cascade brokers, and of brokers. */
  async function state(): Promise<unknown> {
    const { brokers } = await cluster.request<{ brokers: Record<string, unknown>[] }>(1, 'GET', '/cascade')
    const { brokers: all } = await cluster.request<{ brokers: { id: number }[] }>(1, 'GET', '/cluster')
    return [brokers.map(({ broker, source, assigned }) => [broker, source, assigned]), all.map(({ id }) => id).sort()]
  }
  const untouched = [[[REAL, 1, 1]], [1, REAL]]

  async function asked(approach: Approach, method: string, path: string, body: object, token: string | null) {
    const exchanges = new HttpExchanges(approach.tls?.())
    const headers = { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) }
    const url = `http${approach.tls === undefined ? '' : 's'}://${cluster.http(1)}${path}`
    const request = { method, url, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) }
    const { status } = await exchanges.send({ ...request, maxBytes: 1_000_000 })
    exchanges.close()
    return status
  }

  /** The name of the answer, the code of the error in it, or how the connection was refused. */
  async function streamed(approach: Approach, token: string | null): Promise<string> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const url = `ws${approach.tls === undefined ? '' : 's'}://${cluster.http(1)}/stream`
    const socket = new WebSocket(url, { ...approach.tls?.(), headers })
    const answer = await new Promise<string>((resolve) => {
      socket.on('open', () => socket.send(Buffer.concat(encodeFrame('CascadeBeat', beatOf(source.address)))))
      socket.on('message', (data: Buffer) => {
        const { name, fields } = parseFrame(new Uint8Array(data))
        resolve(name === 'Failure' ? (fields as Message<'Failure'>).error.code : name)
      })
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(`refused with ${statusCode}`))
      socket.on('error', ({ message }) => resolve(message))
    })
    socket.terminate()
    return answer
  }

  it.each(Object.keys(guard.approaches))('refuse a made-up source %s, and no trace of it is left', async (how) => {
    const approach = guard.approaches[how]!
    const token = approach.principal === undefined ? null : await tokenOf(approach.principal)
    await expect.poll(state).toEqual(untouched)
    const report = beatOf(source.address)
    for (let beat = 0; beat < BEATS; beat++) {
      const body = { clusterId: '', broker: MADE_UP, topics: '', reports: report.reports }
      const choice = { source: MADE_UP }
      expect([
        await asked(approach, 'POST', '/cascade/beat', body, token),
        await streamed(approach, token),
        await asked(approach, 'PUT', `/cascade/brokers/${REAL}/source`, choice, token),
      ]).toEqual(approach.answers)
    }
    expect(await state()).toEqual(untouched)
    expect(source.hits).toEqual([])
  })

  it('give no cascade broker a source of which they have never heard, not for an administrator either', async () => {
    const choice = { source: MADE_UP }
    const refused = cluster.request(1, 'PUT', `/cascade/brokers/${REAL}/source`, choice)
    await expect(refused).rejects.toThrow(/404 .*UNKNOWN_BROKER/)
    const unheard = cluster.request(1, 'PUT', `/cascade/brokers/${MADE_UP}/source`, { source: 1 })
    await expect(unheard).rejects.toThrow(/404 .*UNKNOWN_BROKER/)
    for (const command of ['list', 'tree']) {
      const tls = guard.tls === null ? [] : ['--tls-ca', files.path('ca.crt')]
      const own = guard.tls === null ? [] : ['--tls-cert', files.path('client-alice.crt')]
      const key = guard.tls === null ? [] : ['--tls-key', files.path('client-alice.key')]
      const server = `http${scheme}://${cluster.http(1)}`
      const shown = ['--token-file', adminFile(), '--server', server, ...tls, ...own, ...key]
      const { code, out } = await tailrace(['cascade', command, ...shown])
      expect([code, out.includes(`${REAL}`), out.includes(`${MADE_UP}`)]).toEqual([0, true, false])
    }
    expect(await state()).toEqual(untouched)
    expect(source.hits).toEqual([])
  })

  it('read their files at SIGHUP, and go on', async () => {
    const former = readFileSync(adminFile(), 'utf8').trim()
    const token = `another-${randomBytes(24).toString('hex')}`
    writeFileSync(adminFile(), `${token}\n`)
    process.kill(cluster.pid(1), 'SIGHUP')
    const tls = guard.tls === null ? {} : { tls: guard.tls }
    const approach = { ...tls, answers: [0, '', 0] } as const
    const statusOf = (shown: string) => asked(approach, 'PUT', `/cascade/brokers/${REAL}/source`, { source: 1 }, shown)
    await expect.poll(() => statusOf(token)).toBe(204)
    expect(await statusOf(former)).toBe(401)
    cluster.useCredentials({ token, sdk: { token } })
  })
})
