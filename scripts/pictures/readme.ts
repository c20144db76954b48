import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { shows, wide } from './camera.ts'
import type { PictureCluster } from './picture-cluster.ts'
import { searchRecords } from './tour.ts'

const folder = fileURLToPath(new URL('../../docs/', import.meta.url))

/** The pictures that the README has, of a cluster in which broker 3 has died. */
export async function takeReadme(browser: Browser, { brokers, http }: PictureCluster): Promise<void> {
  const page = await browser.newPage({ viewport: wide })
  const open = async (path: string, shown: RegExp): Promise<void> => {
    await page.goto('about:blank')
    await page.goto(`http://${http}/console/#/${path}`)
    await shows(page, shown)
  }
  await open('', /flights\/0 is under-replicated/)
  // Once the rate is known.
  await shows(page, /now: [1-9]/)
  await take(page, 'console')
  await brokers.launch(3)
  await brokers.ready([3])
  await open('topics/flights/0', /committed/)
  await take(page, 'console-partition')
  await open('cascade', /broker 201/)
  await take(page, 'console-cascade', 440)
  await open('topics/flights/records', /Search/)
  await searchRecords(page)
  await take(page, 'console-records')
  await page.close()
}

/** `height`: of the part of the page from its top, in pixels. */
async function take(page: Page, name: string, height = wide.height): Promise<void> {
  const clip = { x: 0, y: 0, width: wide.width, height }
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', clip })
  console.log(`docs/${name}.png`)
}
