import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { skipped } from '../runner/skipped.ts'
import { type Finished, freePortRange, type Started, start, tailrace } from './command-line.ts'

/** Every kind of secret, each with a text that is found nowhere by chance, and those that somebody mistypes. */
const random = (): string => randomBytes(24).toString('base64url')
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const secrets = new Map<string, string>()
function plant(name: string, text = `${name}-${random()}`): string {
  secrets.set(name, text)
  return text
}
const adminToken = plant('admin-token')
const clusterKey = plant('cluster-key', randomBytes(32).toString('base64'))
const password = plant('password')
const wrongPassword = plant('wrong-password')
const wrongToken = plant('wrong-token', `tr_${'0'.repeat(24)}_${randomBytes(32).toString('base64url')}`)
const profilePassword = plant('profile-password')
const webToken = plant('web-token', [{ alg: 'RS256' }, { sub: 'alice' }].map(encoded).join('.') + `.${random()}`)
plant('basic', Buffer.from(`alice:${password}`).toString('base64'))
plant('wrong-basic', Buffer.from(`alice:${wrongPassword}`).toString('base64'))

const folder = mkdtempSync(join(tmpdir(), 'tailrace-secrets-'))
/** Those of a cluster; a cascade broker has the process id 0. */
interface Brokers {
  readonly brokers: readonly { readonly pid: number }[]
}

/** All that anybody could see: outputs of commands, answers of brokers. */
const seen: string[] = []
let cluster: Started
let http: string
let ports: string[]

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}

const admin = () => ['--token-file', join(folder, 'admin.token'), '-s', http]
const alice = () => ['--user', 'alice', '--password-file', join(folder, 'alice'), '-s', http]

async function run(args: string[], input = '', environment: Record<string, string> = {}): Promise<Finished> {
  const finished = await tailrace(args, input, { XDG_CONFIG_HOME: join(folder, 'config'), ...environment })
  seen.push(finished.out, finished.err)
  return finished
}

async function done(args: string[], input = '', environment: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(args, input, environment)
  expect([args.join(' '), code, err]).toEqual([args.join(' '), 0, expect.anything()])
  return out
}

async function ask(path: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(`http://${http}${path}`, init)
  seen.push(JSON.stringify([...response.headers]), await response.text())
  return response.status
}

/** Which planted secrets a text holds. */
function found(text: string): string[] {
  return [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => name)
}

function logs(): string {
  return [1, 2, 3].map((id) => readFileSync(join(folder, 'data', `broker-${id}.log`), 'utf8')).join('\n')
}

beforeAll(async () => {
  const httpPort = await freePortRange(6)
  const peerPort = httpPort + 3
  http = `127.0.0.1:${httpPort}`
  ports = ['--http-port', String(httpPort), '--peer-port', String(peerPort)]
  file('admin.token', `${adminToken}\n`)
  file('cluster.key', `${clusterKey}\n`)
  file('alice', `${password}\n`)
  file('wrong', `${wrongPassword}\n`)
  file('wrong.token', `${wrongToken}\n`)
  const certs = join(folder, 'certs')
  await done(['certs', 'create', '--brokers', '1', '--hosts', '1=127.0.0.1', '--clients', 'alice', '--out', certs])
  for (const name of readdirSync(certs).filter((name) => name.endsWith('.key'))) {
    const lines = readFileSync(join(certs, name), 'utf8').split('\n')
    plant(`private key ${name}`, lines[1]!)
  }
  await done(['certs', 'show', join(certs, 'broker-1.crt')])
  const flags = [
    ['--authentication', 'required', '--admin-token-file', join(folder, 'admin.token')],
    ['--cluster-key-file', join(folder, 'cluster.key'), '--log-level', 'trace'],
    ['--tls', 'allowed', '--tls-cert-file', join(certs, 'broker-1.crt'), '--tls-key-file', join(certs, 'broker-1.key')],
    ['--tls-ca-file', join(certs, 'ca.crt'), '--data', join(folder, 'data'), ...ports],
  ].flat()
  cluster = start(['cluster', 'start', ...flags])
  await vi.waitFor(() => expect(cluster.out() + cluster.err()).toMatch(/^ready$/m), { timeout: 50_000 })
})

afterAll(async () => {
  cluster.child.kill('SIGINT')
  await cluster.finished
  rmSync(folder, { recursive: true, force: true })
})

