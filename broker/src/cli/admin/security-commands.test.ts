import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(answers: Record<string, Answer | Answer[]>): Promise<AnsweringServer> {
  const server = await answeringServer(answers)
  servers.push(server)
  return server
}

async function run(args: string[], given: Parameters<typeof memoryTerminal>[0] = {}) {
  const terminal = memoryTerminal(given)
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n'), drawn: terminal.drawn }
}

describe('tailrace user', () => {
  const set = { 'PUT /security/users/ann': { status: 204 } }

  it('asks a person twice for the password, and shows it nowhere', async () => {
    const { asked, address } = await serve(set)
    const shown = await run(['user', 'set', 'ann', '--server', address], { typed: ['pencil', 'pencil'] })
    expect(shown).toEqual({
      code: 0,
      out: 'the password of user ann is set\n',
      err: '',
      drawn: ['New password: ', 'The same again: '],
    })
    expect(asked).toEqual([{ route: 'PUT /security/users/ann', body: { password: 'pencil' } }])
    const differ = await run(['user', 'set', 'ann', '--server', address], { typed: ['pencil', 'pencils'] })
    expect([differ.code, differ.err]).toEqual([2, 'error: the two passwords differ'])
  })

  it('takes it from standard input, without the line end', async () => {
    const { asked, address } = await serve(set)
    for (const input of ['pencil', 'pencil\n', 'pencil\r\n']) {
      expect((await run(['user', 'set', 'ann', '--json', '--server', address], { input })).out).toBe('{"user":"ann"}\n')
    }
    expect(asked.map(({ body }) => body)).toEqual(Array(3).fill({ password: 'pencil' }))
    for (const [input, message] of [
      ['', 'empty'],
      ['\n', 'empty'],
      ['a\nb\n', 'more than one line'],
      ['x'.repeat(20_000), 'more than a password'],
    ] as const) {
      const { code, err } = await run(['user', 'set', 'ann', '--server', address], { input })
      expect([code, err]).toEqual([2, expect.stringContaining(message)])
    }
  })

  it('takes it from a file of its owner alone', async () => {
    const { asked, address } = await serve(set)
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-'))
    const file = join(folder, 'password')
    await writeFile(file, 'pencil\n', { mode: 0o600 })
    const args = ['user', 'set', 'ann', '--new-password-file', file, '--server', address]
    expect((await run(args)).code).toBe(0)
    expect(asked[0]!.body).toEqual({ password: 'pencil' })
    await chmod(file, 0o644)
    expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining('can be opened by others') })
    await rm(folder, { recursive: true })
    expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining('--new-password-file') })
  })

  it('never takes it as a flag', async () => {
    expect(await run(['user', 'set', 'ann', '--password', 'pencil'])).toMatchObject({ code: 2 })
    expect(await run(['user', 'set', 'ann', 'pencil'])).toMatchObject({ code: 2 })
  })

  it('lists and deletes users, whatever their names', async () => {
    const users = [{ name: 'ann', mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] }]
    const { address } = await serve({
      'GET /security/users': [{ body: { users } }, { body: { users } }, { body: { users: [] } }],
      'DELETE /security/users/a%2Fb%20c': { status: 204 },
    })
    const at = ['--server', address]
    expect((await run(['user', 'list', ...at])).out).toBe(
      'USER  PRINCIPAL  MECHANISMS\nann   User:ann   SCRAM-SHA-256, SCRAM-SHA-512\n',
    )
    expect(JSON.parse((await run(['user', 'list', '--json', ...at])).out)).toEqual(users)
    expect((await run(['user', 'list', ...at])).out).toBe('There are no users.\n')
    expect((await run(['user', 'delete', 'a/b c', ...at])).out).toBe('deleted user a/b c\n')
  })
})

