import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { freePortRange, isAlive, npmStart, pressCtrlC, type Started, start, tailrace } from './command-line.ts'

/** The steps of a user, in this order, with one cluster that `npm start` has started. */
const folder = mkdtempSync(join(tmpdir(), 'tailrace-cli-'))
let cluster: Started
let server: string
let flags: string[]

interface Cluster {
  brokers: { id: number; alive: boolean; pid: number; http: string }[]
}

/** The files and folders in a folder, itself included, that other users of the machine can open. */
function openToOthers(root: string): string[] {
  if (process.platform === 'win32') return []
  const all = [root, ...readdirSync(root, { recursive: true }).map((name) => join(root, String(name)))]
  return all.filter((path) => (statSync(path).mode & 0o077) !== 0)
}

async function status(): Promise<Cluster> {
  const { code, out, err } = await tailrace(['cluster', 'status', '--json', '-s', server])
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as Cluster
}

beforeAll(async () => {
  const httpPort = await freePortRange(3)
  const peerPort = await freePortRange(3).then((port) => (Math.abs(port - httpPort) < 3 ? port + 10 : port))
  server = `127.0.0.1:${httpPort}`
  flags = [
    '--brokers',
    '3',
    '--data',
    join(folder, 'data'),
    '--http-port',
    String(httpPort),
    '--peer-port',
    String(peerPort),
  ]
  cluster = npmStart(flags)
  await vi.waitFor(() => expect(cluster.out() + cluster.err()).toMatch(/^ready$/m), { timeout: 30_000 })
})

