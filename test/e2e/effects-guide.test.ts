import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf } from './guide-code.ts'

/** The code of docs/guides/exactly-once-effects.md, as it stands there, in processes that are killed. */

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

/** Kills a program, when what it has stored has changed, as often as is said, and lets it end the next time. */
async function killAgainAndAgain(code: string, stored: () => Promise<unknown>): Promise<void> {
  for (let kills = 0, isOver = false; !isOver; ) {
    const before = await stored()
    const argv = ['--no-warnings', '--input-type=module', '-e', code]
    const program = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] })
    const closed = once(program, 'close')
    while (kills < KILLS && program.exitCode === null && (await stored()) === before) await pause(1)
    if (kills < KILLS) program.kill('SIGKILL')
    const [exit, signal] = await closed
    if (signal === 'SIGKILL') kills++
    else expect([exit, kills]).toEqual([0, KILLS])
    isOver = signal !== 'SIGKILL'
  }
}

it('each balance is right, although the program is killed again and again', async () => {
  const expected = new Map<string, number>()
  for (const { key, value } of records) expected.set(key, (expected.get(key) ?? 0) + Number(value))
  const path = join(folder, 'balances.db')
  const database = guide.openDatabase(path)
  const rows = () => database.prepare('SELECT account, amount FROM balances').all()
  const sum = () => rows().reduce((all, { amount }) => all + amount, 0)
  const call = `keepBalances(${JSON.stringify(cluster.servers)}, 'payments', ${JSON.stringify(path)})`
  const code = `const { keepBalances } = await import(${JSON.stringify(module)}); await ${call}`
  // It is killed within the transactions that follow its first one.
  await killAgainAndAgain(code, async () => sum())
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

it('many at once are all made, although the program is killed again and again', async () => {
  const checkpoints = join(folder, 'run')
  const sent = join(folder, 'sent')
  const send = `async (id, value) => {
    await pause(1)
    appendFileSync(${JSON.stringify(sent)}, id + '\\n')
  }`
  const code = `
    import { appendFileSync } from 'node:fs'
    import { setTimeout as pause } from 'node:timers/promises'
    const { sendAll } = await import(${JSON.stringify(module)})
    await sendAll(${JSON.stringify(cluster.servers)}, 'payments', ${JSON.stringify(checkpoints)}, ${send})`
  const stored = () => readFile(join(checkpoints, 'payments.json'), 'utf8').catch(() => '')
  await killAgainAndAgain(code, stored)
  const ids = (await readFile(sent, 'utf8')).trimEnd().split('\n')
  expect(new Set(ids).size).toBe(records.length)
  // What a crash makes again is little of it.
  expect(ids.length).toBeLessThan(1.5 * records.length)
  expect(JSON.parse(await stored()).offsets).toEqual(await endsOf('payments'))
})

async function endsOf(topic: string): Promise<Record<string, number>> {
  await using consumer = new Consumer({ servers: cluster.servers })
  const subscription = consumer.subscribe(topic, { from: 'latest' })
  await subscription.ready()
  return Object.fromEntries(subscription.position())
}