describe('tailrace token', () => {
  const orders = { type: 'topic', name: 'orders.', pattern: 'prefixed' }
  const description = {
    id: '0123456789abcdef01234567',
    principal: 'User:svc',
    scope: { operations: ['read'], resources: [orders] },
    createdAt: 1_700_000_000_000,
    createdBy: 'User:ann',
    expiresAt: 1_700_086_400_000,
  }
  const created = { status: 201, body: { token: 'tr_the-text', description } }
  const create = ['token', 'create', '--principal', 'svc']

  it('prints the text alone on standard output, and tells what it is for', async () => {
    const { asked, address } = await serve({ 'POST /security/tokens': created })
    const flags = ['--topics', 'orders.*', '--operations', 'Read', '--expires', '24h', '--server', address]
    const { code, out, err } = await run([...create, ...flags])
    expect([code, out]).toEqual([0, 'tr_the-text\n'])
    expect(err).toContain('for User:svc, valid until 2023-11-15T22:13:20.000Z: read on topic orders.*')
    expect(asked).toEqual([
      {
        route: 'POST /security/tokens',
        body: { principal: 'User:svc', scope: { operations: ['read'], resources: [orders] }, lifetimeMs: 86_400_000 },
      },
    ])
    expect(JSON.parse((await run([...create, ...flags, '--json'])).out)).toEqual(created.body)
  })

  it('without a scope is for all that its principal may do; half a scope is made whole', async () => {
    const { asked, address } = await serve({ 'POST /security/tokens': created })
    const at = ['--expires', 'never', '--server', address]
    await run(['token', 'create', '--principal', 'Cascade:101', ...at])
    await run([...create, '--groups', 'g,*', ...at])
    await run([...create, '--operations', 'read,write', ...at])
    const literal = (type: string, name: string) => ({ type, name, pattern: 'literal' })
    expect(asked.map(({ body }) => body)).toEqual([
      { principal: 'Cascade:101', scope: null, lifetimeMs: null },
      {
        principal: 'User:svc',
        scope: { operations: ['all'], resources: [literal('group', 'g'), literal('group', '*')] },
        lifetimeMs: null,
      },
      {
        principal: 'User:svc',
        scope: {
          operations: ['read', 'write'],
          resources: [
            literal('topic', '*'),
            literal('group', '*'),
            literal('transactional-id', '*'),
            literal('cluster', 'kafka-cluster'),
          ],
        },
        lifetimeMs: null,
      },
    ])
  })

  it.each([
    [['--expires', 'soon'], 'must be a duration like 24h'],
    [['--expires', '0'], 'must be a duration'],
    [['--expires', '1h', '--operations', 'peek'], '"peek" is none'],
    [['--expires', '1h', '--operations', ','], '--operations is empty'],
    [[], "required option '--expires <duration>' not specified"],
  ])('%j is refused with exit code 2', async (flags, message) => {
    const { code, out, err } = await run([...create, ...flags])
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })

  it('lists tokens and revokes one', async () => {
    const { address } = await serve({
      'GET /security/tokens': [
        { body: { tokens: [description, { ...description, scope: null, expiresAt: null }] } },
        { body: { tokens: [] } },
      ],
      [`DELETE /security/tokens/${description.id}`]: { status: 204 },
    })
    const at = ['--server', address]
    const { out } = await run(['token', 'list', ...at])
    expect(out).toMatch(/ID +PRINCIPAL +EXPIRES +CREATED +BY +SCOPE/)
    expect(out).toMatch(
      /0123456789abcdef01234567 +User:svc +2023-11-15T\S+ +2023-\S+ +User:ann +read on topic orders\.\*/,
    )
    expect(out).toMatch(/never +\S+ +User:ann +all that its principal may do/)
    expect((await run(['token', 'list', ...at])).out).toBe('There are no tokens.\n')
    expect((await run(['token', 'revoke', description.id, ...at])).out).toBe(`revoked token ${description.id}\n`)
  })
})