describe('no secret is shown', () => {
  it('by commands that use it, or use it wrongly', async () => {
    await done(['user', 'set', 'alice', ...admin()], `${password}\n`)
    await done(['acl', 'add', '--principal', 'alice', '--operations', 'all', '--topics', '*', ...admin()])
    await done(['topic', 'create', 'orders', ...admin()])
    const created = await tailrace(['token', 'create', '--principal', 'alice', '--expires', '1h', '--json', ...admin()])
    const { token } = JSON.parse(created.out) as { token: string }
    seen.push(created.err)
    plant('token', token)
    await done(['publish', 'orders', ...alice()], '{"a":1}\n')
    await done(['tail', 'orders', '--from', 'earliest', '--count', '1', '-s', http], '', { TAILRACE_TOKEN: token })
    await done(['topic', 'describe', 'orders', '--json', '-s', http], '', {
      TAILRACE_USER: 'alice',
      TAILRACE_PASSWORD: password,
    })
    for (const args of ['topic list', 'user list', 'token list', 'acl list', 'cluster audit', 'cluster status']) {
      await done([...args.split(' '), ...admin()])
      await done([...args.split(' '), '--json', ...admin()])
    }
    const refused = [
      ['topic', 'list', '--user', 'alice', '--password-file', join(folder, 'wrong'), '-s', http],
      ['publish', 'orders', '--token-file', join(folder, 'wrong.token'), '-s', http],
      ['user', 'list', ...alice()],
      ['topic', 'list', '--user', 'alice', '--password', wrongPassword, '-s', http],
      ['topic', 'list', `--token=${wrongToken}`, '-s', http],
      ['topic', 'list', ...alice().slice(0, -1), 'http://broker.invalid'],
      ['topic', 'list', '--token-file', file('exposed', wrongToken, 0o644), '-s', http],
      ['topic', 'list', '--token-file', file('two', `${wrongToken}\n${wrongPassword}\n`), '-s', http],
    ]
    for (const args of refused) expect((await run(args)).code).not.toBe(0)
    expect(found(seen.join('\n'))).toEqual([])
  })

  it('of profiles, sound ones and those with a mistake', async () => {
    mkdirSync(join(folder, 'config', 'tailrace'), { recursive: true })
    const sound = `current: a\nprofiles:\n  a: { servers: "${http}", user: alice, password: ${profilePassword} }\n`
    file('config/tailrace/config.yaml', sound)
    await done(['profile', 'list'])
    await done(['profile', 'show', '--json'])
    expect((await run(['topic', 'list'])).err).toContain('AUTHENTICATION_FAILED')
    for (const fault of [
      `profiles: { a: { pasword: ${profilePassword} } }`,
      `profiles: { a: { password: [${profilePassword}] } }`,
      `profiles:\n  a:\n    password: ${profilePassword}: x\n`,
      `profiles: { a: "${profilePassword}`,
      `${profilePassword}`,
    ]) {
      file('config/tailrace/config.yaml', fault)
      expect((await run(['topic', 'list'])).code).toBe(2)
    }
    file('config/tailrace/config.yaml', '')
    expect(found(seen.join('\n'))).toEqual([])
  })

  it('by HTTP and WebSocket, whatever is sent', async () => {
    const as = (authorization: string) => ({ headers: { authorization } })
    const asAdmin = as(`Bearer ${adminToken}`)
    for (const path of ['/metrics', '/openapi.json', '/readyz', '/', '/security/users', '/security/tokens']) {
      expect(await ask(path, asAdmin)).toBeLessThan(300)
    }
    expect(await ask('/cluster/audit', asAdmin)).toBe(200)
    for (const authorization of [
      `Bearer ${wrongToken}`,
      `Bearer ${webToken}`,
      `Bearer ${adminToken}x`,
      `Basic ${secrets.get('wrong-basic')}`,
      `Basic ${wrongPassword}`,
      `Digest ${wrongPassword}`,
      wrongToken,
    ]) {
      expect(await ask('/topics', as(authorization))).toBe(401)
    }
    const headers = { ...asAdmin.headers, 'content-type': 'application/json' }
    for (const body of [
      `{"password":"${wrongPassword}"`,
      `{"password":["${wrongPassword}"]}`,
      `{"pasword":"${wrongPassword}"}`,
    ]) {
      expect(await ask('/security/users/bob', { method: 'PUT', headers, body })).toBe(400)
    }
    const hello = (fields: object) => JSON.stringify({ op: 'authenticate', id: 1, ...fields })
    await stream([hello({ token: wrongToken })])
    await stream([hello({ user: 'alice', password: wrongPassword })])
    await stream([hello({ user: 'alice', password })])
    await stream([hello({ user: 'alice', password: [wrongPassword] }), `{"op":"authenticate","token":"${wrongToken}`])
    await stream([], [`tailrace.bearer.${wrongToken}`, 'tailrace'])
    expect(found(seen.join('\n'))).toEqual([])
  })

  it('by a cascade broker, whether its source takes the token or not', async () => {
    const rule = ['acl', 'add', '--principal', 'Cascade:101', '--operations']
    await done([...rule, 'cluster-action', '--cluster', ...admin()])
    await done([...rule, 'read', '--topics', '*', ...admin()])
    const create = ['token', 'create', '--principal', 'Cascade:101', '--expires', '1h']
    const { code, out } = await tailrace([...create, ...admin()])
    expect(code).toBe(0)
    const own = file('101.token', plant('cascade-token', out.trim()))
    for (const [index, token] of [own, join(folder, 'wrong.token')].entries()) {
      const place = ['--data', join(folder, `cascade-${index}`), '--http', '127.0.0.1:0', '--log-level', 'trace']
      place.push('--authentication', 'required')
      const cascade = start(['cascade', '--id', '101', '--source', http, '--source-token-file', token, ...place])
      const told = index === 0 ? /copying from this source/ : /AUTHENTICATION_FAILED/
      await vi.waitFor(() => expect(cascade.out() + cascade.err()).toMatch(told), { timeout: 20_000 })
      cascade.child.kill('SIGINT')
      const ended = await cascade.finished
      seen.push(ended.out, ended.err)
    }
    expect(found(seen.join('\n'))).toEqual([])
  })

  it('by brokers that are started wrongly', async () => {
    const own = ['--id', '9', '--data', join(folder, 'ninth'), '--http', '127.0.0.1:0', '--peer', '127.0.0.1:0']
    const text = `${wrongToken}\n`
    for (const wrong of [
      ['--admin-token-file', file('open.token', text, 0o644)],
      ['--admin-token-file', file('short.token', wrongPassword.slice(0, 20))],
      ['--cluster-key-file', file('no.key', text)],
      ['--cluster-key-file', file('open.key', `${clusterKey}\n`, 0o644)],
      ['--tls', 'required', '--tls-cert-file', file('bad.crt', text), '--tls-key-file', file('bad.key', text)],
    ]) {
      const { code, err } = await run(['broker', ...own, ...wrong])
      expect([wrong.at(-2), code, err]).toEqual([wrong.at(-2), 1, expect.stringContaining('INVALID_SETTING')])
    }
    expect(found(seen.join('\n'))).toEqual([])
    expect(seen.join('\n')).not.toContain(wrongPassword.slice(0, 20))
  })

  it('in the logs of brokers, in which the failures are told', () => {
    expect(logs()).toMatch(/"action":"login".*"outcome":"refused","code":"AUTHENTICATION_FAILED"/)
    expect(logs()).toMatch(/alice/)
    expect(found(logs())).toEqual([])
    expect(found(cluster.out() + cluster.err())).toEqual([])
    expect(cluster.out()).toContain(`--token-file ${join(folder, 'admin.token')}`)
  })

  const noProc = skipped(process.platform !== 'linux', 'secrets in lists of processes: only Linux has /proc.')
  it.skipIf(noProc)('in the lists of processes', async () => {
    const tail = start(['tail', 'orders', ...alice()])
    const status = JSON.parse(await done(['cluster', 'status', '--json', ...admin()])) as Brokers
    const lines = [tail.child.pid!, ...status.brokers.map(({ pid }) => pid).filter((pid) => pid > 0)].map((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
    )
    tail.child.kill('SIGINT')
    await tail.finished
    expect(lines.filter((line) => line.includes('--cluster-key-file'))).toHaveLength(3)
    expect(found(lines.join('\n'))).toEqual([])
  })

  it('in the data of brokers, not even to those who may read it', () => {
    const data = join(folder, 'data')
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const holding = files.filter(({ parentPath, name }) => found(readFileSync(join(parentPath, name), 'latin1')).length)
    expect(files.length).toBeGreaterThan(10)
    expect(holding.map(({ name }) => name)).toEqual([])
  })
})

it('a secret that is shown would be found', () => {
  expect(found(`x${password}y ${adminToken}`)).toEqual(['admin-token', 'password'])
  expect(secrets.size).toBeGreaterThan(11)
})

/** Sends messages, and keeps the first thing that comes back. */
async function stream(messages: string[], protocols: string[] = ['tailrace']): Promise<void> {
  const socket = new WebSocket(`ws://${http}/stream`, protocols)
  const over = new Promise<void>((resolve) => {
    socket.on('close', (code, reason) => resolve(void seen.push(`${code} ${reason}`)))
    socket.on('error', (error) => resolve(void seen.push(String(error))))
    socket.on('message', (data) => resolve(void seen.push(String(data))))
  })
  socket.on('open', () => {
    for (const message of messages) socket.send(message)
  })
  await over
  socket.terminate()
}
