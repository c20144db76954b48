import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CascadeReport, Frame, Message, MessageName } from '@tailrace/schemas'
import { encodeFrame, parseFrame } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { CascadeProcesses } from './cascade-processes.ts'
import { CertificateFiles } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-credentials-'))
const adminFile = join(folder, 'admin.token')
let cluster: ClusterProcesses
let cascades: CascadeProcesses

interface Answer {
  readonly status: number
  readonly body: never
}

async function ask(http: string, method: string, path: string, body?: unknown, token = admin()): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`http://${http}${path}`, { method, headers, ...sent })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as never }
}

const admin = () => readFileSync(adminFile, 'utf8').trim()

async function tokenOf(principal: string): Promise<string> {
  const { status, body } = await ask(cluster.http(1), 'POST', '/security/tokens', { principal })
  expect(status).toBe(201)
  return (body as { token: string }).token
}

const onCluster = { type: 'cluster', pattern: 'literal', name: 'kafka-cluster' }
const onTopics = { type: 'topic', pattern: 'literal', name: '*' }

async function allow(principal: string, operation: string, resource: object): Promise<void> {
  const acl = { principal, host: '*', operation, permission: 'allow', resource }
  expect((await ask(cluster.http(1), 'POST', '/security/acls', { acls: [acl] })).status).toBeLessThan(300)
}

/** The file with a token of its own for a cascade broker. */
async function tokenFile(id: number): Promise<string> {
  const path = join(folder, `${id}.token`)
  writeFileSync(path, await tokenOf(`Cascade:${id}`), { mode: 0o600 })
  return path
}

beforeAll(async () => {
  cluster = await ClusterProcesses.start({
    brokers: 1,
    flags: ['--authentication', 'required', '--admin-token-file', adminFile],
  })
  cascades = await CascadeProcesses.inFolder()
  expect((await ask(cluster.http(1), 'POST', '/topics', { name: 'bank', partitions: 1, replicas: 1 })).status).toBe(201)
  const records = [{ value: 'salary' }]
  expect((await ask(cluster.http(1), 'POST', '/topics/bank/records', { records })).status).toBe(200)
  for (const id of [101, 201]) {
    await allow(`Cascade:${id}`, 'cluster-action', onCluster)
    await allow(`Cascade:${id}`, 'read', onTopics)
  }
}, 60_000)