describe('tailrace acl', () => {
  const acl = (operation: string, name: string, pattern = 'literal', more: object = {}) => ({
    principal: 'User:ann',
    host: '*',
    operation,
    permission: 'allow',
    resource: { type: 'topic', name, pattern },
    ...more,
  })

  it('adds a rule for each operation on each resource', async () => {
    const { asked, address } = await serve({ 'POST /security/acls': { status: 204 } })
    const at = ['--server', address]
    const shown = await run([
      'acl',
      'add',
      '--principal',
      'ann',
      '--operations',
      'read,write',
      '--topics',
      'a,b*',
      ...at,
    ])
    const acls = [acl('read', 'a'), acl('read', 'b', 'prefixed'), acl('write', 'a'), acl('write', 'b', 'prefixed')]
    expect(asked[0]!.body).toEqual({ acls })
    expect([shown.code, shown.out]).toEqual([0, expect.stringMatching(/^4 rules in force:\nPRINCIPAL +HOST/)])
    expect(shown.out).toMatch(/User:ann +\* +allow +write +topic b\*/)
    const deny = ['--deny', '--host', '10.0.0.1', '--cluster', '--json']
    const { out } = await run(['acl', 'add', '--principal', 'Group:g', '--operations', 'alter', ...deny, ...at])
    expect(JSON.parse(out)).toEqual([
      {
        principal: 'Group:g',
        host: '10.0.0.1',
        operation: 'alter',
        permission: 'deny',
        resource: { type: 'cluster', name: 'kafka-cluster', pattern: 'literal' },
      },
    ])
  })

  it('lists and removes by what the flags say, one request for each resource', async () => {
    const body = { acls: [acl('read', 'a')] }
    const query = (name: string, pattern: string) =>
      `?principal=User%3Aann&permission=deny&operation=read&type=topic&name=${name}&pattern=${pattern}`
    const { asked, address } = await serve({
      'GET /security/acls': [{ body }, { body: { acls: [] } }],
      [`GET /security/acls${query('a', 'literal')}`]: { body },
      [`GET /security/acls${query('b', 'prefixed')}`]: { body },
      'DELETE /security/acls?host=10.0.0.1&permission=allow': [{ body }, { body: { acls: [] } }],
    })
    const at = ['--server', address]
    expect((await run(['acl', 'list', ...at])).out).toMatch(/User:ann +\* +allow +read +topic a\n$/)
    expect((await run(['acl', 'list', ...at])).out).toBe('There are no such rules.\n')
    const flags = ['--principal', 'ann', '--deny', '--operations', 'read', '--topics', 'a,b*', '--json', ...at]
    expect(JSON.parse((await run(['acl', 'list', ...flags])).out)).toEqual([acl('read', 'a'), acl('read', 'a')])
    const some = ['acl', 'remove', '--host', '10.0.0.1', '--allow', ...at]
    expect((await run(some)).out).toMatch(/^1 rule removed:\n/)
    expect((await run(some)).out).toBe('There were no such rules.\n')
    expect(asked).toHaveLength(6)
  })

  it('tells whether something is allowed, and by the exit code', async () => {
    const rule = acl('read', 'a')
    const { asked, address } = await serve({
      'POST /security/acls/test': [
        { body: { allowed: true, because: 'rule', rule } },
        { body: { allowed: false, because: 'no-rule', rule: null } },
        { body: { allowed: true, because: 'everybody', rule: null } },
      ],
    })
    const ask = ['acl', 'test', '--principal', 'ann', '--operations', 'read', '--topics', 'a', '--server', address]
    expect(await run(ask)).toMatchObject({ code: 0, out: expect.stringMatching(/^allowed: by the rule\nPRINCIPAL/) })
    const more = ['--member-of', 'g,Group:h', '--host', '10.0.0.1']
    expect(await run([...ask, ...more])).toMatchObject({ code: 1, out: 'denied: no rule allows it\n' })
    expect((await run([...ask, '--json'])).out).toBe('{"allowed":true,"because":"everybody","rule":null}\n')
    const question = { principal: 'User:ann', operation: 'read', resource: { type: 'topic', name: 'a' } }
    expect(asked.map(({ body }) => body)).toEqual([
      { ...question, groups: [] },
      { ...question, groups: ['Group:g', 'Group:h'], host: '10.0.0.1' },
      { ...question, groups: [] },
    ])
  })

  it.each([
    [['add', '--principal', 'ann', '--operations', 'read'], 'name what the rule is about'],
    [['add', '--principal', 'ann', '--topics', 'a'], "required option '--operations <list>'"],
    [['add', '--principal', 'ann', '--topics', 'a', '--operations', 'peek'], '"peek" is none'],
    [['remove'], 'say which rules are to go'],
    [['list', '--allow', '--deny'], 'exclude each other'],
    [['test', '--principal', 'a', '--operations', 'read', '--topics', 'a*'], 'name one resource'],
    [['test', '--principal', 'a', '--operations', 'read', '--topics', 'a,b'], 'name one resource'],
    [['test', '--principal', 'a', '--operations', 'read,write', '--topics', 'a'], 'name one operation'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, out, err } = await run(['acl', ...args])
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })
})

