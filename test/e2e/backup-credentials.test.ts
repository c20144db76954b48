import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '@tailrace/client'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-backup-credentials-'))
const backups = join(folder, 'backups')
const PASSWORD = 'pencil-and-paper'
const onTopic = { type: 'topic', pattern: 'literal', name: 'flights' }
const onCluster = { type: 'cluster', pattern: 'literal', name: 'kafka-cluster' }
let old: ClusterProcesses
let fresh: ClusterProcesses
/** Of a service. */
let token: string
/** Of somebody who may do everything by rules, and is no super user. */
let operator: string

/** What follows the id of a token (`tr_ID_SECRET`); a secret may have underscores, too. */
const secretOf = (text: string): string => text.split('_').slice(2).join('_')

const adminFile = (name: string) => join(folder, `${name}.token`)

async function start(name: string): Promise<ClusterProcesses> {
  const flags = ['--authentication', 'required', '--admin-token-file', adminFile(name)]
  const cluster = await ClusterProcesses.start({ brokers: 1, flags })
  const admin = readFileSync(adminFile(name), 'utf8').trim()
  cluster.useCredentials({ token: admin, sdk: { token: admin } })
  return cluster
}

function run(cluster: ClusterProcesses, tokenFile: string, ...args: string[]) {
  return tailrace(['backup', ...args, '--server', cluster.http(1), '--token-file', tokenFile])
}

beforeAll(async () => {
  old = await start('old')
  fresh = await start('fresh')
  await old.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 1 })
  const allow = (principal: string, operation: string, resource: object) => {
    return { principal, host: '*', operation, permission: 'allow', resource }
  }
  const write = ['User:alice', 'User:svc'].map((principal) => allow(principal, 'write', onTopic))
  const all = [onTopic, onCluster].map((resource) => allow('User:operator', 'all', resource))
  await old.request(1, 'POST', '/security/acls', { acls: [...write, ...all] })
  for (const user of ['alice', 'bob']) await old.request(1, 'PUT', `/security/users/${user}`, { password: PASSWORD })
  const tokenOf = async (principal: string) =>
    (await old.request<{ token: string }>(1, 'POST', '/security/tokens', { principal })).token
  token = await tokenOf('User:svc')
  operator = join(folder, 'operator.token')
  writeFileSync(operator, await tokenOf('User:operator'), { mode: 0o600 })
  // Somebody else of this name.
  await fresh.request(1, 'PUT', '/security/users/bob', { password: 'chalk-and-slate' })
}, 60_000)

afterAll(async () => {
  await old?.destroy()
  await fresh?.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** Equal entries of a second are one, so a line comes when it is over. */
async function logged(cluster: ClusterProcesses, entry: RegExp): Promise<void> {
  await expect.poll(() => cluster.log(1), { timeout: 10_000 }).toMatch(entry)
}

/** `published`, or the code of the refusal. */
async function publish(cluster: ClusterProcesses, credentials: Credentials) {
  const producer = new Producer({ servers: cluster.servers, credentials })
  try {
    await producer.send('flights', { value: 'x' })
    return 'published'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await producer.close()
  }
}
const asUser = (cluster: ClusterProcesses, user: string, password = PASSWORD) =>
  publish(cluster, { username: user, password })

it('is made with users and tokens for super users alone, and leaves no backup behind a refusal', async () => {
  const { code, err } = await run(old, operator, 'create', '--to', backups, '--credentials')
  expect([code, err]).toEqual([1, expect.stringContaining('AUTHORIZATION_FAILED')])
  expect(err).toContain('User:operator may not export-credentials: only super users may.')
  expect((await tailrace(['backup', 'list', backups])).out).toContain('There is no backup')
  await logged(old, /"principal":"User:operator".*"action":"export-credentials".*"outcome":"refused"/)
})

it('has neither passwords nor texts of tokens, and is closed to other users of the machine', async () => {
  const { code, out, err } = await run(old, adminFile('old'), 'create', '--to', backups, '--name', 'a', '--credentials')
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('with 2 users and 2 tokens')
  const path = join(backups, 'backups', 'a.json')
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain('"storedKey"')
  for (const secret of [PASSWORD, secretOf(token)]) expect(text).not.toContain(secret)
})

it('is restored without them unless they are asked for', async () => {
  const { code, out } = await run(fresh, adminFile('fresh'), 'restore', '--from', backups)
  expect(code).toBe(0)
  expect(out).toContain('without its 2 users and 2 tokens: --credentials restores them too')
  expect(await asUser(fresh, 'alice')).toBe('AUTHENTICATION_FAILED')
  expect(await publish(fresh, { token })).toBe('AUTHENTICATION_FAILED')
  await fresh.request(1, 'DELETE', '/topics/flights')
})

it('lets users sign in with the passwords that they had, and tokens go on; who was there stays as before', async () => {
  const { code, out, err } = await run(fresh, adminFile('fresh'), 'restore', '--from', backups, '--credentials')
  expect([code, err]).toEqual([0, expect.not.stringContaining('error')])
  expect(out).toContain('1 user and 2 tokens')
  expect(await asUser(fresh, 'alice')).toBe('published')
  expect(await asUser(fresh, 'alice', 'chalk-and-slate')).toBe('AUTHENTICATION_FAILED')
  expect(await publish(fresh, { token })).toBe('published')
  // No rule lets either of them publish, but their passwords are told apart.
  expect(await asUser(fresh, 'bob')).toBe('AUTHENTICATION_FAILED')
  expect(await asUser(fresh, 'bob', 'chalk-and-slate')).toBe('AUTHORIZATION_FAILED')
  await logged(fresh, /"action":"import-credentials","target":"2 users, 2 tokens","outcome":"done"/)
  const log = await fresh.log(1)
  for (const secret of [PASSWORD, secretOf(token)]) expect(log).not.toContain(secret)
})

it('is taken by who may change users, and by nobody else', async () => {
  const reader = await fresh.request<{ token: string }>(1, 'POST', '/security/tokens', { principal: 'User:svc' })
  const headers = { authorization: `Bearer ${reader.token}`, 'content-type': 'application/json' }
  const path = `http://${fresh.http(1)}/security/credentials`
  const body = JSON.stringify({ users: [], tokens: [] })
  expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(403)
  expect((await fetch(path, { headers })).status).toBe(403)
  expect((await fetch(path)).status).toBe(401)
})
