import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipped } from '../../../../test/runner/skipped.ts'
import { readGuardedFileIfAny } from '../../platform/node/guarded-file.ts'
import { runCommandLine } from '../cli.ts'
import { type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { authorizationFor } from './authorization.ts'
import { profilesPath } from './profile-file.ts'

let folder: string
let server: AnsweringServer
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-'))
  server = await answeringServer({ 'GET /topics': { body: { topics: [] } } })
})
afterEach(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

async function run(args: string[], environment: Record<string, string> = {}, typed?: string[]) {
  const terminal = memoryTerminal({ environment: { XDG_CONFIG_HOME: folder, ...environment }, ...(typed && { typed }) })
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n'), drawn: terminal.drawn }
}
const list = (...args: string[]) => ['topic', 'list', '--server', server.address, ...args]
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const noModes = skipped(
  process.platform === 'win32',
  'modes of files with secrets: on Windows the access list of the folder keeps files from others.',
)

describe('a command that asks a broker', () => {
  it('shows nothing without a credential', async () => {
    expect((await run(list())).code).toBe(0)
    expect(server.shown).toEqual([undefined])
  })

  it('asks for the password of a user, who types it unseen', async () => {
    const { code, drawn, out, err } = await run(list('--user', 'änn'), {}, ['pencil'])
    expect([code, drawn, `${out}${err}`.includes('pencil')]).toEqual([0, ['Password of änn: '], false])
    expect(server.shown).toEqual([basic('änn:pencil')])
    expect(await run(list('--user', 'ann'), {}, [''])).toMatchObject({ code: 2, err: 'error: the password is empty' })
    expect(await run(list('--user', 'ann'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('--password-file FILE or TAILRACE_PASSWORD'),
    })
  })

  it('takes it from a file or the environment, and a token likewise', async () => {
    const [password, token] = [await file('p', 'pencil\n'), await file('t', 'tr_x\r\n')]
    await run(list('-u', 'ann', '--password-file', password))
    await run(list('--token-file', token))
    await run(list(), { TAILRACE_USER: 'ann', TAILRACE_PASSWORD: 'pencil' })
    await run(list(), { TAILRACE_TOKEN: 'tr_x' })
    await run(list(), { TAILRACE_TOKEN_FILE: token })
    await run(list('--token-file', token), { TAILRACE_USER: 'bob', TAILRACE_PASSWORD: 'x' })
    const [asAnn, asToken] = [basic('ann:pencil'), 'Bearer tr_x']
    expect(server.shown).toEqual([asAnn, asToken, asAnn, asToken, asToken, asToken])
  })

  it.skipIf(noModes)('refuses a file that others can open', async () => {
    const path = await file('t', 'tr_x', 0o640)
    const { code, err } = await run(list('--token-file', path))
    expect([code, err]).toEqual([2, expect.stringMatching(/^error: --token-file cannot be used: .*chmod 600/)])
    expect(server.asked).toEqual([])
  })

  it.each([
    ['', 'is empty'],
    ['a\nb\n', 'more than one line'],
    ['a\u0001b', 'characters that no token has'],
  ])('refuses %j as a token', async (text, message) => {
    const { code, err } = await run(list('--token-file', await file('t', text)))
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })

  it.each([
    [['--password', 'pencil'], '--password-file'],
    [['--password'], '--password-file'],
    [['--token=pencil'], '--token-file'],
  ])('refuses %j, and says why without the secret', async (args, remedy) => {
    for (const command of [list(...args), ['tail', 'x', ...args], ['user', 'set', 'ann', ...args]]) {
      const { code, err } = await run(command)
      expect([code, err]).toEqual([2, expect.stringContaining('other users of this machine can see arguments')])
      expect(err).toContain(remedy)
      expect(err).not.toContain('pencil')
    }
    expect(server.asked).toEqual([])
  })

  it('says what to do where a credential is needed', async () => {
    const refusal = { code: 'AUTHENTICATION_REQUIRED', message: 'No.', retriable: false, hint: 'h' }
    const closed = await answeringServer({ 'GET /topics': { status: 401, body: refusal } })
    const { code, err } = await run(['topic', 'list', '-s', closed.address])
    closed.close()
    expect([code, err]).toEqual([1, expect.stringMatching(/^error AUTHENTICATION_REQUIRED: No\.\n {2}Name a user .*$/)])
  })
})

describe('a password', () => {
  const credential = { username: 'ann', password: 'pencil' }
  it.each([
    'https://b.example',
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://[::1]:1',
    'http://localhost:8080',
  ])('goes to %s', (server) => {
    expect(authorizationFor(server, credential)).toBe(basic('ann:pencil'))
  })
  it.each(['http://b.example', 'http://10.0.0.1', 'http://localhost.example', 'http://127.0.0.1.example'])(
    'does not go to %s',
    (server) => {
      expect(() => authorizationFor(server, credential)).toThrow(/was not sent: .* in clear text/)
      expect(authorizationFor(server, { token: 't' })).toBe('Bearer t')
    },
  )
  it('does not leave the command', async () => {
    const { code, err } = await run(['topic', 'list', '-s', 'http://broker.invalid'], {
      TAILRACE_USER: 'ann',
      TAILRACE_PASSWORD: 'pencil',
    })
    expect([code, err]).toEqual([1, expect.stringMatching(/^error AUTHENTICATION_FAILED: .* https:\/\//s)])
    expect(err).not.toContain('pencil')
  })
})

describe('a profile', () => {
  async function profiles(text: string, mode = 0o600): Promise<void> {
    await mkdir(join(folder, 'tailrace'), { recursive: true })
    await file('tailrace/config.yaml', text.replaceAll('SERVER', server.address), mode)
  }
  const three = `# mine
current: ann
profiles:
  ann: { servers: SERVER, user: ann, password: pencil }
  svc: { servers: [ SERVER ], tokenFile: svc.token } # a service
  none: {}
`

  it('names brokers and credentials: the current one, or the one that is asked for', async () => {
    await profiles(three)
    await file('tailrace/svc.token', 'tr_svc')
    await run(['topic', 'list'])
    await run(['topic', 'list', '--profile', 'svc'])
    await run(['topic', 'list'], { TAILRACE_PROFILE: 'svc' })
    await run(['topic', 'list', '--profile', 'ann'], { TAILRACE_PROFILE: 'svc' })
    await run(['topic', 'list', '--profile', 'ann'], { TAILRACE_TOKEN: 'tr_env' })
    const ann = basic('ann:pencil')
    expect(server.shown).toEqual([ann, 'Bearer tr_svc', 'Bearer tr_svc', ann, 'Bearer tr_env'])
  })

  it('that is merely the current one shows its credential to no other broker', async () => {
    await profiles(three)
    const other = await answeringServer({ 'GET /topics': { body: { topics: [] } } })
    await run(['topic', 'list', '-s', other.address])
    await run(['topic', 'list'], { TAILRACE_SERVER: other.address })
    await run(['topic', 'list', '-s', other.address, '--profile', 'ann'])
    await run(['topic', 'list', '-s', server.address])
    other.close()
    expect(other.shown).toEqual([undefined, undefined, basic('ann:pencil')])
    expect(server.shown).toEqual([basic('ann:pencil')])
  })

  it.skipIf(noModes)('with secrets in a file that others can read is refused, without secrets it is not', async () => {
    await profiles(three, 0o644)
    expect(await run(['topic', 'list'])).toMatchObject({ code: 2, err: expect.stringContaining('chmod 600') })
    await profiles('profiles: { a: { servers: SERVER } }', 0o644)
    expect((await run(['topic', 'list', '--profile', 'a'])).code).toBe(0)
  })

  it.each([
    ['curent: a', 'there is no key curent; did you mean current?'],
    ['profiles: { a: { sever: x } }', 'profile a in .*: there is no key sever; did you mean servers?'],
    ['profiles: { a: { servers: 7 } }', 'servers of profile a in .* must be an address'],
    ['profiles: { a: { token: 7 } }', 'token of profile a in .* must be a text'],
    ['profiles: [a]', 'profiles in .* must be an object'],
    ['profiles: { a: pencil }', 'profile a in .* must be an object'],
    ['current: [a]', 'current in .* must be the name'],
    ['current: bnn\nprofiles: { ann: {} }', 'no profile "bnn" in .*; did you mean ann?'],
    ['profiles: { a: { user: u, password: pencil, passwordFile: f } }\ncurrent: a', 'both password and passwordFile'],
    ['profiles:\n  a:\n    password: pencil: x', 'not YAML: BLOCK_AS_IMPLICIT_KEY in line 3'],
    ['profiles: { a: *pencil }', 'not YAML$'],
  ])('%j is refused', async (text, message) => {
    await profiles(text)
    const { code, err } = await run(['topic', 'list'])
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
    expect(err).not.toContain('pencil')
  })

  it('is added and removed, in a file that only its owner can read; comments stay', async () => {
    const path = join(folder, 'tailrace', 'config.yaml')
    const add = (name: string, ...flags: string[]) => run(['profile', 'add', name, ...flags])
    const secret = join(folder, 'bob.password')
    const first = await add(
      'bob',
      '-s',
      'https://a.example:8080,b.example:8080',
      '--user',
      'bob',
      '--password-file',
      secret,
    )
    expect(first).toMatchObject({ code: 0, out: `added profile bob to ${path}; it is the current one\n` })
    await add('other', '-s', server.address, '--token-file', 'relative.token')
    const { text } = (await readGuardedFileIfAny(path))!
    expect(text).toContain('current: bob')
    expect(text).toContain(`tokenFile: ${resolve('relative.token')}`)
    if (!noModes) expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(JSON.parse((await run(['profile', 'show', '--json'])).out)).toEqual({
      name: 'bob',
      servers: ['https://a.example:8080', 'http://b.example:8080'],
      user: 'bob',
      passwordFile: secret,
    })
    await profiles(`# mine\n${text}`, 0o644)
    expect(await add('third', '-s', 'c:8080', '--use')).toMatchObject({ code: 0 })
    if (!noModes) expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await run(['profile', 'remove', 'third'])).toMatchObject({
      code: 0,
      out: 'removed profile third; no profile is the current one now\n',
    })
    const { text: left } = (await readGuardedFileIfAny(path))!
    expect(left).toMatch(/^# mine\n/)
    expect(left).not.toMatch(/third|current/)
    expect((await run(['profile', 'list'])).out).toMatch(/bob.*\n.*other/)
  })

  it.each([
    [['add', 'ann', '-s', 'x:1'], 'there is a profile ann'],
    [['add', 'new'], 'name the brokers of the profile with --server'],
    [['add', 'a b', '-s', 'x:1'], 'letters, digits'],
    [['add', 'new', '-s', 'x:1', '--profile', 'ann'], "unknown option '--profile'"],
    [['add', 'new', '-s', 'x:1', '--token', 'pencil'], '--token is refused'],
    [['remove', 'bnn'], 'did you mean ann?'],
  ])('profile %j is refused, and the file stays', async (args, message) => {
    await profiles(three)
    const path = join(folder, 'tailrace', 'config.yaml')
    const before = (await readGuardedFileIfAny(path))!.text
    const { code, err } = await run(['profile', ...args])
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect((await readGuardedFileIfAny(path))!.text).toBe(before)
  })

  it('is listed, shown without secrets, and made the current one', async () => {
    await profiles(three)
    const listed = await run(['profile', 'list'])
    expect(listed.out).toMatch(/^ +PROFILE +SERVERS +AS\n\* +ann +\S+ +user ann\n +svc +\S+ +a token\n +none +http/)
    const shown = await run(['profile', 'show'])
    expect(shown.out).toContain('user: ann\npassword: (not shown)')
    const json = JSON.parse((await run(['profile', 'show', 'svc', '--json'])).out)
    expect(json).toEqual({ name: 'svc', servers: [server.address], tokenFile: join(folder, 'tailrace', 'svc.token') })
    expect(await run(['profile', 'use', 'svc'])).toMatchObject({ code: 0, out: 'svc is the current profile\n' })
    expect(await run(['profile', 'use', 'svc', '--json'])).toMatchObject({ code: 0, out: '{"current":"svc"}\n' })
    const { text } = (await readGuardedFileIfAny(join(folder, 'tailrace', 'config.yaml')))!
    expect(text).toBe(three.replaceAll('SERVER', server.address).replace('current: ann', 'current: svc'))
    expect(await run(['profile', 'use', 'scv'])).toMatchObject({ code: 2, err: expect.stringContaining('mean svc?') })
    for (const { out } of [listed, shown, await run(['profile', 'list', '--json'])]) expect(out).not.toContain('pencil')
  })

  it('is none where there is no file', async () => {
    expect((await run(['profile', 'list'])).out).toContain('There are no profiles in ')
    expect(await run(['profile', 'show'])).toMatchObject({ code: 2, err: expect.stringContaining('name one') })
    expect(await run(['topic', 'list', '--profile', 'a'])).toMatchObject({ code: 2 })
    const homeless = memoryTerminal()
    expect(await runCommandLine(['profile', 'list'], homeless)).toBe(2)
    expect(homeless.err.join()).toContain('HOME is not set')
  })
})

it('profiles are where each system keeps them', () => {
  expect(profilesPath({ XDG_CONFIG_HOME: '/x', HOME: '/h' }, 'linux')).toBe('/x/tailrace/config.yaml')
  expect(profilesPath({ HOME: '/h' }, 'darwin')).toBe('/h/.config/tailrace/config.yaml')
  expect(profilesPath({ APPDATA: 'C:\\a', HOME: '/h' }, 'win32')).toBe('C:\\a/tailrace/config.yaml')
  expect(profilesPath({}, 'linux')).toBeNull()
})
