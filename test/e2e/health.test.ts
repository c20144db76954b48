import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { freePortRange, type Started, start, tailrace } from './command-line.ts'

/** What an operator asks of a cluster of three, first while it runs and then of the folders that it leaves. */
const folder = mkdtempSync(join(tmpdir(), 'tailrace-health-'))
const data = join(folder, 'data')
let cluster: Started
let server: string

interface Verified {
  readonly sound: boolean
  readonly broker: number
  readonly partitions: { name: string; records: number; damaged: boolean }[]
  readonly findings: { severity: string; file: string }[]
}

beforeAll(async () => {
  const httpPort = await freePortRange(3)
  const peerPort = await freePortRange(3).then((port) => (Math.abs(port - httpPort) < 3 ? port + 10 : port))
  server = `127.0.0.1:${httpPort}`
  const ports = ['--http-port', String(httpPort), '--peer-port', String(peerPort)]
  cluster = start(['cluster', 'start', '--brokers', '3', '--data', data, ...ports])
  await vi.waitFor(() => expect(cluster.out() + cluster.err()).toMatch(/^ready$/m), { timeout: 30_000 })
  await tailrace(['topic', 'create', 'flights', '--partitions', '2', '--replicas', '3', '-s', server])
  const lines = Array.from({ length: 500 }, (_, n) => JSON.stringify({ n, pad: 'x'.repeat(200) }))
  expect((await tailrace(['publish', 'flights', '-s', server], lines.join('\n'))).code).toBe(0)
})

afterAll(() => {
  const { exitCode, signalCode, pid } = cluster.child
  if (exitCode === null && signalCode === null) process.kill(pid!, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function pidOf(broker: number): Promise<number> {
  const { out } = await tailrace(['cluster', 'status', '--json', '-s', server])
  return (JSON.parse(out) as { brokers: { id: number; pid: number }[] }).brokers.find(({ id }) => id === broker)!.pid
}

async function verify(path: string): Promise<{ code: number | null; found: Verified }> {
  const { code, out, err } = await tailrace(['verify', path, '--json'])
  expect(err).toBe('')
  return { code, found: JSON.parse(out) as Verified }
}

/** Every file and its bytes. */
function content(path: string): Map<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'base64')]),
  )
}

