import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf } from './guide-code.ts'

/** The code of docs/guides/exactly-once-effects.md, as it stands there, in a process that is killed. */

const records = Array.from({ length: 20_000 }, (_, i) => ({ key: `account ${i % 50}`, value: String(1 + (i % 7)) }))
const KILLS = 5

interface Row {
  readonly account: string
  readonly amount: number
}
interface Guide {
  openDatabase(path: string): { prepare(sql: string): { all(): Row[] }; close(): void }
  copyValues(servers: string[], topic: string, folder: string, put: (id: string, value: string) => void): Promise<void>
}

let folder: string
let cluster: TestCluster
let module: string
let guide: Guide

beforeAll(async () => {
  const root = resolve(import.meta.dirname, '../../.tmp')
  await mkdir(root, { recursive: true })
  folder = await mkdtemp(join(root, 'effects-'))
  module = await codeOf('exactly-once-effects.md', folder)
  guide = (await import(module)) as Guide
  cluster = await startCluster({ brokers: 3 })
  await cluster.createTopic('payments', { partitions: 3 })
  const producer = new Producer({ servers: cluster.servers, batchBytes: 2_000 })
  await producer.sendBatch('payments', records)
  await producer.close()
})
afterAll(async () => {
  await cluster?.close()
  await rm(folder, { recursive: true, force: true })
})

it('each balance is right, although the program is killed again and again', async () => {
  const expected = new Map<string, number>()
  for (const { key, value } of records) expected.set(key, (expected.get(key) ?? 0) + Number(value))
  const path = join(folder, 'balances.db')
  const database = guide.openDatabase(path)
  const rows = () => database.prepare('SELECT account, amount FROM balances').all()
  const sum = () => rows().reduce((all, { amount }) => all + amount, 0)
  const call = `keepBalances(${JSON.stringify(cluster.servers)}, 'payments', ${JSON.stringify(path)})`
  const code = `const { keepBalances } = await import(${JSON.stringify(module)}); await ${call}`
  for (let kills = 0, isOver = false; !isOver; ) {
    const before = sum()
    const argv = ['--no-warnings', '--input-type=module', '-e', code]
    const program = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] })
    const closed = once(program, 'close')
    // It is killed within the transactions that follow its first one.
    while (kills < KILLS && program.exitCode === null && sum() === before) await pause(1)
    if (kills < KILLS) program.kill('SIGKILL')
    const [exit, signal] = await closed
    if (signal === 'SIGKILL') kills++
    else expect([exit, kills]).toEqual([0, KILLS])
    isOver = signal !== 'SIGKILL'
  }
  expect(new Map(rows().map(({ account, amount }) => [account, amount]))).toEqual(expected)
  database.close()
})

it('without a transaction each effect is made, under a name that stays the same', async () => {
  const copy = new Map<string, string>()
  const checkpoints = join(folder, 'checkpoints')
  const dying = guide.copyValues(cluster.servers, 'payments', checkpoints, (id, value) => {
    copy.set(id, value)
    if (copy.size === 5_000) throw new Error('the program dies')
  })
  await expect(dying).rejects.toThrow('dies')
  let again = 0
  await guide.copyValues(cluster.servers, 'payments', checkpoints, (id, value) => {
    if (copy.has(id)) again++
    copy.set(id, value)
  })
  expect(copy.size).toBe(records.length)
  expect(again).toBeLessThan(5_000)
})