afterAll(() => {
  const { pid, exitCode, signalCode } = cluster.child
  if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('npm start', () => {
  it('prints the URL of each broker and then a line "ready"', async () => {
    const lines = cluster
      .out()
      .split('\n')
      .filter((line) => line.startsWith('broker ') || line === 'ready')
    expect(lines.at(-1)).toBe('ready')
    const { brokers } = await status()
    expect(lines.slice(0, 3).map((line) => line.split(/\s+/)[2])).toEqual(brokers.map(({ http }) => `http://${http}`))
    expect(brokers.map(({ id, alive }) => [id, alive])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ])
    expect(cluster.err()).not.toContain('broker')
  })

  const noModes = skipped(process.platform === 'win32', 'modes of the files of a cluster: Windows has none.')
  it.skipIf(noModes)('makes a cluster key and data folders that no other user can open', () => {
    expect(statSync(join(folder, 'data', 'cluster.key')).mode & 0o777).toBe(0o600)
    for (const id of [1, 2, 3]) {
      expect(openToOthers(join(folder, 'data', `broker-${id}`))).toEqual([])
      // A broker that has no key, or for which it is optional, warns.
      expect(readFileSync(join(folder, 'data', `broker-${id}.log`), 'utf8')).not.toContain('clusterKey')
    }
  })

  it('does not start twice on the same ports: says which port is in use, and ends with exit code 1', async () => {
    const second = flags.with(3, join(folder, 'other'))
    const { code, out, err } = await tailrace(['cluster', 'start', ...second])
    expect(code).toBe(1)
    expect(err).toMatch(/127\.0\.0\.1:\d+ is in use by another process/)
    expect(out).not.toMatch(/^ready$/m)
  })
})

describe('users, tokens and rules', () => {
  const ran = async (...args: string[]) => {
    const { code, out } = await tailrace([...args, '--json', '-s', server])
    return { code, answer: JSON.parse(out) }
  }

  it('can be changed in a new cluster without any step before, and all brokers know them', async () => {
    expect((await tailrace(['user', 'set', 'alice', '-s', server], 'a-planted-password\n')).code).toBe(0)
    const wish = ['--principal', 'svc', '--topics', 'orders.*', '--operations', 'read', '--expires', '24h']
    const { token, description } = (await ran('token', 'create', ...wish)).answer
    expect(token).toContain(`tr_${description.id}_`)
    const rule = ['--principal', 'alice', '--operations', 'read', '--topics', 'orders.*']
    expect((await ran('acl', 'add', ...rule)).answer).toHaveLength(1)
    for (const { http } of (await status()).brokers) {
      const shown = async (path: string) => (await fetch(`http://${http}/security/${path}`)).json()
      await vi.waitFor(async () => expect((await shown('acls')).acls).toHaveLength(1), 10_000)
      expect((await shown('users')).users).toMatchObject([{ name: 'alice' }])
      expect((await shown('tokens')).tokens).toEqual([description])
    }
    const test = ['acl', 'test', '--principal', 'alice', '--operations', 'read', '--topics', 'orders.eu']
    expect(await ran(...test)).toEqual({ code: 0, answer: { allowed: true, because: 'everybody', rule: null } })
    const audit = JSON.stringify((await ran('cluster', 'audit')).answer)
    for (const action of ['set-user', 'add-token', 'add-acls']) expect(audit).toContain(action)
    for (const secret of ['a-planted-password', token.slice(`tr_${description.id}_`.length)])
      expect(audit).not.toContain(secret)
    expect((await ran('token', 'revoke', description.id)).code).toBe(0)
    expect((await ran('user', 'delete', 'alice')).code).toBe(0)
    expect((await ran('acl', 'remove', '--principal', 'alice')).answer).toHaveLength(1)
  })
})

describe('topics', () => {
  it('are created, listed and described', async () => {
    expect(
      await tailrace(['topic', 'create', 'flights', '--partitions', '6', '--replicas', '3', '-s', server]),
    ).toEqual({
      code: 0,
      out: 'created topic flights: 6 partitions, 3 replicas\n',
      err: '',
    })
    expect((await tailrace(['topic', 'list', '-s', server])).out).toMatch(/^TOPIC\s.*\nflights\s+6\s+3$/m)
    const described = await tailrace(['topic', 'describe', 'flights', '--json', '-s', server])
    expect(JSON.parse(described.out)).toMatchObject({
      name: 'flights',
      partitions: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition })),
    })
  })

  it('that exist or do not exist are reported by code, message and hint', async () => {
    const twice = await tailrace(['topic', 'create', 'flights', '-s', server])
    expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('error TOPIC_EXISTS: ')])
    const again = await tailrace(['topic', 'create', 'flights', '--if-not-exists', '-s', server])
    expect([again.code, again.out]).toEqual([0, expect.stringMatching(/^topic flights exists: /)])
    const described = await tailrace(['topic', 'describe', 'flights', '-s', server])
    expect(described.out).toMatch(/^size {5}\d.* with all replicas$/m)
    for (const args of [
      ['topic', 'describe', 'nothing'],
      ['tail', 'nothing'],
      ['publish', 'nothing'],
    ]) {
      const { code, err } = await tailrace([...args, '-s', server])
      expect([code, err]).toEqual([1, expect.stringMatching(/^error UNKNOWN_TOPIC: .*\n {2}\S/)])
    }
  })
})

