import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventReader } from '../../broker/src/doors/testing/event-reader.ts'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { type ServedPage, servePage } from './browser-page.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

/** Server-sent events from real brokers, to clients that have no SDK. */
const PARTITIONS = 3
let cluster: ClusterProcesses
let served: ServedPage

const html =
  '<!doctype html><title>Events</title><p id="state"></p><ol id="records"></ol><script type="module" src="/page.js"></script>'
const script = `
  const events = new EventSource(new URLSearchParams(location.search).get('stream')!)
  const state = document.querySelector('#state')!
  const list = document.querySelector('#records')!
  events.addEventListener('subscribed', () => { state.textContent = 'live' })
  events.addEventListener('error', () => { state.textContent = events.readyState === EventSource.CLOSED ? 'closed' : 'lost' })
  events.addEventListener('record', ({ data }) => {
    const line = document.createElement('li')
    line.textContent = JSON.parse(data).value
    list.append(line)
  })
`

beforeAll(async () => {
  served = await servePage(html, script)
  cluster = await ClusterProcesses.start({ flags: ['--read-origins', new URL(served.url).origin] })
})
afterAll(async () => {
  await served?.close()
  await cluster?.destroy()
})

async function create(name: string): Promise<void> {
  await cluster.request(1, 'POST', '/topics', { name, partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, name, allInSync)
}

async function publish(through: number, topic: string, values: readonly string[]): Promise<void> {
  const records = values.map((value) => ({ key: value, value }))
  await cluster.request(through, 'POST', `/topics/${topic}/records`, { records })
}

const numbered = (word: string, count: number) => Array.from({ length: count }, (_, n) => `${word} ${n}`)
const streamOf = (http: string, topic: string, query = '') => `http://${http}/topics/${topic}/stream${query}`

it('goes on at another broker when its own is killed, each record once and those of a partition in order', async () => {
  await create('moved')
  const read: { partition: number; offset: number; value: string }[] = []
  let lastId = ''
  const take = async (reader: EventReader, until: number): Promise<void> => {
    while (read.length < until) {
      const event = await reader.next()
      if (event === null) throw new Error(`The stream has ended after ${read.length} records.`)
      if (event.event === 'record') read.push(event.data)
      lastId = event.id
    }
  }
  await publish(1, 'moved', numbered('before', 60))
  const first = await EventReader.open(streamOf(cluster.http(2), 'moved', '?from=earliest'))
  await take(first, 40)
  await cluster.kill(2)
  await publish(1, 'moved', numbered('meanwhile', 30))
  const second = await EventReader.open(streamOf(cluster.http(3), 'moved', '?from=earliest'), {
    'last-event-id': lastId,
  })
  await take(second, 90)
  await publish(3, 'moved', numbered('after', 10))
  await take(second, 100)
  second.close()
  await cluster.launch(2)
  await cluster.ready()
  const expected = [...numbered('before', 60), ...numbered('meanwhile', 30), ...numbered('after', 10)]
  expect(read.map(({ value }) => value).sort()).toEqual(expected.sort())
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const offsets = read.filter((record) => record.partition === partition).map(({ offset }) => offset)
    expect(offsets).toEqual(offsets.map((_, at) => at))
  }
})

it('comes from a cascade broker as well, and its id is good at both levels', async () => {
  await create('copied')
  const cascade = await CascadeProcesses.inFolder()
  try {
    await cascade.add(101, cluster.http(1))
    await publish(1, 'copied', numbered('a', 20))
    await expect
      .poll(
        () =>
          fetch(streamOf(cascade.http(101), 'copied', '?from=999'), { signal: AbortSignal.timeout(1_000) }).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(416)
    const below = await EventReader.open(streamOf(cascade.http(101), 'copied', '?from=earliest'))
    expect((await below.values(20)).sort()).toEqual(numbered('a', 20).sort())
    await publish(2, 'copied', numbered('b', 10))
    expect((await below.values(10)).sort()).toEqual(numbered('b', 10).sort())
    below.close()
    await publish(3, 'copied', numbered('c', 5))
    const above = await EventReader.open(streamOf(cluster.http(2), 'copied'), { 'last-event-id': below.lastId })
    expect((await above.values(5)).sort()).toEqual(numbered('c', 5).sort())
    above.close()
  } finally {
    await cascade.destroy()
  }
})

describe('the example of the documentation', () => {
  it('shows events with curl', async () => {
    await create('flights')
    await publish(1, 'flights', ['hello'])
    const text = await readFile(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
    const [, command] = /^(curl -N 'localhost:8080.*)$/m.exec(text)!
    const curl = spawn('sh', ['-c', `exec ${command!.replace('localhost:8080', cluster.http(1))}`])
    curl.stdout.setEncoding('utf8')
    let shown = ''
    for await (const piece of curl.stdout) {
      shown += piece
      if (/^event: record\n.*\n.*\n\n/m.test(shown)) break
    }
    curl.kill()
    await once(curl, 'exit')
    const { id } = (await viewTopic(cluster, 1, 'flights')) as unknown as { id: string }
    expect(shown).toMatch(/^retry: 2000\n\nevent: subscribed\nid: /)
    expect(shown).toMatch(
      new RegExp(
        `^event: record\\nid: ${id}:[01],[01],[01]\\ndata: \\{"partition":\\d,"offset":0,.*"value":"hello"`,
        'm',
      ),
    )
  })
})

const executablePath = chromiumForTests()
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']

// In CI there must be one: chromiumForTests throws.
describe.skipIf(skipped(executablePath === null, 'events in a browser: this machine has no Chromium.'))(
  'EventSource in Chromium',
  () => {
    let browser: Browser
    afterAll(() => browser?.close())

    it('goes on by itself when its broker is stopped and started again, each record once', async () => {
      await create('page')
      browser = await chromium.launch({ executablePath: executablePath!, args: flags })
      const page = await browser.newPage()
      await page.goto(`${served.url}?stream=${encodeURIComponent(streamOf(cluster.http(1), 'page'))}`)
      const state = page.locator('#state')
      await state.getByText('live').waitFor({ timeout: 20_000 })
      await publish(2, 'page', numbered('before', 20))
      await page.locator('#records li:nth-child(20)').waitFor({ timeout: 20_000 })
      await cluster.stop(1)
      await publish(2, 'page', numbered('meanwhile', 20))
      await state.getByText('lost').waitFor({ timeout: 20_000 })
      await cluster.launch(1)
      await state.getByText('live').waitFor({ timeout: 30_000 })
      await publish(3, 'page', numbered('after', 20))
      await page.locator('#records li:nth-child(60)').waitFor({ timeout: 20_000 })
      const expected = [...numbered('before', 20), ...numbered('meanwhile', 20), ...numbered('after', 20)]
      expect((await page.locator('#records li').allTextContents()).sort()).toEqual(expected.sort())
    })
  },
)
