import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'
import { skipped } from '../runner/skipped.ts'
import { type Started, start, tailrace } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-exit-'))
const started: Started[] = []

afterAll(() => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function brokerThatRuns(name: string): Promise<{ broker: Started; http: string }> {
  const [http, peer] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`)
  const broker = start(['broker', '--id', '1', '--data', join(folder, name), '--http', http!, '--peer', peer!])
  started.push(broker)
  await vi.waitFor(() => expect(broker.out()).toContain('"msg":"ready"'), { timeout: 30_000 })
  return { broker, http: http! }
}

const noLimit = skipped(!existsSync('/usr/bin/prlimit'), 'a write that fails: prlimit is not there.')
it.skipIf(noLimit)(
  'a broker whose write fails ends with 70, after a line that says why',
  async () => {
    const { broker, http } = await brokerThatRuns('limited')
    expect((await tailrace(['topic', 'create', 't', '--partitions', '1', '--replicas', '1', '-s', http])).code).toBe(0)
    // From now on each write beyond the first byte of a file fails, as on a disk that has gone.
    execFileSync('/usr/bin/prlimit', ['--pid', String(broker.child.pid), '--fsize=1'])
    const publishing = start(['publish', 't', '--format', 'text', '-s', http])
    started.push(publishing)
    publishing.child.stdin!.end('lost\n')
    const { code, out } = await broker.finished
    expect(code).toBe(70)
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({
      level: 60,
      msg: 'the log cannot be written any more; the broker ends',
      err: { message: expect.stringMatching(/./) },
    })
  },
  60_000,
)

const noSignals = skipped(process.platform === 'win32', 'Ctrl-C: Windows has no signals that a program can send.')
it.skipIf(noSignals)(
  'Ctrl-C ends a broker with 0, and a command before its end with 130',
  async () => {
    const { broker, http } = await brokerThatRuns('stopped')
    expect((await tailrace(['topic', 'create', 't', '--partitions', '1', '--replicas', '1', '-s', http])).code).toBe(0)
    const publishing = start(['publish', 't', '--format', 'text', '-s', http])
    started.push(publishing)
    publishing.child.stdin!.write('one\n')
    const watching = start(['tail', 't', '--from', 'earliest', '--count', '1', '-s', http])
    started.push(watching)
    expect((await watching.finished).code).toBe(0)
    publishing.child.kill('SIGINT')
    expect((await publishing.finished).code).toBe(130)
    broker.child.kill('SIGINT')
    expect((await broker.finished).code).toBe(0)
  },
  60_000,
)