afterAll(async () => {
  await cascades?.destroy()
  await cluster?.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** What the broker answers to the beat of a made-up source, on a WebSocket with or without a credential. */
async function beatOf(broker: number, token: string | null): Promise<Frame> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const socket = new WebSocket(`ws://${cluster.http(1)}/stream`, { headers })
  const answer = new Promise<Frame>((resolve, reject) => {
    socket.on('message', (data: Buffer) => resolve(parseFrame(new Uint8Array(data))))
    socket.on('error', reject)
  })
  await new Promise((done) => socket.once('open', done))
  const own: Partial<CascadeReport> = { broker, directoryId: 'x', http: '127.0.0.1:1', level: 1, home: 1, source: 1 }
  const figures = { pinned: 0, lagRecords: 0, lagBytes: 0, lagMs: 0, partitions: 1, stopped: 0, ageMs: 0 }
  const report = { ...own, ...figures, featureLevels: { lowest: 1, highest: 1 } }
  const fields = { correlation: 1, clusterId: '', broker, reports: [report] } as unknown as Message<'CascadeBeat'>
  socket.send(Buffer.concat(encodeFrame('CascadeBeat', fields)))
  return answer.finally(() => socket.terminate())
}

const required = ['--authentication', 'required']

const codeOf = ({ name, fields }: Frame): [MessageName, unknown] => [
  name,
  name === 'Failure' ? (fields as Message<'Failure'>).error.code : null,
]

it('a made-up source is refused, without a credential and with that of another, and is in no list', async () => {
  const token = await tokenOf('Cascade:101')
  expect(codeOf(await beatOf(901, null))).toEqual(['Failure', 'AUTHENTICATION_REQUIRED'])
  expect(codeOf(await beatOf(901, token))).toEqual(['Failure', 'AUTHORIZATION_FAILED'])
  expect(codeOf(await beatOf(901, await tokenOf('User:alice')))).toEqual(['Failure', 'AUTHORIZATION_FAILED'])
  const { body } = await ask(cluster.http(1), 'GET', '/cascade')
  expect((body as { brokers: object[] }).brokers).toEqual([])
  expect(codeOf(await beatOf(101, token))).toEqual(['CascadeBeatReply', null])
})

it('a cascade broker copies with a token of its own, and one without gets nothing', async () => {
  await cascades.add(101, cluster.http(1), [...required, '--source-token-file', await tokenFile(101)])
  await cascades.ready([101])
  await allow('User:first', 'read', onTopics)
  const url = `http://${cascades.http(101)}/topics/bank/partitions/0/records?offset=0`
  const headers = { authorization: `Bearer ${await tokenOf('User:first')}` }
  const page = async () => (await fetch(url, { headers })).text()
  await expect.poll(page, { timeout: 10_000 }).toContain('salary')
  expect((await fetch(url)).status).toBe(401)
  const conditions = async () => {
    const { brokers = [] } = (await (
      await fetch(`http://${cascades.http(101)}/cluster/conditions`, { headers })
    ).json()) as {
      brokers?: { broker: number; condition: { ready: boolean } | null }[]
    }
    return brokers.map(({ broker, condition }) => [broker, condition?.ready])
  }
  expect(await conditions()).toEqual([])
  await allow('User:first', 'describe', onCluster)
  // It asks its source in its own name, for which cluster-action is enough.
  await expect.poll(conditions, { timeout: 15_000 }).toEqual([
    [1, true],
    [101, true],
  ])
  await cascades.add(301, cluster.http(1))
  await expect.poll(() => cascades.log(301), { timeout: 20_000 }).toContain('AUTHENTICATION_REQUIRED')
  expect((await fetch(`http://${cascades.http(301)}/readyz`)).status).toBe(503)
  await cascades.end(301, 'SIGKILL')
})

it('the quotas of the cluster hold for its readers, and follow changes', async () => {
  const url = `http://${cascades.http(101)}/topics/bank/partitions/0/records?offset=0`
  const headersOf = async (name: string) => ({ authorization: `Bearer ${await tokenOf(name)}` })
  const [slow, other] = [await headersOf('User:slow'), await headersOf('User:other')]
  const atOnce = async (headers: Record<string, string>): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(url, { headers })))
    return answers.map(({ status }) => status)
  }
  for (const principal of ['User:slow', 'User:other']) await allow(principal, 'read', onTopics)
  for (const headers of [slow, other]) await expect.poll(() => atOnce(headers), { timeout: 10_000 }).not.toContain(401)
  expect(await atOnce(slow)).not.toContain(429)
  const entity = { principal: 'User:slow', clientId: null, address: null }
  const set = { entity, limits: { requestsPerSecond: 1 } }
  expect((await ask(cluster.http(1), 'PUT', '/security/quotas', set)).status).toBe(204)
  await expect.poll(() => atOnce(slow), { timeout: 10_000 }).toContain(429)
  expect(new Set(await atOnce(other))).toEqual(new Set([200]))
  expect((await ask(cluster.http(1), 'DELETE', '/security/quotas?principal=User:slow')).status).toBe(204)
  await expect.poll(() => atOnce(slow), { timeout: 10_000 }).not.toContain(429)
})

it('the rules of the cluster hold for its readers, also while its source is away, and follow changes', async () => {
  await cascades.add(201, cascades.http(101), [...required, '--source-token-file', await tokenFile(201)])
  await cascades.end(101, 'SIGTERM')
  cascades.launch(101)
  await cascades.ready([101, 201])
  const reader = await tokenOf('User:reader')
  const page = '/topics/bank/partitions/0/records?offset=0'
  const read = async (token: string | null): Promise<number> => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    return (await fetch(`http://${cascades.http(201)}${page}`, { headers })).status
  }
  const becomes = (token: string | null, status: number) =>
    expect.poll(() => read(token), { timeout: 10_000 }).toBe(status)
  await becomes(reader, 403)
  expect(await read(null)).toBe(401)
  await allow('User:reader', 'read', onTopics)
  await becomes(reader, 200)
  const other = await tokenOf('User:reader')
  await becomes(other, 200)
  await ask(cluster.http(1), 'DELETE', `/security/tokens/${other.split('_')[1]}`)
  await becomes(other, 401)
  // Over a restart without any source it goes on with what it knew last.
  await cascades.end(101, 'SIGKILL')
  await cascades.end(201, 'SIGKILL')
  cascades.launch(201)
  await becomes(reader, 200)
  expect([await read(null), await read(other)]).toEqual([401, 401])
})

