import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { BY_HAND, ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, shows, Watched, wide } from './console-page.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const noBrowser = skipped(!hasBrowser, 'the spread of replicas in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('the spread of replicas in the console', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let page: Page
  let watched: Watched
  const rows = async (label: string): Promise<string[][]> => {
    const found = await page.locator(`[aria-label="${label}"] tbody tr`).all()
    return Promise.all(found.map(async (row) => (await row.locator('td').allTextContents()).map((cell) => cell.trim())))
  }
  /** Broker and replicas, by broker. */
  const replicas = async (): Promise<string[][]> =>
    (await rows('Shares of brokers')).map(([broker, held]) => [broker!, held!])
  const look = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Look', exact: true }).click()
    await page.getByRole('button', { name: 'Looking…' }).waitFor()
    await page.getByRole('button', { name: 'Look', exact: true }).waitFor()
  }

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start({ flags: BY_HAND })
    await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 4, replicas: 3 })
    await topicBecomes(cluster, 1, 'flights', allInSync)
    await cluster.add()
    page = await browser.newPage({ viewport: wide })
    watched = new Watched(page, `http://${cluster.http(1)}`)
    await page.goto(`http://${cluster.http(1)}/console/#/brokers`)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await cluster?.destroy()
  })
  afterEach(() => expect(watched.problems).toEqual([]))

  it('shows what each broker holds, and what would move', async () => {
    await shows(page, /How evenly replicas and leaderships are spread/)
    expect(await page.getByRole('button', { name: 'Make even…' }).count()).toBe(0)
    await look()
    expect(await replicas()).toEqual([1, 2, 3, 4].map((id) => [String(id), id === 4 ? '0' : '4']))
    const moves = await rows('Planned moves')
    const copied = moves.filter(([, move]) => move === 'replica')
    expect(copied).toHaveLength(3)
    for (const [partition, , why, from, to] of copied) {
      expect(partition).toMatch(/^flights\/[0-3]$/)
      expect(why).toBe('uneven shares')
      expect([from!.split(', ').includes('4'), to!.split(', ').includes('4')]).toEqual([false, true])
    }
    expect(await page.textContent('main')).toMatch(/Imbalance [1-9]\d*\.\d %/)
    await accessible(page)
  })

  it('makes it even when that is confirmed, and not before', async () => {
    await page.getByRole('button', { name: 'Make even…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await look()
    expect((await replicas()).at(-1)).toEqual(['4', '0'])
    await page.getByRole('button', { name: 'Make even…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make even', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect
      .poll(() => look().then(replicas), { timeout: 60_000, interval: 500 })
      .toEqual([1, 2, 3, 4].map((id) => [String(id), '3']))
    await expect
      .poll(() => look().then(() => page.textContent('main')), { timeout: 60_000 })
      .toMatch(/Nothing is to be moved/)
    expect(await page.getByRole('button', { name: 'Make even…' }).count()).toBe(0)
  }, 180_000)
})