describe('records', () => {
  const flight = (n: number) => JSON.stringify({ origin: `A${n % 7}`, n })

  it('are published from a file, with a rate at the end', async () => {
    const path = join(folder, 'flights.ndjson')
    writeFileSync(path, Array.from({ length: 20_000 }, (_, n) => flight(n)).join('\n'))
    const { code, out, err } = await tailrace([
      'publish',
      'flights',
      '--file',
      path,
      '--key-field',
      'origin',
      '-s',
      server,
    ])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^published 20,000 records \(.* MB\) to flights in .* s: [\d,]+ records\/s\n$/)
  })

  it('are published from standard input; broken lines are reported by number', async () => {
    const { code, out, err } = await tailrace(
      ['publish', 'flights', '--key-field', 'origin', '--json', '-s', server],
      `${flight(20_000)}\n{oops\n`,
    )
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ records: 1, brokenLines: 1 })
    expect(err).toMatch(/^line 2 is not JSON/)
  })

  it('are tailed from the earliest, each once, in order per key', async () => {
    const { code, out } = await tailrace([
      'tail',
      'flights',
      '--from',
      'earliest',
      '--count',
      '20001',
      '--format',
      'json',
      '-s',
      server,
    ])
    expect(code).toBe(0)
    const records = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: string })
    const numbers = records.map(({ value }) => (JSON.parse(value) as { n: number }).n)
    expect(new Set(numbers).size).toBe(20_001)
    for (let key = 0; key < 7; key++) {
      const ofKey = records.flatMap((record, at) => (record.key === `A${key}` ? [numbers[at]!] : []))
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
    }
  })

  it('are tailed from an offset of a partition, and from a time', async () => {
    const one = await tailrace([
      'tail',
      'flights',
      '--from',
      '5',
      '--partition',
      '0',
      '--count',
      '1',
      '--json',
      '-s',
      server,
    ])
    expect(JSON.parse(one.out)).toMatchObject({ partition: 0, offset: 5 })
    const old = await tailrace([
      'tail',
      'flights',
      '--from',
      '2020-01-01',
      '--partition',
      '0',
      '--count',
      '1',
      '--json',
      '-s',
      server,
    ])
    expect(JSON.parse(old.out)).toMatchObject({ partition: 0, offset: 0 })
  })

  it('of text have a key before a separator, and headers', async () => {
    for (const name of ['routes', 'gates']) await tailrace(['topic', 'create', name, '-s', server])
    const args = ['-K', ':', '--header', 'source=cli', '--header', 'try=1', '-s', server]
    const sent = await tailrace(['publish', 'routes', ...args], 'SFO:late: 3\nno key\nJFK:\n')
    expect(sent.code).toBe(1)
    expect(sent.err).toBe('line 2 has no ":" between a key and a value\n1 broken line left out\n')
    await tailrace(['publish', 'gates', '--format', 'text', '-s', server], 'A1\nA2\nA3\n')
    const { out } = await tailrace(['tail', 'routes', '--until', 'end', '--json', '-s', server])
    const records = out.trimEnd().split('\n')
    expect(records.map((line) => JSON.parse(line))).toMatchObject([
      { key: 'SFO', value: 'late: 3', headers: { source: 'cli', try: '1' } },
      { key: 'JFK', value: '' },
    ])
  })

  it('are tailed up to an end, the last ones, those of a key or with a header, in a form of their own', async () => {
    const tail = async (...args: string[]) => {
      const { code, out, err } = await tailrace(['tail', ...args, '-s', server])
      expect([code, err]).toEqual([0, ''])
      return out
    }
    expect(await tail('gates', '--until', 'end', '--format', 'value')).toBe('A1\nA2\nA3\n')
    expect(await tail('gates', '--until', '2', '--format', 'value')).toBe('A1\nA2\n')
    expect(await tail('gates', '--until', '2999-01-01', '--from', '1', '--format', 'value')).toBe('A2\nA3\n')
    expect(await tail('gates', '--until', '2000-01-01')).toBe('')
    expect(await tail('gates', '--last', '1', '--until', 'end', '--format', 'value')).toBe('A3\n')
    expect(await tail('gates', '--last', '2', '--count', '2', '--format', 'value')).toBe('A2\nA3\n')
    const form = '{topic} {offset} {key}={value} {header.source}'
    expect(await tail('routes', '--until', 'end', '--key', 'JFK', '--template', form)).toBe('routes 1 JFK= cli\n')
    expect(await tail('routes', '--until', 'end', '--header', 'try=2')).toBe('')
    expect(
      (await tail('routes', '--until', 'end', '--header', 'try=1', '--header', 'source')).split('\n'),
    ).toHaveLength(3)
    const both = await tail('routes', 'gates', '--until', 'end', '--json')
    const places = both
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { topic: string; offset: number })
    expect(places.filter(({ topic }) => topic === 'gates').map(({ offset }) => offset)).toEqual([0, 1, 2])
    expect(places.filter(({ topic }) => topic === 'routes').map(({ offset }) => offset)).toEqual([0, 1])
    expect(await tail('routes', 'gates', '--last', '1', '--until', 'end')).toMatch(/^gates\/0:2 {2}.* A3$/m)
  })

  it('of a measurement are counted, and its topic is gone behind it', async () => {
    const args = ['bench', '--seconds', '1', '--rate', '500', '--partitions', '2', '--keys', '10', '-s', server]
    const { code, out, err } = await tailrace([...args, '--json'])
    expect([code, err]).toEqual([0, ''])
    const { publish, follow, readBack } = JSON.parse(out)
    expect(publish.records).toBeGreaterThan(100)
    expect([follow.records, follow.missing, readBack.records]).toEqual([publish.records, 0, publish.records])
    for (const { p50, p99, max } of [publish.latencyMs, follow.latencyMs]) {
      expect([p50 > 0, p50 <= p99, p99 <= max]).toEqual([true, true, true])
    }
    expect(follow.latencyMs.max).toBeGreaterThanOrEqual(publish.latencyMs.p50 / 2)
    expect((await tailrace(['topic', 'list', '-s', server])).out).not.toContain('bench-')
    const kept = await tailrace(['bench', '--topic', 'gates', '--seconds', '1', '--no-read', '-s', server])
    expect(kept.out).toMatch(/^[\d,]+ records of 100 bytes to gates in .* as fast as they are acknowledged$/m)
  })

  it('come live, and Ctrl-C ends the tail with exit code 0', async () => {
    const tail = start(['tail', 'flights', '--format', 'value', '-s', server])
    let sent = 0
    // Whether the subscription is ready cannot be seen from outside, so records are published until one arrives.
    while (tail.out() === '')
      expect((await tailrace(['publish', 'flights', '-s', server], `{"live":${sent++}}\n`)).code).toBe(0)
    tail.child.kill('SIGINT')
    const { code, out, err } = await tail.finished
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^\{"live":\d+\}\n/)
  })

  it('end quietly when the reader of the pipe goes away', async () => {
    const tail = start(['tail', 'flights', '--from', 'earliest', '-s', server])
    await once(tail.child.stdout!, 'data')
    tail.child.stdout!.destroy()
    const { code, err } = await tail.finished
    expect([code, err]).toEqual([0, ''])
  })
})