describe('a certificate in the place of a token', () => {
  let files: CertificateFiles
  let secured: ClusterProcesses
  let below: CascadeProcesses

  beforeAll(async () => {
    files = await CertificateFiles.create()
    const securedAdmin = join(folder, 'secured.token')
    secured = await ClusterProcesses.start({
      brokers: 1,
      flags: [
        ...required,
        '--admin-token-file',
        securedAdmin,
        '--tls',
        'required',
        '--tls-client-certificates',
        'asked',
      ],
      flagsOf: (id) => files.flagsOf(id),
      tls: files.tls(),
    })
    const token = readFileSync(securedAdmin, 'utf8').trim()
    secured.useCredentials({ token, sdk: { token } })
    below = await CascadeProcesses.inFolder()
    await secured.request(1, 'POST', '/topics', { name: 'bank', partitions: 1, replicas: 1 })
    await secured.request(1, 'POST', '/topics/bank/records', { records: [{ value: 'salary' }] })
    await allowed('Cascade:101', 'cluster-action', onCluster)
    await allowed('Cascade:101', 'read', onTopics)
    await allowed('Cascade:201', 'cluster-action', onCluster)
    await allowed('Cascade:201', 'read', onTopics)
  }, 60_000)

  afterAll(async () => {
    await below?.destroy()
    await secured?.destroy()
    await files?.remove()
  })

  async function allowed(principal: string, operation: string, resource: object): Promise<void> {
    const acl = { principal, host: '*', operation, permission: 'allow', resource }
    await secured.request(1, 'POST', '/security/acls', { acls: [acl] })
  }

  /** Of a cascade broker that shows the certificate with this name to its sources. */
  const sourceFlags = (name: string) => {
    const pair = [
      '--source-tls-cert-file',
      files.path(`${name}.crt`),
      '--source-tls-key-file',
      files.path(`${name}.key`),
    ]
    return ['--source-tls', 'required', '--source-tls-ca-file', files.path('ca.crt'), ...pair]
  }

  it('is enough to copy records and rules, at each level', async () => {
    const pair = ['--tls-cert-file', files.path('cascade-101.crt'), '--tls-key-file', files.path('cascade-101.key')]
    const asking = [...pair, '--tls-ca-file', files.path('ca.crt'), '--tls-client-certificates', 'asked']
    await below.add(101, secured.http(1), [...required, ...sourceFlags('cascade-101'), ...asking, '--tls', 'allowed'])
    await below.add(201, below.http(101), [...required, ...sourceFlags('cascade-201')])
    await below.ready()
    const { token } = await secured.request<{ token: string }>(1, 'POST', '/security/tokens', { principal: 'User:ann' })
    const read = async (id: number, authorization?: string) => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const page = await fetch(`http://${below.http(id)}/topics/bank/partitions/0/records?offset=0`, { headers })
      return page.status === 200 ? page.text() : page.status
    }
    for (const id of [101, 201]) await expect.poll(() => read(id, `Bearer ${token}`), { timeout: 10_000 }).toBe(403)
    await allowed('User:ann', 'read', onTopics)
    for (const id of [101, 201]) {
      await expect.poll(() => read(id, `Bearer ${token}`), { timeout: 10_000 }).toContain('salary')
      expect(await read(id)).toBe(401)
    }
  })

  it('of a client, or of another cascade broker, makes no broker this one', async () => {
    await allowed('User:alice', 'read', onTopics)
    await below.add(301, secured.http(1), [...required, ...sourceFlags('client-alice')])
    await below.add(302, secured.http(1), [...required, ...sourceFlags('cascade-101')])
    await expect.poll(() => below.log(301), { timeout: 20_000 }).toContain('User:alice may not cluster-action')
    const refusal = 'Cascade:101 may not send the beat of broker 302'
    await expect.poll(() => below.log(302), { timeout: 20_000 }).toContain(refusal)
  })

  it('is shown by no broker whose readers need no credential', async () => {
    await below.add(303, secured.http(1), sourceFlags('cascade-101'))
    await expect.poll(() => below.exitCode(303), { timeout: 10_000 }).not.toBeNull()
    expect(below.exitCode(303)).toBeGreaterThan(0)
    await expect.poll(() => below.log(303)).toContain('set authentication: required')
  })
})
