import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipped } from '../../../../test/runner/skipped.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { storedToken, storedUser } from '../../security/testing/stored-credentials.ts'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import type { Backup } from './backup-shape.ts'
import { manifestText, newBackup } from './manifest.ts'

/** A user without rights. */
const NOBODY = 65_534

const topic = (name: string) => {
  return { name, id: `id-${name}`, replicas: 1, config: {}, partitions: [{ from: 0, end: 0, chunks: [] }] }
}
const acl = {
  principal: 'User:ann',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { type: 'topic', name: 'a', pattern: 'literal' },
} as const
const quota = {
  entity: { principal: 'User:ann', clientId: null, address: null },
  limits: { connections: 9 },
}
const whole = newBackup({
  clusterId: 'c',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_001_000,
  topics: [topic('a'), topic('b')],
  rules: { acls: [acl, acl], quotas: [quota] },
})

let folder: string
let server: AnsweringServer | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-backups-'))
  await mkdir(join(folder, 'backups'))
})
afterEach(async () => {
  server?.close()
  server = undefined
  await rm(folder, { recursive: true, force: true })
})

async function keep(name: string, backup: Backup): Promise<string> {
  const path = join(folder, 'backups', `${name}.json`)
  await writeFile(path, manifestText(backup, nodeCrypto))
  return path
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = memoryTerminal()
  const code = await runCommandLine(['backup', ...args], terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

/** A cluster that takes everything but what `answers` says. */
async function restoreInto(answers: Record<string, Answer | Answer[]>, ...args: string[]) {
  const done: Answer = { body: {} }
  server = await answeringServer({
    'GET /topics': { body: { topics: [] } },
    'POST /topics': { body: { id: 'new' } },
    'PATCH /topics/a/config': done,
    'PATCH /topics/b/config': done,
    'PATCH /topics/c/config': done,
    'POST /security/acls': done,
    'PUT /security/quotas': done,
    ...answers,
  })
  return run('restore', '--from', folder, '--server', server.address, ...args)
}
const routes = () => server!.asked.map(({ route }) => route)
const refusal = (code: string): Answer => ({ status: 409, body: { code, message: 'm', retriable: false, hint: 'h' } })

describe('list', () => {
  test('is in the order of time, whatever the names are', async () => {
    await keep('z', whole)
    await keep('a', { ...whole, startedAt: whole.startedAt + 1 })
    const { code, out } = await run('list', folder)
    expect([code, out.split('\n').map((line) => line.split(' ')[0])]).toEqual([0, ['NAME', 'z', 'a', '']])
    expect((await run('verify', folder)).out).toMatch(/^a is sound/)
  })

  test('shows a backup that is bad with its reason, and fails', async () => {
    const path = await keep('bad', whole)
    await keep('good', whole)
    await writeFile(path, (await readFile(path, 'utf8')).replace('User:ann', 'User:eve'))
    const { code, out, err } = await run('list', folder)
    expect([code, out.split('\n').map((line) => line.split(' ')[0])]).toEqual([1, ['NAME', 'good', '']])
    expect(err).toContain(`bad is bad: error STORAGE_CORRUPT: ${path} is damaged`)
    const json = await run('list', folder, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject([
      { name: 'good', topics: 2 },
      { name: 'bad', error: { code: 'STORAGE_CORRUPT' } },
    ])
  })

  const noModes = skipped(process.platform === 'win32', 'backups that may only be read: Windows has no modes.')
  test.skipIf(noModes)('and verify need no right to write', async () => {
    const path = await keep('kept', whole)
    await chmod(path, 0o400)
    await chmod(join(folder, 'backups'), 0o500)
    const isRoot = process.getuid!() === 0
    if (isRoot) for (const owned of [folder, join(folder, 'backups'), path]) await chown(owned, NOBODY, NOBODY)
    // Root may write to every file.
    if (isRoot) process.seteuid!(NOBODY)
    try {
      await expect(writeFile(path, '{}')).rejects.toMatchObject({ code: 'EACCES' })
      expect(await run('list', folder)).toMatchObject({ code: 0, err: '' })
      expect(await run('verify', folder)).toMatchObject({ code: 0, err: '' })
    } finally {
      if (isRoot) process.seteuid!(0)
      await chmod(join(folder, 'backups'), 0o700)
    }
  })
})

describe('a backup without a name', () => {
  test('is the one that was begun last', async () => {
    await keep('z', whole)
    await keep('a', { ...whole, startedAt: whole.startedAt + 1, topics: [topic('c')], rules: null })
    const { code, out } = await restoreInto({})
    expect([code, out]).toEqual([0, 'restored 1 topic of a, 0 records, 0 rules (ACLs) and 0 quotas\n'])
  })

  test('is refused while another one is bad, which may be the last one', async () => {
    await keep('good', whole)
    const path = await keep('bad', whole)
    await writeFile(path, '{}')
    const { code, err } = await run('verify', folder)
    expect([code, err]).toEqual([1, expect.stringContaining(`${path} is damaged`)])
    expect((await run('verify', folder, '--name', 'good')).code).toBe(0)
  })
})

describe('restore', () => {
  beforeEach(() => keep('kept', whole))

  test('of everything takes rules and quotas, and counts them', async () => {
    const { code, out } = await restoreInto({})
    expect([code, out]).toEqual([0, 'restored 2 topics of kept, 0 records, 2 rules (ACLs) and 1 quota\n'])
    expect(routes().slice(-2)).toEqual(['POST /security/acls', 'PUT /security/quotas'])
  })

  test.each([
    [['--topic', 'a'], false],
    [['--rename', 'a=c'], false],
    [['--no-rules'], false],
    [['--topic', 'a', '--rules'], true],
    [['--rename', 'a=c', '--rules'], true],
  ])('with %j: rules and quotas are restored: %s', async (flags, isRestored) => {
    const { code, out } = await restoreInto({}, ...flags)
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(isRestored ? '2 rules (ACLs) and 1 quota\n' : '0 rules (ACLs) and 0 quotas\n  without'),
    ])
    expect(routes().includes('POST /security/acls')).toBe(isRestored)
    expect(routes().includes('PUT /security/quotas')).toBe(isRestored)
  })

  test('refuses two topics of one name before it asks the cluster', async () => {
    for (const [flags, message] of [
      [['--rename', 'a=b'], 'two topics of the backup would be called "b"'],
      [['--rename', 'a=c', '--rename', 'b=c'], 'two topics of the backup would be called "c"'],
      [['--rename', 'a=c', '--rename', 'a=d'], '--rename gives "a" two names'],
    ] as const) {
      const { code, err } = await restoreInto({}, ...flags)
      expect([code, err, routes()]).toEqual([2, expect.stringContaining(message), []])
      server!.close()
    }
  })

  test('refuses topics that exist before it makes any', async () => {
    const { code, err } = await restoreInto({ 'GET /topics': { body: { topics: [{ name: 'b' }] } } })
    expect([code, err]).toEqual([1, expect.stringContaining('TOPIC_EXISTS: The cluster has these topics already: b.')])
    expect(routes()).toEqual(['GET /topics'])
  })

  test('that fails says what it has made', async () => {
    const failing = { 'POST /topics': [{ body: { id: 'new' } }, refusal('INVALID_REPLICATION')] }
    const { code, err } = await restoreInto(failing)
    expect(code).toBe(1)
    expect(err).toContain('made so far: 1 topic (a), 0 partitions with all records, 0 rules (ACLs) and 0 quotas')
    expect(err).toContain('error INVALID_REPLICATION')
  })

  test('that fails says so to programs as well, and how many rules it has made', async () => {
    const { code, err } = await restoreInto({ 'PUT /security/quotas': refusal('INVALID_REQUEST') }, '--json')
    const [made, error] = err.split('\n').map((line) => JSON.parse(line))
    expect(code).toBe(1)
    expect(made).toEqual({ made: { topics: ['a', 'b'], partitions: 2, acls: 2, quotas: 0, users: 0, tokens: 0 } })
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('leaves users and tokens out unless they are asked for, and says so', async () => {
    await keep('kept', { ...whole, credentials: { users: [storedUser], tokens: [] } })
    const { code, out } = await restoreInto({})
    const without = '  without its 1 user and 0 tokens: --credentials restores them too'
    expect([code, out.trimEnd().split('\n')[1]]).toEqual([0, without])
    expect(routes()).not.toContain('POST /security/credentials')
  })

  test('takes users and tokens behind the rules, some at a time', async () => {
    const users = Array.from({ length: 250 }, (_, n) => ({ ...storedUser, name: `ann-${n}` }))
    await keep('kept', { ...whole, credentials: { users, tokens: [storedToken] } })
    const added = [
      { users: 100, tokens: 1 },
      { users: 99, tokens: 0 },
      { users: 50, tokens: 0 },
    ]
    const taking = { 'POST /security/credentials': added.map((body) => ({ body })) }
    const { code, out } = await restoreInto(taking, '--credentials')
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'restored 2 topics of kept, 0 records, 2 rules (ACLs) and 1 quota, 249 users and 1 token',
    ])
    expect(routes().slice(-4)).toEqual(['PUT /security/quotas', ...Array(3).fill('POST /security/credentials')])
    const sent = server!.asked.slice(-3).map(({ body }) => body as { users: object[]; tokens: object[] })
    expect(sent.flatMap((one) => one.users)).toEqual(users)
    expect(sent.flatMap((one) => one.tokens)).toEqual([storedToken])
  })

  test('with users and tokens of a backup that has none is refused', async () => {
    const { code, err } = await run('restore', '--from', folder, '--credentials')
    expect([code, err]).toEqual([2, expect.stringContaining('the backup has no users and tokens')])
  })

  test('with rules of a backup that has none is refused', async () => {
    await keep('kept', { ...whole, rules: null })
    const { code, err } = await run('restore', '--from', folder, '--rules')
    expect([code, err]).toEqual([2, expect.stringContaining('the backup has no rules and quotas')])
  })
})