describe('supervision', () => {
  it('reports a broker that was killed, and starts it again', async () => {
    const before = (await status()).brokers[1]!
    process.kill(before.pid, 'SIGKILL')
    await expect
      .poll(() => cluster.err(), { timeout: 10_000 })
      .toContain(`broker 2 (pid ${before.pid}) was killed by SIGKILL; starting it again`)
    await vi.waitFor(
      async () => {
        const after = (await status()).brokers[1]!
        expect(after.alive).toBe(true)
        expect(after.pid).not.toBe(before.pid)
      },
      { timeout: 20_000 },
    )
  })

  it('stops all brokers at Ctrl-C', async () => {
    const pids = (await status()).brokers.map(({ pid }) => pid)
    pressCtrlC(cluster)
    await cluster.finished
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('finds the records again after a restart; brokers end when their supervisor is killed', async () => {
    // As versions before have left it.
    const data = join(folder, 'data', 'broker-1')
    for (const [name, mode] of [
      ['identity.json', 0o644],
      ['log', 0o755],
      ['', 0o755],
    ] as const)
      chmodSync(join(data, name), mode)
    const again = start(['cluster', 'start', ...flags])
    await expect.poll(() => again.out(), { timeout: 30_000 }).toMatch(/^ready$/m)
    expect(openToOthers(data)).toEqual([])
    // Windows has no such modes.
    if (process.platform !== 'win32')
      expect(readFileSync(`${data}.log`, 'utf8')).toContain('the data folder was open to other users of this machine')
    const { out } = await tailrace([
      'tail',
      'flights',
      '--from',
      'earliest',
      '--count',
      '20001',
      '--format',
      'value',
      '-s',
      server,
    ])
    expect(out.trimEnd().split('\n')).toHaveLength(20_001)
    const pids = (await status()).brokers.map(({ pid }) => pid)
    again.child.kill('SIGKILL')
    await expect.poll(() => pids.filter(isAlive), { timeout: 15_000 }).toEqual([])
  })
})
