import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'

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
