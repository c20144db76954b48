import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { freePortRange, isAlive } from './command-line.ts'

const root = resolve(import.meta.dirname, '../..')
/** Longer than two looks at the parent, the transfer of leaderships, and a close of the log. */
const LIMIT_MS = 15_000

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-parent-'))
})

afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

interface Started {
  readonly npm: ChildProcess
  /** Of all processes below npm, with any processes between. */
  readonly pids: readonly number[]
  readonly supervisor: number
}

async function npmStart(): Promise<Started> {
  const port = await freePortRange(4)
  const ports = ['--http-port', String(port), '--peer-port', String(port + 2)]
  const args = ['start', '--', '--brokers', '2', '--data', join(folder, 'data'), ...ports]
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((ready, failed) => {
    let text = ''
    npm.stdout!.on('data', (chunk) => {
      text += chunk
      if (/^ready$/m.test(text)) ready()
    })
    npm.once('exit', (code) => failed(new Error(`npm ended with ${code}: ${text}`)))
  })
  const pids = below(npm.pid!)
  const supervisor = pids.find((pid) => below(pid).length === 2)
  if (supervisor === undefined) throw new Error(`no supervisor of two brokers among ${pids}`)
  return { npm, pids, supervisor }
}

function below(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number])
  const children = parents.filter(([child, parent]) => parent === pid && child !== pid).map(([child]) => child)
  return children.flatMap((child) => [child, ...below(child)])
}

async function allEnd(pids: readonly number[]): Promise<void> {
  const until = performance.now() + LIMIT_MS
  while (pids.some(isAlive) && performance.now() < until) await new Promise((next) => setTimeout(next, 50))
  const left = pids.filter(isAlive)
  for (const pid of left) process.kill(pid, 'SIGKILL')
  expect(left, 'still running').toEqual([])
}

/** Which process is told to end, and how. */
const ends: [string, (started: Started) => void][] = [
  ['npm is told to stop, as a container is', ({ npm }) => void npm.kill('SIGTERM')],
  ['npm is killed', ({ npm }) => void npm.kill('SIGKILL')],
  ['the supervisor is killed', ({ supervisor }) => process.kill(supervisor, 'SIGKILL')],
]

const noSignals = skipped(process.platform === 'win32', 'how npm start ends: Windows has no ps and no signals.')

it.skipIf(noSignals).each(ends)(
  'no process of npm start is left when %s',
  async (_what, end) => {
    const started = await npmStart()
    expect(started.pids.length).toBeGreaterThanOrEqual(3)
    end(started)
    await allEnd(started.pids)
    // Stopped in order, except for the one that was killed.
    const log = await readFile(join(folder, 'data', 'broker-1.log'), 'utf8')
    expect(log).not.toContain('did not stop')
  },
  60_000,
)
