import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'

const executable = resolve(import.meta.dirname, '../../broker/bin/tailrace.js')
const LIMIT_MS = 3000

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-start-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** The command that `npm start` runs; resolves with the time until the line "ready", after stopping it again. */
async function timeToReady(data: string): Promise<number> {
  const [http, peer] = await consecutivePorts()
  const began = performance.now()
  const args = ['cluster', 'start', '--data', data, '--http-port', String(http), '--peer-port', String(peer)]
  const cluster = spawn(process.execPath, [executable, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: cluster.stdout })) {
    if (line === 'ready') break
  }
  const ms = performance.now() - began
  const gone = once(cluster, 'exit')
  cluster.kill('SIGINT')
  expect((await gone)[0]).not.toBe(1)
  return ms
}

/** Runs a command until its output has a line that `last` accepts, stops it, and resolves with all lines it wrote. */
async function linesUntil(args: readonly string[], last: (line: string) => boolean): Promise<string[]> {
  const child = spawn(process.execPath, [executable, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (last(line)) child.kill('SIGINT')
  }
  return lines
}

/** Two bases with room for three brokers each, below the ports that systems give to outgoing connections. */
async function consecutivePorts(): Promise<[number, number]> {
  for (let base = 20_000 + (process.pid % 500) * 20; ; base += 20) {
    const wanted = [0, 1, 2, 10, 11, 12].map((at) => base + at)
    const free = await Promise.all(wanted.map(isFree))
    if (free.every(Boolean)) return [base, base + 10]
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const free = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)])
  server.close()
  return free
}

it('is ready within 3 s on a warm install, the first time and with data', async () => {
  await timeToReady(join(folder, 'warm-up'))
  const first = await timeToReady(join(folder, 'data'))
  const again = await timeToReady(join(folder, 'data'))
  console.log(`cluster start to ready: ${first.toFixed(0)} ms with empty folders, ${again.toFixed(0)} ms with data`)
  expect(first).toBeLessThan(LIMIT_MS)
  expect(again).toBeLessThan(LIMIT_MS)
}, 60_000)

describe('the output of a start', () => {
  const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../broker/package.json'), 'utf8'))

  async function brokerArguments(name: string): Promise<string[]> {
    const [http, peer] = (await consecutivePorts()).map((port) => `127.0.0.1:${port}`)
    return ['broker', '--id', '1', '--data', join(folder, name), '--http', http!, '--peer', peer!]
  }

  it('of a broker is JSON alone where no person reads it: first the program and its addresses, later "ready"', async () => {
    const args = await brokerArguments('json')
    const [http, peer] = [args[6]!, args[8]!]
    const lines = await linesUntil(args, (line) => line.includes('"msg":"ready"'))
    const events = lines.map((line) => JSON.parse(line))
    const pid = expect.any(Number)
    expect(events[0]).toMatchObject({ msg: 'starting', broker: 1, version, pid, http, peer, data: args[4] })
    const console = `http://${http}/console/`
    expect(events.find(({ msg }) => msg === 'ready')).toMatchObject({ http: `http://${http}`, peer, console })
  }, 30_000)

  it('of a broker is text alone for people', async () => {
    const args = [...(await brokerArguments('text')), '--log-format', 'text']
    const isReady = (line: string) => / INFO {2}ready {2}broker=1 /.test(line)
    const lines = await linesUntil(args, isReady)
    expect(lines[0]).toMatch(
      /^\d{4}-\S+Z INFO {2}starting {2}broker=1 {2}version=\S+ {2}pid=\d+ .*http=127\.0\.0\.1:\d+/,
    )
    expect(lines.some(isReady)).toBe(true)
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([])
  }, 30_000)

  const noTerminal = skipped(
    process.platform !== 'linux',
    'the output of a start on a terminal: only Linux has script -e.',
  )
  it.skipIf(noTerminal)(
    'of a broker is text on a terminal, without being asked for',
    async () => {
      const words = [process.execPath, executable, ...(await brokerArguments('terminal'))]
      const child = spawn('script', ['-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line)
        if (line.includes(' INFO  ready ')) process.kill(Number(/ pid=(\d+) /.exec(lines[0]!)![1]), 'SIGINT')
      }
      expect(lines[0]).toContain(' INFO  starting  broker=1  version=')
      expect(lines.filter((line) => line.startsWith('{'))).toEqual([])
    },
    30_000,
  )

  it('of a cluster says version, processes, addresses and "ready", as text or as JSON', async () => {
    const [http, peer] = await consecutivePorts()
    const ports = ['--http-port', String(http), '--peer-port', String(peer), '--brokers', '1']
    const args = ['cluster', 'start', '--data', join(folder, 'one'), ...ports]
    const text = await linesUntil(args, (line) => line === 'ready')
    expect(text[0]!.replace(/pid \d+/, 'pid N')).toBe(`tailrace ${version}  pid N  starting 1 broker`)
    expect(text[1]).toMatch(/^broker 1 {2}http:\/\/127\.0\.0\.1:\d+ {2}peer 127\.0\.0\.1:\d+ {2}pid \d+ {2}data /)
    expect(text.slice(2)).toEqual([`console  http://127.0.0.1:${http}/console/`, 'ready'])
    const json = await linesUntil([...args, '--json'], (line) => line.includes('"ready"'))
    const pid = expect.any(Number)
    expect(json.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'starting', version, pid, brokers: 1 },
      { event: 'broker-started', broker: 1, pid, http: `http://127.0.0.1:${http}`, peer: `127.0.0.1:${peer}` },
      { event: 'ready', console: `http://127.0.0.1:${http}/console/` },
    ])
  }, 30_000)
})
