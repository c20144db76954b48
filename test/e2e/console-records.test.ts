import { Producer } from '@tailrace/producer'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, picture, shows, text, Watched, wide } from './console-page.ts'

/** More than a search looks at in one go. */
const RECORDS = 30_000
const first = Date.UTC(2026, 0, 1)
const noBrowser = skipped(!hasBrowser, 'the records in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('the records of a topic in the console', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let page: Page
  let watched: Watched

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start({ brokers: 1 })
    await cluster.request(1, 'POST', '/topics', { name: 'log', partitions: 1, replicas: 1 })
    const producer = new Producer(cluster.sdk)
    const sent: Promise<unknown>[] = []
    for (let n = 0; n < RECORDS; n++) {
      const record = { key: `key ${n}`, value: JSON.stringify({ n }), timestamp: first + 1000 * n }
      sent.push(
        producer.send('log', { ...record, partition: 0, ...(n === 7 && { headers: { origin: 'test bench' } }) }),
      )
    }
    await Promise.all(sent)
    await producer.close()
    page = await browser.newPage({ viewport: wide })
    watched = new Watched(page, `http://${cluster.http(1)}`)
    await page.goto(`http://${cluster.http(1)}/console/#/topics/log/records`)
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.destroy()
  })
  afterEach(() => expect(watched.problems).toEqual([]))

  const read = async (from: string, wanted = '') => {
    await page.getByLabel('From').fill(from)
    await page.getByLabel('Search key and value').fill(wanted)
    await page.getByRole('button', { name: /^(Read|Search)$/ }).click()
    await expect.poll(() => page.locator('[aria-busy="true"]').count(), { timeout: 30_000 }).toBe(0)
  }
  const firstRow = () => page.locator('[aria-label="Records"] tbody tr').first().textContent()

  it('are read from an offset, and from a time', async () => {
    await read('1234')
    await expect.poll(firstRow).toContain('key 1234')
    await read(new Date(first + 1000 * 4321).toISOString())
    await expect.poll(firstRow).toContain('key 4321')
  })

  it('show headers, and their value as text and as JSON', async () => {
    await read('7')
    await page.getByTitle('Show the record').first().click()
    const dialog = page.locator('dialog')
    await expect.poll(() => dialog.textContent()).toMatch(/origin.*test bench/)
    await dialog.getByRole('button', { name: 'text', exact: true }).click()
    expect(await dialog.locator('pre').textContent()).toBe('{"n":7}')
    await dialog.getByRole('button', { name: 'json', exact: true }).click()
    expect(await dialog.locator('pre').textContent()).toBe('{\n  "n": 7\n}')
    await accessible(page)
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
  })

  it('are searched up to a bound, which is shown, and then on', async () => {
    await read('earliest', `key ${RECORDS - 1}`)
    await shows(page, /0 of 2\d,\d{3} records searched/)
    expect(await text(page)).toContain('A search stops after 20,000 records searched, or 200 found.')
    await picture(page, 'search')
    await page.getByRole('button', { name: 'Search on' }).click()
    await shows(page, /1 of [\d,]+ records searched.*key 29999/)
    await read('earliest', 'key 1')
    await shows(page, /1,\d{3} of \d,\d{3} records searched/)
    expect(await page.getByRole('button', { name: 'Search on' }).count()).toBe(1)
  })

  it('are copied as a command that reads them', async () => {
    await read('42')
    await page.evaluate('Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true })')
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    const command = await page.getByLabel(/copy it from here/).inputValue()
    const [, address] = /^curl '(.*)'$/.exec(command)!
    const { records } = (await (await fetch(address!)).json()) as { records: { key: string }[] }
    expect(records[0]!.key).toBe('key 42')
  })
})
