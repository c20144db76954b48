import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { open, shows, takeLooks, wide } from './camera.ts'
import type { PictureCluster } from './picture-cluster.ts'

/** So long the charts are watched, so that they have something to show. */
const CHARTS_MS = 150_000
/** So that the charts below the list of brokers are seen on a phone. */
const ALL_PX = 2200

/** All pages behind the sign-in, in one tab, so that its charts go on. The last ones are of a broker that has died. */
export async function takeTour(browser: Browser, { brokers, http }: PictureCluster): Promise<void> {
  const page = await browser.newPage({ viewport: wide })
  await page.goto(`http://${http}/console/#/brokers`)
  await shows(page, /fsync/)
  await pause(CHARTS_MS)
  await takeLooks(page, 'brokers', undefined, ALL_PX)
  for (const [name, path, shown] of [
    ['topics', 'topics', /airports/],
    ['topic', 'topics/flights', /retentionMs/],
    ['partition', 'topics/flights/0', /committed/],
    ['cascade', 'cascade', /broker 201/],
    ['audit', 'audit', /set-user/],
    ['settings', 'settings', /Of broker 1/],
  ] as const) {
    await open(page, path, shown)
    await takeLooks(page, name)
  }
  await open(page, 'topics/flights/records', /Search/)
  await page.getByLabel('Search key and value').fill('SEA')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await shows(page, /records searched/)
  await takeLooks(page, 'records', wide.height)
  await page.getByTitle('Show the record').first().click()
  await takeLooks(page, 'record', wide.height)
  await page.getByRole('button', { name: 'Close' }).click()
  await brokers.kill(3)
  await open(page, '', /flights\/0 is under-replicated/)
  await takeLooks(page, 'overview')
  // On a broker that is left, and to the one that is not: the move stands still.
  await brokers.request(1, 'POST', '/topics', { name: 'imports', partitions: 1, replicas: 1 })
  const { partitions } = (await brokers.request(1, 'GET', '/topics/imports')) as {
    readonly partitions: readonly { readonly replicas: readonly number[] }[]
  }
  const replicas = [...partitions[0]!.replicas, 3]
  await brokers.request(1, 'PUT', '/topics/imports/partitions/0/members', { replicas })
  await open(page, 'moves', /new replicas catch up/)
  await takeLooks(page, 'moves')
  await page.close()
}

/** Searches for a text, and shows the first record that has it. */
export async function searchRecords(page: Page): Promise<void> {
  await page.getByLabel('Search key and value').fill('SEA')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByTitle('Show the record').first().click()
}
