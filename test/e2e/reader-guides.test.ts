import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Producer } from '@tailrace/sdk'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { type ServedPage, servePage } from './browser-page.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { codeOf } from './guide-code.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

/** The pages and commands of docs/guides/browser-page.md and docs/guides/fan-out.md, but for the addresses in them. */

const root = resolve(import.meta.dirname, '../..')
const executable = join(root, 'broker/bin/tailrace.js')
const executablePath = chromiumForTests()
let cluster: ClusterProcesses
let producer: Producer
let folder: string

beforeAll(async () => {
  await mkdir(join(root, '.tmp'), { recursive: true })
  folder = await mkdtemp(join(root, '.tmp', 'reader-guides-'))
  cluster = await ClusterProcesses.start({ flags: ['--read-origins', '*'] })
  await cluster.request(1, 'POST', '/topics', { name: 'departures', partitions: 3, replicas: 3 })
  await topicBecomes(cluster, 1, 'departures', allInSync)
  producer = new Producer({ servers: cluster.servers })
  await publish(['SFO 10:00', 'JFK 10:05', 'ORD 10:10'])
})
afterAll(async () => {
  await producer?.close()
  await cluster?.destroy()
  await rm(folder, { recursive: true, force: true })
})

async function publish(departures: readonly string[]): Promise<void> {
  for (const departure of departures) {
    const [key, value] = departure.split(' ') as [string, string]
    await producer.send('departures', { key, value })
  }
}

async function blocksOf(guide: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, 'docs/guides', guide), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!)
}

describe.skipIf(skipped(executablePath === null, 'pages of guides: this machine has no Chromium.'))('a page', () => {
  let browser: Browser
  let html: string
  const open: ServedPage[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-gpu'] })
    html = (await blocksOf('browser-page.md', 'html'))[0]!.replace('departures.js', '/page.js')
  })
  afterAll(async () => {
    await browser?.close()
    for (const page of open) await page.close()
  })

  it.each([
    ['without a package', 'js', (id: number) => `?broker=http://${cluster.http(id)}`],
    ['with the SDK', 'ts', () => `?${cluster.servers.map((server) => `server=${server}`).join('&')}`],
  ])('%s shows what there was and what comes, over the death of a broker', async (name, language, query) => {
    const served = await servePage(html, (await blocksOf('browser-page.md', language))[0]!)
    open.push(served)
    const page = await browser.newPage()
    await page.goto(served.url + query(2))
    const lines = () => page.locator('#departures li').allTextContents()
    const has = (wanted: readonly string[]) =>
      vi.waitFor(async () => expect(await lines()).toEqual(expect.arrayContaining([...wanted])), { timeout: 15_000 })
    await has(['SFO: 10:00', 'JFK: 10:05', 'ORD: 10:10'])
    await cluster.kill(2)
    await publish([`ATL ${name.replaceAll(' ', '-')}`])
    await cluster.launch(2)
    await cluster.ready([2])
    await has([`ATL: ${name.replaceAll(' ', '-')}`])
    const shown = await lines()
    expect(new Set(shown).size).toBe(shown.length)
    if (language === 'js') return
    await page.reload()
    await publish(['DEN 11:00'])
    await has(['DEN: 11:00'])
    expect(await lines()).toEqual(['DEN: 11:00'])
  })
})

describe('fan-out', () => {
  const running: ChildProcess[] = []
  afterAll(async () => {
    for (const child of running) {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    }
  })

  it('has commands that start cascade brokers, and a reader that finds them', async () => {
    const [first, second] = (await freePorts(2)) as [number, number]
    const [starts, look] = (await blocksOf('fan-out.md', 'sh')) as [string, string]
    const here = (line: string) =>
      line
        .replace(/^npx tailrace /, '')
        .replace('127.0.0.1:8080', cluster.http(1))
        .replace('9101', String(first))
        .replace('9102', String(second))
        .replace('data/', `${folder}/`)
        .split(' ')
    for (const line of starts.trim().split('\n'))
      running.push(spawn(process.execPath, [executable, ...here(line)], { stdio: 'ignore' }))
    for (const port of [first, second])
      await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).ok).toBe(true), 20_000)
    // A reader that begins before level 0 has heard how they are reads there until it looks again.
    await vi.waitFor(async () => expect(await cascadesKnown()).toBe(2), 20_000)
    const { out } = await tailrace(here(look.trim()), '', { TAILRACE_SERVER: `http://${cluster.http(1)}` })
    expect(out).toMatch(/101[\s\S]*102/)

    const { follow } = (await import(await codeOf('fan-out.md', folder))) as {
      follow(servers: string[], onRecord: (line: string) => void, signal: AbortSignal): Promise<void>
    }
    const lines: string[] = []
    const ending = new AbortController()
    const following = follow([...cluster.servers], (line) => lines.push(line), ending.signal)
    await publish(['MIA last'])
    await vi.waitFor(() => expect(lines).toContainEqual(expect.stringMatching(/ last$/)), 15_000)
    const read = await Promise.all([first, second].map(recordsReadAt))
    ending.abort()
    await following
    expect(Math.max(...read)).toBe(lines.length)
  })
})

async function recordsReadAt(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^tailrace_fetch_records_total\{transport="websocket_binary"\} (\d+)$/m.exec(text)?.[1])
}

/** Cascade brokers that are well, as level 0 has heard it from them. */
async function cascadesKnown(): Promise<number> {
  const { brokers } = await cluster.request<{ brokers: Described[] }>(1, 'GET', '/cluster')
  return brokers.filter(({ level, load }) => level > 0 && load?.ready).length
}

interface Described {
  readonly level: number
  readonly load?: { readonly ready: boolean }
}