describe('a cluster that runs', () => {
  it('is healthy, and each broker says which partitions it holds', async () => {
    // How fast the disk is depends on what else runs on this machine.
    const healthy = async () => {
      const { findings, ...found } = JSON.parse((await tailrace(['doctor', '--json', '-s', server])).out)
      return { ...found, findings: findings.filter(({ kind }: { kind: string }) => kind !== 'disk-speed') }
    }
    // Leaders that were elected a moment ago wait for the first answer of their followers.
    await vi.waitFor(async () => expect(await healthy()).toMatchObject({ brokers: 3, findings: [] }), 30_000)
    for (const id of ['1', '2', '3']) {
      const { code, out } = await tailrace(['broker', 'describe', id, '--json', '-s', server])
      expect(code).toBe(0)
      const { partitions, replicas } = JSON.parse(out)
      expect(partitions).toMatchObject([
        { topic: 'flights', partition: 0 },
        { topic: 'flights', partition: 1 },
      ])
      expect(replicas).toBe(3)
    }
  })

  it('is watched, a document a second, until Ctrl-C', async () => {
    const watch = start(['cluster', 'status', '--watch', '--json', '-s', server])
    await vi.waitFor(() => expect(watch.out().trimEnd().split('\n').length).toBeGreaterThan(1), 20_000)
    watch.child.kill('SIGINT')
    const { code, out, err } = await watch.finished
    if (process.platform !== 'win32') expect([code, err]).toEqual([0, ''])
    const [document] = out.split('\n').map((line) => line && JSON.parse(line))
    expect(document.brokers.map(({ id, leaders }: { id: number; leaders: number }) => [id, typeof leaders])).toEqual([
      [1, 'number'],
      [2, 'number'],
      [3, 'number'],
    ])
  })

  it('changes its log level while it runs, which the audit has in the log', async () => {
    const lines = () => readFileSync(join(data, 'broker-1.log'), 'utf8').trimEnd().split('\n')
    const level = async (...wanted: string[]) =>
      (await tailrace(['broker', 'log-level', '1', ...wanted, '-s', server])).out
    expect(await level()).toBe('broker 1 logs at level info\n')
    expect(await level('debug')).toBe('broker 1 logs at level debug until its next start; before: info\n')
    // Equal entries of a second are one, so a line comes when it is over.
    await vi.waitFor(() => expect(lines().some((line) => line.includes('"set-log-level"'))).toBe(true), 10_000)
    expect(await level('info')).toContain('before: debug')
  })

  const noStop = skipped(process.platform === 'win32', 'a broker that stands still: Windows has no SIGSTOP.')
  it.skipIf(noStop)('has a problem while a broker stands still', async () => {
    const pid = await pidOf(2)
    process.kill(pid, 'SIGSTOP')
    try {
      const { code, out } = await tailrace(['doctor', '-s', server])
      expect(code).toBe(1)
      expect(out).toMatch(/^PROBLEM {2}broker 2 (is not alive|cannot be asked)/m)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  it.skipIf(noStop)('is looked at although the broker that is named first stands still', async () => {
    const { out: before } = await tailrace(['broker', 'list', '--json', '-s', server])
    const http = (JSON.parse(before) as { id: number; http: string }[]).find(({ id }) => id === 2)!.http
    const pid = await pidOf(2)
    process.kill(pid, 'SIGSTOP')
    try {
      const alone = await Promise.all(
        [['doctor'], ['broker', 'list'], ['cluster', 'status', '--watch']].map((command) =>
          tailrace([...command, '--json', '-s', http]),
        ),
      )
      for (const { code, err } of alone) {
        expect(code).toBe(1)
        expect(JSON.parse(err)).toMatchObject({ code: 'CONNECTION_LOST', retriable: true })
      }
      const { code, out } = await tailrace(['broker', 'list', '--json', '-s', `${http},${server}`])
      expect(code).toBe(0)
      expect(JSON.parse(out)).toMatchObject([{ problem: '' }, { problem: expect.stringMatching(/./) }, { problem: '' }])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})

describe('tailrace verify', () => {
  const noPids = skipped(process.platform !== 'linux', 'the process that uses a folder: only Linux tells.')
  it.skipIf(noPids)('refuses the folder of a broker that runs, and says which process it is', async () => {
    const { code, err } = await tailrace(['verify', join(data, 'broker-2')])
    expect(code).toBe(2)
    expect(err).toContain(`is in use by the process ${await pidOf(2)}`)
  })

  it('finds the folders sound, as kill -9 leaves them and after Ctrl-C, and changes nothing in them', async () => {
    const killed = join(folder, 'killed')
    const pid = await pidOf(3)
    // While the process stands still, its files are what kill -9 would leave.
    if (process.platform !== 'win32') process.kill(pid, 'SIGSTOP')
    cpSync(join(data, 'broker-3'), killed, { recursive: true })
    if (process.platform !== 'win32') process.kill(pid, 'SIGCONT')
    cluster.child.kill('SIGINT')
    await cluster.finished
    for (const path of [killed, ...[1, 2, 3].map((id) => join(data, `broker-${id}`))]) {
      const before = content(path)
      const { code, found } = await verify(path)
      expect([code, found.findings.filter(({ severity }) => severity === 'damage')]).toEqual([0, []])
      expect(found.partitions.map(({ name }) => name).sort()).toEqual(['flights/0', 'flights/1', 'metadata'])
      const records = found.partitions.filter(({ name }) => name !== 'metadata').map((one) => one.records)
      expect(records.reduce((sum, count) => sum + count, 0)).toBe(500)
      expect(content(path)).toEqual(before)
    }
  })

  it.each([
    ['a segment', /groups.*\.log$/],
    ['an index', /groups.*\.index$/],
    ['a checkpoint', /checkpoint-a$/],
    ['the identity', /identity\.json$/],
    ['the lives', /lives\.json$/],
    ['the state store', /\.sst$/],
  ])('finds a changed byte in %s, and names the file', async (_, pattern) => {
    const copy = join(folder, 'copy')
    rmSync(copy, { recursive: true, force: true })
    cpSync(join(data, 'broker-1'), copy, { recursive: true })
    const [path] = [...content(copy).keys()].filter((name) => pattern.test(name.replaceAll('\\', '/'))).sort()
    const bytes = readFileSync(path!)
    bytes[Math.floor(bytes.length / 3)]! ^= 8
    writeFileSync(path!, bytes)
    const { code, found } = await verify(copy)
    expect([code, found.sound]).toEqual([1, false])
    const damaged = found.findings.filter(({ severity }) => severity === 'damage').map(({ file }) => file)
    expect(damaged.some((file) => path!.startsWith(file))).toBe(true)
  })

  it('says of any other folder that it is none', async () => {
    for (const path of [data, join(folder, 'nowhere')]) {
      const { code, err } = await tailrace(['verify', path])
      expect(code).toBe(2)
      expect(err).toContain('is no data folder of a broker')
    }
    expect((await tailrace(['verify', data])).err).toContain('broker-1, broker-2, broker-3')
  })
})

describe('tailrace log dump', () => {
  it('prints the entries of a segment with their records, and those of the journal', async () => {
    const files = [...content(join(data, 'broker-1')).keys()]
    const printed: { records?: { value: string }[] }[] = []
    for (const path of files.filter((name) => /groups.[1-9].*\.log$/.test(name))) {
      const { code, out, err } = await tailrace(['log', 'dump', path, '--records', '--json'])
      expect([code, err]).toEqual([0, ''])
      for (const line of out.trimEnd().split('\n')) printed.push(JSON.parse(line))
    }
    const values = printed.flatMap(({ records = [] }) =>
      records.map(({ value }) => (JSON.parse(value) as { n: number }).n),
    )
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n))
    const journal = files.find((name) => name.endsWith('.journal'))!
    const { code, out } = await tailrace(['log', 'dump', journal, '--limit', '5'])
    expect(code).toBe(0)
    expect(out.split('\n')[0]).toMatch(/^ +0 {2}open +block=\d+ {2}epoch=\d+$/)
  })

  it('says of a file that is none of a log, or that is missing, that it cannot be printed', async () => {
    for (const path of [join(data, 'broker-1', 'identity.json'), join(data, 'nothing.journal')])
      expect((await tailrace(['log', 'dump', path])).code).toBe(2)
  })
})