describe('tailrace quota', () => {
  const entity = { principal: 'User:ann', clientId: null, address: null }

  it('sets limits in their own units, and shows them', async () => {
    const { asked, address } = await serve({ 'PUT /security/quotas': { status: 204 } })
    const at = ['--server', address]
    const limits = ['--produce', '5MiB', '--fetch', '1000', '--requests', '50', '--connections', '3']
    const more = ['--subscriptions', '7', '--topics-per-hour', '8', '--partitions-per-hour', '900']
    const { code, out } = await run(['quota', 'set', '--principal', 'ann', ...limits, ...more, ...at])
    expect([code, out]).toEqual([0, expect.stringMatching(/^PRINCIPAL .*\nUser:ann +- +- +produce 5\.2 MB\/s, fetch/)])
    expect(asked[0]!.body).toEqual({
      entity,
      limits: {
        produceBytesPerSecond: 5 * 1024 ** 2,
        fetchBytesPerSecond: 1000,
        requestsPerSecond: 50,
        connections: 3,
        subscriptions: 7,
        topicsPerHour: 8,
        partitionsPerHour: 900,
      },
    })
    const each = ['--principal', '*', '--client-id', 'loader', '--address', '10.0.0.1', '--connections', '1', '--json']
    const quota = { entity: { principal: '*', clientId: 'loader', address: '10.0.0.1' }, limits: { connections: 1 } }
    expect(JSON.parse((await run(['quota', 'set', ...each, ...at])).out)).toEqual(quota)
    expect(asked[1]!.body).toEqual(quota)
  })

  it('lists and removes them', async () => {
    const quotas = [{ entity, limits: { requestsPerSecond: 2000, partitionsPerHour: 9 } }]
    const { address } = await serve({
      'GET /security/quotas': [{ body: { quotas } }, { body: { quotas: [] } }, { body: { quotas } }],
      'DELETE /security/quotas?principal=User%3Aann&clientId=*': { status: 204 },
    })
    const at = ['--server', address]
    expect((await run(['quota', 'list', ...at])).out).toMatch(/User:ann .*2,000 requests\/s, 9 new partitions\/h\n$/)
    expect((await run(['quota', 'list', ...at])).out).toBe('There are no quotas.\n')
    expect(JSON.parse((await run(['quota', 'list', '--json', ...at])).out)).toEqual(quotas)
    const remove = ['quota', 'remove', '--principal', 'ann', '--client-id', '*', ...at]
    expect(await run(remove)).toMatchObject({ code: 0, out: 'removed the quota\n' })
  })

  it.each([
    [['set', '--connections', '5'], 'say whom the quota is about'],
    [['remove'], 'say whom the quota is about'],
    [['set', '--principal', 'ann'], 'give a limit at least'],
    [['set', '--principal', 'ann', '--connections', '0'], '--connections is "0"'],
    [['set', '--principal', 'ann', '--produce', 'much'], '--produce is "much"'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, out, err } = await run(['quota', ...args])
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })
})
