import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Consumer, type ConsumerRecord, Producer } from '@tailrace/sdk'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { type Browser, chromium } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Invoice, type Order, orders } from '../../samples/programs/orders.ts'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { type ServedPage, servePage } from './browser-page.ts'
import { type Started, startSample } from './command-line.ts'

/** The programs of samples/programs as processes, against real brokers. */

let folder: string
let cluster: TestCluster
let producer: Producer
let running: Started[]

beforeEach(async () => {
  running = []
  folder = await mkdtemp(join(tmpdir(), 'tailrace-samples-'))
  cluster = await startCluster({ brokers: 3 })
  producer = new Producer({ servers: cluster.servers })
})
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.map(({ finished }) => finished))
  await producer.close()
  await cluster.close()
  await rm(folder, { recursive: true, force: true })
})

function run(name: string, ...args: string[]): Started {
  const started = startSample(name, args, { TAILRACE_SERVERS: cluster.servers.join(','), PORT: '0' })
  running.push(started)
  return started
}

async function says(program: Started, text: string): Promise<void> {
  await expect.poll(() => program.out() + program.err()).toContain(text)
}

function order(number: number): { key: string; value: Order } {
  const customer = `c${number % 7}`
  return { key: customer, value: { id: `o-${number}`, customer, cents: number } }
}

const ordersFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => order(first + i))

async function recordsOf(topic: string): Promise<ConsumerRecord[]> {
  await using consumer = new Consumer({ servers: cluster.servers })
  const records: ConsumerRecord[] = []
  for await (const record of consumer.subscribe(topic, { until: 'end' })) records.push(record)
  return records
}

/** The orders of invoices, by customer, in the order in which they are in the topic. */
async function invoiced(): Promise<Map<string | null, string[]>> {
  const found = new Map<string | null, string[]>()
  for (const { key, value } of await recordsOf('invoices')) {
    found.set(key, [...(found.get(key) ?? []), (JSON.parse(value!) as Invoice).order])
  }
  return found
}

/** What is to be invoiced of the orders up to a number. */
function expectedUpTo(count: number): Map<string | null, string[]> {
  const expected = new Map<string | null, string[]>()
  for (const { key, value } of ordersFrom(0, count)) expected.set(key, [...(expected.get(key) ?? []), value.id])
  return expected
}

it('order-service: says what is wrong, and ends when all that it took is acknowledged and answered', async () => {
  const service = run('order-service.ts')
  await says(service, 'http://')
  const url = service.out().trim()
  const health = async () => (await fetch(`${url}/health`)).json() as Promise<{ status: string; underWay: number }>
  const post = (body: unknown) => fetch(`${url}/orders`, { method: 'POST', body: JSON.stringify(body) })
  expect(await health()).toEqual({ status: 'connected', underWay: 0 })
  expect((await post(order(0).value)).status).toBe(201)
  const refused = await post({ id: 'o-1', customer: 'ann', cents: -1 })
  expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'INVALID_RECORD' }])
  expect((await fetch(`${url}/orders`, { method: 'POST', body: '{' })).status).toBe(400)

  cluster.partition([1], [2], [3])
  const taken = Promise.all(ordersFrom(1, 20).map(({ value }) => post(value)))
  await expect.poll(async () => (await health()).underWay).toBe(20)
  service.child.kill('SIGTERM')
  await expect.poll(() => health().catch(() => null)).toBe(null)
  cluster.heal()
  expect((await taken).map(({ status }) => status)).toEqual(Array(20).fill(201))
  expect(await service.finished).toMatchObject({ code: 0, err: '' })
  expect(service.out()).toContain('stopped')
  expect(await recordsOf('orders')).toHaveLength(21)
})

it('resumable-consumer: after kill -9 no order is missing, and none counts twice', async () => {
  await cluster.createTopic('orders', { partitions: 3 })
  const file = join(folder, 'totals.json')
  const stored = async () => {
    const { totals } = JSON.parse(await readFile(file, 'utf8')) as { totals: Record<string, number> }
    return Object.values(totals).reduce((sum, cents) => sum + cents, 0)
  }
  let sum = 0
  for (let round = 0; round < 3; round++) {
    const some = ordersFrom(round * 500, 500)
    for (let at = 0; at < some.length; at += 50) await producer.sendBatch(orders, some.slice(at, at + 50))
    const program = run('resumable-consumer.ts', file)
    await says(program, 'partition')
    program.child.kill('SIGKILL')
    await program.finished
    sum += some.reduce((all, { value }) => all + value.cents, 0)
  }
  run('resumable-consumer.ts', file)
  await expect.poll(stored).toBe(sum)
})

