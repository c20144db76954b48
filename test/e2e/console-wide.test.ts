import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { hasBrowser, launchBrowser, shows, wide } from './console-page.ts'

const PARTITIONS = 10_000
/** Processor time of one piece of work of the page; a person notices what takes longer. */
const LONGEST_MS = 200
const noBrowser = skipped(!hasBrowser, 'many partitions in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('the console of a broker with 10,000 partitions', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let page: Page
  let session: CDPSession
  let statesCome = 0

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start({ brokers: 1 })
    await cluster.request(1, 'POST', '/topics', { name: 'wide', partitions: PARTITIONS, replicas: 1 })
    page = await browser.newPage({ viewport: wide })
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        statesCome += Number(String(payload).startsWith('{"op":"state"'))
      })
    })
    session = await page.context().newCDPSession(page)
    // By the time of the processor, which others on the machine do not change.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.destroy()
  })

  /** Processor time of all work of the page so far, in milliseconds. */
  const worked = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value
  }

  it('scrolls, and takes a new state each second, without a pause', async () => {
    await page.goto(`http://${cluster.http(1)}/console/#/topics/wide`)
    const rows = page.locator('[aria-label="Partitions of wide"] tbody tr')
    await expect.poll(() => rows.count(), { timeout: 60_000 }).toBeGreaterThan(20)
    expect(await rows.count()).toBeLessThan(120)
    const box = page.locator('[aria-label="Partitions of wide"]')
    const height = await box.evaluate((element) => element.scrollHeight)
    const pieces: number[] = []
    for (let top = 0; top <= height; top += height / 100) {
      const before = await worked()
      await box.evaluate(async (element, to) => {
        element.scrollTop = to
        await new Promise(requestAnimationFrame)
      }, top)
      pieces.push((await worked()) - before)
    }
    await shows(page, new RegExp(String(PARTITIONS - 1)))
    const publish = () => cluster.request(1, 'POST', '/topics/wide/records', { records: [{ value: 'x' }] })
    const [states, comeBefore]: [number[], number] = [[], statesCome]
    for (let round = 0; round < 40; round++) {
      await publish()
      const before = await worked()
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
      states.push((await worked()) - before)
    }
    expect(statesCome - comeBefore).toBeGreaterThan(2)
    expect(Math.max(...pieces, ...states)).toBeLessThan(LONGEST_MS)
  })
})
