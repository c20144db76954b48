import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { ATTRIBUTES_AT, Compression } from '@tailrace/schemas'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { type ServedPage, servePage } from './browser-page.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

const executablePath = chromiumForTests()
const topic = 'board'
const PARTITIONS = 4
/** Fall into all four partitions. */
const keys = 'SFO LAX JFK ORD ATL DEN DFW SEA BOS MIA PHX LAS MSP DTW EWR IAH'.split(' ')

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const html = `<!doctype html>
<title>Records</title>
<style>body { font: 13px monospace } li { list-style: none } #state { font-weight: bold }</style>
<p id="state">connecting</p>
<ol id="records"></ol>
<script type="module" src="/page.js"></script>`

const script = `
  import { Consumer } from '@tailrace/consumer'
  const address = new URLSearchParams(location.search)
  const state = document.querySelector('#state')!
  const list = document.querySelector('#records')!
  const consumer = new Consumer({ servers: address.getAll('server') })
  const records = consumer.subscribe(address.get('topic')!, { from: 'latest' })
  records.ready().then(() => { state.textContent = 'live' })
  try {
    for await (const { partition, offset, key, value } of records) {
      const line = document.createElement('li')
      line.textContent = partition + ' ' + offset + ' ' + key + ' ' + value
      list.append(line)
    }
  } catch (error) {
    state.textContent = String(error)
  }
`

interface Published {
  readonly partition: number
  readonly line: string
  readonly offset: number
}

// In CI there must be one: chromiumForTests throws.
describe.skipIf(skipped(executablePath === null, 'pages in a browser: this machine has no Chromium.'))(
  'a page in Chromium',
  () => {
    const screenshots = mkdtempSync(join(tmpdir(), 'tailrace-page-'))
    const published: Published[] = []
    let cluster: ClusterProcesses
    let served: ServedPage
    let browser: Browser
    let page: Page
    const problems: string[] = []

    beforeAll(async () => {
      served = await servePage(html, script)
      cluster = await ClusterProcesses.start({ flags: ['--read-origins', new URL(served.url).origin] })
      await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
      await topicBecomes(cluster, 1, topic, allInSync)
      browser = await chromium.launch({ executablePath: executablePath!, args: flags })
      page = await browser.newPage()
      page.on('pageerror', (error) => problems.push(String(error)))
      const query = new URLSearchParams([['topic', topic], ...cluster.servers.map((server) => ['server', server])])
      await page.goto(`${served.url}?${query}`)
      await page.locator('#state').getByText('live').waitFor({ timeout: 20_000 })
    })

    afterAll(async () => {
      await browser?.close()
      await served?.close()
      await cluster?.destroy()
      if (process.env.KEEP_SCREENSHOTS === undefined) rmSync(screenshots, { recursive: true, force: true })
    })

    async function publish(compression: 'none' | 'gzip' | 'zstd', word: string, count = 64): Promise<void> {
      const producer = new Producer({ servers: cluster.servers, compression })
      await Promise.all(
        Array.from({ length: count }, async (_, n) => {
          const [key, value] = [keys[n % keys.length]!, `${word} ${n} über ✈`]
          const { partition, offset } = await producer.send(topic, { key, value })
          published.push({ partition, offset, line: `${partition} ${offset} ${key} ${value}` })
        }),
      )
      await producer.close()
    }

    /** The lines of the page once it has as many as were published; no more may come after them. */
    async function linesOfPage(): Promise<string[]> {
      await page
        .locator(`#records li:nth-child(${published.length})`)
        .waitFor({ timeout: 20_000 })
        .catch(() => undefined)
      return page.locator('#records li').allTextContents()
    }

    function ofPartition(lines: readonly string[], partition: number): string[] {
      return lines.filter((line) => line.startsWith(`${partition} `))
    }

    function expected(partition: number): string[] {
      const own = published.filter((record) => record.partition === partition)
      return own.sort((a, b) => a.offset - b.offset).map(({ line }) => line)
    }

    async function expectAllOnThePage(): Promise<void> {
      const lines = await linesOfPage()
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        expect(expected(partition).length).toBeGreaterThan(0)
        expect(ofPartition(lines, partition)).toEqual(expected(partition))
      }
      expect(lines).toHaveLength(published.length)
    }

    it('shows records of all partitions while they are published, in order, with any compression', async () => {
      for (const compression of ['none', 'gzip', 'zstd'] as const) await publish(compression, compression)
      await expectAllOnThePage()
      expect(await compressionsStored()).toEqual(new Set([Compression.none, Compression.gzip, Compression.zstd]))
    })

    it('shows each record once when the leader is killed in between', async () => {
      const { leader } = (await viewTopic(cluster, 1, topic)).partitions[0]!
      await cluster.kill(leader)
      await publish('gzip', 'after the kill', 200)
      await expectAllOnThePage()
      await cluster.launch(leader)
      await cluster.ready([leader])
      await publish('none', 'after its return', 200)
      await expectAllOnThePage()
      await page.locator('#records li').last().scrollIntoViewIfNeeded()
      await page.screenshot({ path: join(screenshots, 'records.png') })
      expect(await page.locator('#state').textContent()).toBe('live')
      expect(problems).toEqual([])
    })

    /** Compressions of the batches as the brokers have them: that of the producers must not have been lost before. */
    async function compressionsStored(): Promise<Set<number>> {
      const consumer = new Consumer({ servers: cluster.servers })
      const seen = new Set<number>()
      let records = 0
      for await (const batch of consumer.subscribe(topic, { from: 'earliest' }).batches()) {
        seen.add(batch.bytes[ATTRIBUTES_AT + 1]! & 7)
        records += batch.count
        if (records === published.length) break
      }
      await consumer.close()
      return seen
    }
  },
)