it('export-range: writes what lies between two times, and ends', async () => {
  await cluster.createTopic('orders', { partitions: 3 })
  const noon = Date.parse('2026-03-01T12:00:00Z')
  const sent = ordersFrom(0, 60).map((one, i) => ({ ...one, partition: i % 3, timestamp: noon + i * 60_000 }))
  await producer.sendBatch(orders, sent)
  const file = join(folder, 'orders.ndjson.gz')
  const range = ['2026-03-01T12:10Z', '2026-03-01T12:20Z']
  expect(await run('export-range.ts', 'orders', ...range, file).finished).toEqual({
    code: 0,
    out: '10 records\n',
    err: '',
  })
  const lines = gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n')
  const ids = lines.map((line) => (JSON.parse((JSON.parse(line) as ConsumerRecord).value!) as Order).id)
  expect(ids.toSorted()).toEqual(ordersFrom(10, 10).map(({ value }) => value.id))
  const wrong = await run('export-range.ts', 'orders', 'yesterday', 'now', file).finished
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('INVALID_SETTING')])
})

it('pipeline: an invoice for each order, in order for each customer; what does not fit is put aside', async () => {
  const program = run('pipeline.ts')
  await says(program, 'started')
  await producer.sendBatch(orders, ordersFrom(0, 300))
  await producer.send('orders', { key: 'c1', value: '{"id":1}' })
  await expect.poll(invoiced).toEqual(expectedUpTo(300))
  await expect.poll(() => recordsOf('orders.dlq')).toHaveLength(1)
  program.child.kill('SIGTERM')
  expect((await program.finished).code).toBe(0)
  expect(program.out()).toContain('1 put aside')
})

it('exact-pipeline: each invoice once, though processes are killed and others take over', async () => {
  const programs = [run('exact-pipeline.ts'), run('exact-pipeline.ts')]
  for (const program of programs) await says(program, 'started')
  for (let round = 0; round < 4; round++) {
    for (let at = 0; at < 100; at += 10) await producer.sendBatch(orders, ordersFrom(round * 100 + at, 10))
    await producer.send('orders', { key: 'c1', value: `{"id":${round}}` })
    programs[round % 2]!.child.kill('SIGKILL')
    programs[round % 2] = run('exact-pipeline.ts')
    await says(programs[round % 2]!, 'started')
  }
  await expect.poll(invoiced, { timeout: 60_000 }).toEqual(expectedUpTo(400))
  const aside = await recordsOf('orders.invalid')
  expect(new Set(aside.map(({ value }) => value))).toEqual(new Set([0, 1, 2, 3].map((id) => `{"id":${id}}`)))
  for (const { child } of programs) child.kill('SIGTERM')
  for (const { finished } of programs) expect((await finished).code).toBe(0)
})

it('dashboard: creates the topic that is missing, and shows topics, groups, members and lag', async () => {
  const first = await run('dashboard.ts').finished
  expect([first.code, first.out]).toEqual([0, expect.stringContaining('created orders')])
  await producer.sendBatch(orders, ordersFrom(0, 30))
  await using consumer = new Consumer({ servers: cluster.servers, clientId: 'reader' })
  const group = consumer.group('readers')
  for await (const record of group.subscribe('orders')) {
    await record.commit()
    const { code, out } = await run('dashboard.ts').finished
    expect([code, out]).toEqual([0, expect.stringMatching(/orders.*6.*3.*30/)])
    expect(out).toMatch(/readers: stable, \d+ records behind\n {2}reader at 127\.0\.0\.1: orders\/0 .*orders\/5/)
    expect(out).not.toContain('created')
    break
  }
})

const executablePath = chromiumForTests()

describe.skipIf(skipped(executablePath === null, 'pages in a browser: this machine has no Chromium.'))(
  'live-page',
  () => {
    let served: ServedPage
    let browser: Browser

    beforeEach(async () => {
      const page = resolve(import.meta.dirname, '../../samples/programs/live-page')
      const html = (await readFile(join(page, 'index.html'), 'utf8')).replace('page.ts', 'page.js')
      served = await servePage(html, await readFile(join(page, 'page.ts'), 'utf8'))
      browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    })
    afterEach(async () => {
      await browser?.close()
      await served?.close()
    })

    it('shows orders as they come; where its origin may not read, it says so', async () => {
      const allowing = await startCluster({ brokers: 1, settings: { readOrigins: new URL(served.url).origin } })
      try {
        await allowing.createTopic('orders', { partitions: 2 })
        await using sender = new Producer({ servers: allowing.servers })
        await sender.sendBatch(orders, ordersFrom(1, 5))
        const page = await browser.newPage()
        await page.goto(`${served.url}?server=${allowing.servers[0]}`)
        await page.getByText('has ordered o-5 for 0.05').waitFor()
        await sender.send(orders, order(1_234))
        await page.getByText('c2 has ordered o-1234 for 12.34').waitFor()
        expect(await page.textContent('p')).toBe('connected, 6 shown, 0 behind')
        await page.goto(`${served.url}?server=${cluster.servers[0]}`)
        await page.getByText('disconnected').waitFor()
        expect(await page.getAttribute('#state', 'title')).toContain(`this page (${new URL(served.url).origin})`)
      } finally {
        await allowing.close()
      }
    })
  },
)
