import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-certs-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function run(...args: string[]) {
  const terminal = memoryTerminal()
  const code = await runCommandLine(['certs', ...args], terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}
const read = async (name: string) => new X509Certificate(await readFile(join(folder, name)))

it('makes a CA, and certificates for brokers, cascade brokers and clients', async () => {
  const hosts = ['--hosts', 'lb.example,10.0.0.9,2=two.example']
  const { code, out } = await run(
    'create',
    '--brokers',
    '2',
    '--out',
    folder,
    '--cascades',
    '101',
    '--clients',
    'alice',
    ...hosts,
  )
  expect(code).toBe(0)
  expect(out).toContain(
    `${folder}/broker-2.crt, .key  broker-2, localhost, lb.example, two.example, 127.0.0.1, ::1, 10.0.0.9`,
  )
  const ca = await read('ca.crt')
  for (const name of ['broker-1', 'broker-2', 'cascade-101', 'client-alice']) {
    expect((await read(`${name}.crt`)).verify(ca.publicKey)).toBe(true)
    if (process.platform !== 'win32') expect((await stat(join(folder, `${name}.key`))).mode & 0o777).toBe(0o600)
  }
  const [one, two] = [await read('broker-1.crt'), await read('broker-2.crt')]
  expect([one.checkHost('two.example'), two.checkHost('two.example')]).toEqual([undefined, 'two.example'])
  expect(one.checkIP('10.0.0.9')).toBe('10.0.0.9')
  expect([(await read('client-alice.crt')).subject, (await read('cascade-101.crt')).checkHost('cascade-101')]).toEqual([
    'CN=alice',
    'cascade-101',
  ])
})

it('tells as JSON which files it has written', async () => {
  const { code, out } = await run('create', '--brokers', '1', '--clients', 'alice', '--out', folder, '--json')
  expect(code).toBe(0)
  const pair = (name: string) => ({ certificate: `${folder}/${name}.crt`, key: `${folder}/${name}.key` })
  expect(JSON.parse(out)).toEqual([
    { ...pair('ca'), isAuthority: true, client: null, names: [] },
    {
      ...pair('broker-1'),
      isAuthority: false,
      client: null,
      names: ['broker-1', 'localhost', '127.0.0.1', '::1'],
    },
    { ...pair('client-alice'), isAuthority: false, client: 'alice', names: [] },
  ])
})

it('replaces no CA, and renews certificates with the one that is there', async () => {
  await run('create', '--brokers', '1', '--out', folder, '--days', '1')
  const [ca, before] = [await read('ca.crt'), await read('broker-1.crt')]
  const again = await run('create', '--brokers', '1', '--out', folder)
  expect([again.code, again.err]).toEqual([2, expect.stringContaining(`ca.crt exists; give --ca ${folder}`)])
  expect((await run('create', '--brokers', '1', '--out', folder, '--ca', folder, '--days', '30')).code).toBe(0)
  const after = await read('broker-1.crt')
  expect([(await read('ca.crt')).fingerprint, after.verify(ca.publicKey)]).toEqual([ca.fingerprint, true])
  expect(Date.parse(after.validTo) - Date.parse(before.validTo)).toBeGreaterThan(28 * 86_400_000)
  const elsewhere = join(folder, 'elsewhere')
  expect((await run('create', '--clients', 'bob', '--out', elsewhere, '--ca', folder)).code).toBe(0)
  expect((await read('elsewhere/ca.crt')).fingerprint).toBe(ca.fingerprint)
})

it('shows what is in a file', async () => {
  await run('create', '--brokers', '1', '--out', folder)
  const { out } = await run('show', join(folder, 'broker-1.crt'))
  expect(out).toMatch(
    /^subject {2}CN=broker-1\nissuer {3}CN=Tailrace CA .*\nnames {4}DNS:broker-1, DNS:localhost, IP Address:127.0.0.1/,
  )
  expect(out).toContain((await read('broker-1.crt')).fingerprint256.replaceAll(':', '').toLowerCase())
  const [ca] = JSON.parse((await run('show', join(folder, 'ca.crt'), '--json')).out)
  expect(ca).toMatchObject({ isAuthority: true, names: '' })
})

it.each([
  [['create', '--out', 'x'], 'nobody would get a certificate'],
  [['create', '--brokers', 'three', '--out', 'x'], '--brokers is "three"'],
  [['create', '--brokers', '1', '--out', 'x', '--days', '0'], '--days is "0"'],
  [['create', '--brokers', '1', '--out', 'x', '--hosts', 'a b'], '--hosts "a b" is no host name'],
  [['create', '--brokers', '1', '--out', 'x', '--hosts', '2=b'], 'broker 2, which gets no certificate'],
  [['create', '--clients', 'a/b', '--out', 'x'], '--clients "a/b" is no name'],
  [['create', '--clients', 'a', '--out', 'x', '--ca', '/nowhere'], '--ca /nowhere has no ca.crt'],
  [['show', '/nowhere'], '/nowhere cannot be read'],
  [['show', import.meta.filename], 'has no certificate in PEM form'],
])('%j is refused', async (args, message) => {
  const { code, err } = await run(...args)
  expect([code, err]).toEqual([2, expect.stringContaining(message)])
})
