import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, phone, picture, shows, Watched, wide } from './console-page.ts'

const FIRST_LOAD_BYTES = 300_000
const INTERACTIVE_MS = 1000
/** Wider than a phone, without a place to break it. */
const TOPIC = 'measurements_of_all_stations_raw_unfiltered_2026_and_before'
const noBrowser = skipped(!hasBrowser, 'the reach of the console in a browser: this machine has no Chromium.')

/** Each page, with what it shows once it has its answer. */
const pages: [string, string, RegExp][] = [
  ['overview', '#/', /All is well|soon be full|almost full/],
  ['topics', '#/topics', /measurements/],
  ['a topic', `#/topics/${TOPIC}`, /retentionMs/],
  ['a partition', `#/topics/${TOPIC}/0`, /Newest entries/],
  ['records', `#/topics/${TOPIC}/records`, /1 record in partition 0/],
  ['brokers', '#/brokers', /feature level/],
  ['moves', '#/moves', /None is under way/],
  ['cascade', '#/cascade', /There are no cascade brokers/],
  ['audit', '#/audit', /Audit of the cluster.*Act/s],
  ['settings', '#/settings', /Of broker 1/],
]

describe.skipIf(noBrowser)('the console', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let page: Page
  let watched: Watched
  const base = () => `http://${cluster.http(1)}/console/`

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start({ brokers: 1 })
    await cluster.request(1, 'POST', '/topics', { name: TOPIC, partitions: 3, replicas: 1 })
    const record = { partition: 0, key: 'k'.repeat(300), value: `{"text":"${'v'.repeat(3000)}"}` }
    await cluster.request(1, 'POST', `/topics/${TOPIC}/records`, { records: [record] })
    page = await browser.newPage({ viewport: wide })
    watched = new Watched(page, base())
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.destroy()
  })
  afterEach(() => expect(watched.problems).toEqual([]))

  it('loads less than 300 KB at first, and nothing later', async () => {
    const html = await (await fetch(base())).text()
    const assets = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path!)
    expect(assets.map((path) => path.split('.').at(-1)).toSorted()).toEqual(['css', 'js'])
    const sizes = [gzipSync(html).length]
    for (const path of assets) {
      const answer = await fetch(base() + path)
      sizes.push(gzipSync(new Uint8Array(await answer.arrayBuffer())).length)
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_LOAD_BYTES)
  })

  it('can be used in less than a second', async () => {
    const times: number[] = []
    // The quickest of some: other tests use the processor as well.
    for (let n = 0; n < 5; n++) {
      const fresh = await browser.newPage()
      await fresh.goto(base())
      await fresh.waitForSelector('[aria-label="Brokers"] tbody tr')
      times.push(await fresh.evaluate('performance.now()'))
      await fresh.close()
    }
    expect(Math.min(...times)).toBeLessThan(INTERACTIVE_MS)
  })

  it.each(pages)('fits a phone, and can be read by everybody: %s', async (name, hash, shown) => {
    await page.goto(base() + hash)
    await shows(page, shown)
    await accessible(page)
    await page.setViewportSize(phone)
    const widths = 'document.scrollingElement.scrollWidth - innerWidth'
    expect(await page.evaluate(widths)).toBeLessThanOrEqual(0)
    await accessible(page)
    await picture(page, `reach-${name.replaceAll(' ', '-')}`)
    await page.setViewportSize(wide)
  })

  it.each([
    ['Create a topic', '#/topics'],
    ['Delete…', `#/topics/${TOPIC}`],
    ['Move the leadership…', `#/topics/${TOPIC}/0`],
    ['Change replicas…', `#/topics/${TOPIC}/0`],
    ['Delete records…', `#/topics/${TOPIC}/0`],
    ['Publish…', `#/topics/${TOPIC}/records`],
  ])('opens a dialog by the keyboard, which keeps the focus until Escape: %s', async (name, hash) => {
    await page.goto(base() + hash)
    const button = page.getByRole('button', { name, exact: true })
    await button.focus()
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    await expect.poll(() => dialog.count()).toBe(1)
    await accessible(page)
    await page.setViewportSize(phone)
    expect(await dialog.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
    await accessible(page)
    await page.setViewportSize(wide)
    // The browser itself may have the focus in between, never what is behind the dialog.
    for (let n = 0; n < 12; n++) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.closest("dialog, body").tagName')).toMatch(/DIALOG|BODY/)
      expect(
        await page.evaluate('document.activeElement.closest("header, main :not(dialog, dialog *)") !== null'),
      ).toBe(false)
    }
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  it('is walked by Tab in the order in which it is read, and Enter goes to a page', async () => {
    await page.goto(base())
    await page.reload()
    await shows(page, /Overview/)
    const reached: string[] = []
    for (let n = 0; n < 10; n++) {
      await page.keyboard.press('Tab')
      reached.push(await page.evaluate('document.activeElement.textContent'))
    }
    expect(reached).toEqual([
      'Skip to the content',
      'Tailrace',
      'Overview',
      'Topics',
      'Consumer groups',
      'Brokers',
      'Moves',
      'Cascade',
      'Audit',
      'Settings',
    ])
    for (let n = 0; n < 6; n++) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await shows(page, /Create a topic/)
    expect(new URL(page.url()).hash).toBe('#/topics')
  })

  it('is told of the topic that is seen, also beyond the first 100, and says of which topics its figures are', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `more-${at}`)
    for (const name of names) await cluster.request(1, 'POST', '/topics', { name, partitions: 1, replicas: 1 })
    await page.goto(base())
    await shows(page, /those of the first 100 of 101 topics/)
    const { topics } = (await cluster.request(1, 'GET', '/topics')) as { topics: { name: string }[] }
    const last = topics.at(-1)!.name
    const asked = requestsOf(page)
    await page.goto(`${base()}#/topics/${last}`)
    // The chart is of what the watch has told.
    await expect.poll(() => page.locator('.chart').count(), { timeout: 15_000 }).toBe(1)
    await cluster.request(1, 'POST', `/topics/${last}/records`, { records: [{ partition: 0, value: 'x' }] })
    const watermark = page.locator(`[aria-label="Partitions of ${last}"] [data-title="High watermark"]`)
    await expect.poll(() => watermark.textContent(), { timeout: 15_000 }).toBe('1')
    await page.getByRole('link', { name: 'Brokers' }).click()
    await shows(page, /Leaders and replicas are those of the first 100 of 101 topics/)
    // Which settings hold is asked once, and again when they change.
    const ofSettings = [`GET http://${cluster.http(1)}/topics/${last}`]
    expect(asked).toEqual(ofSettings)
    await page.goto(`${base()}#/topics/nowhere`)
    await shows(page, /knows no topic nowhere/)
    expect(asked).toEqual(ofSettings)
  })

  it('is told of the audit, and asks nothing over HTTP meanwhile', async () => {
    await page.goto(base())
    await shows(page, /Brokers/)
    const asked = requestsOf(page)
    await page.getByRole('link', { name: 'Audit' }).click()
    for (const clientId of ['one', 'another']) {
      const entity = { principal: null, clientId, address: null }
      await cluster.request(1, 'PUT', '/security/quotas', { entity, limits: { requestsPerSecond: 1000 } })
      await shows(page, new RegExp(`set-quota.*${clientId}`, 's'))
    }
    expect(asked).toEqual([])
  })
})

/** What it asks over HTTP from now on. */
function requestsOf(page: Page): string[] {
  const asked: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) asked.push(`${request.method()} ${request.url()}`)
  })
  return asked
}
