import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { CascadeProcesses } from '../test/e2e/cascade-processes.ts'
import { ClusterProcesses } from '../test/e2e/cluster-processes.ts'
import { FlightLoad } from '../test/e2e/flight-load.ts'
import { allInSync, topicBecomes } from '../test/e2e/topic-view.ts'
import { findChromium } from '../test/runner/chromium.ts'
import { toolArguments } from '../test/tool-arguments.ts'

toolArguments(
  `npm run pictures
Writes docs/console*.png, which the README shows: the console of a cluster of three brokers and three cascade brokers to which flights
are published. It needs Chromium; CHROMIUM_PATH names one.`,
  {},
)
const folder = fileURLToPath(new URL('../docs/', import.meta.url))
const size = { width: 1100, height: 720 }
const executablePath = findChromium()
if (executablePath === null) throw new Error('There is no Chromium: install one, or name it with CHROMIUM_PATH.')

const cluster = await ClusterProcesses.start()
const cascades = await CascadeProcesses.inFolder()
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
let load: FlightLoad | undefined
try {
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 6, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  for (const [id, source] of [
    [101, () => cluster.http(1)],
    [102, () => cluster.http(2)],
    [201, () => cascades.http(101)],
  ] as const) {
    await cascades.add(id, source())
    await cascades.ready([id])
  }
  load = await FlightLoad.start(cluster, 'flights', 400)
  await takeAll(await browser.newPage({ viewport: size }))
} finally {
  await load?.abandon()
  await browser.close()
  await cascades.destroy()
  await cluster.destroy()
}

async function takeAll(page: Page): Promise<void> {
  await open(page, 'topics/flights/0', /committed/)
  await take(page, 'console-partition')
  await open(page, 'cascade', /broker 201/)
  await take(page, 'console-cascade', 360)
  await open(page, 'topics/flights/records', /Search/)
  await page.getByLabel('Search key and value').fill('SEA')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByTitle('Show the record').first().click()
  await take(page, 'console-records')
  await cluster.kill(3)
  await open(page, '', /flights\/0 is under-replicated/)
  await take(page, 'console')
}

/** Loads a page of the console, and waits until it shows the text. */
async function open(page: Page, path: string, shown: RegExp): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`http://${cluster.http(1)}/console/#/${path}`)
  await page.locator('main').getByText(shown).first().waitFor({ timeout: 30_000 })
}

/** `height`: of the part of the page from its top, in pixels. */
async function take(page: Page, name: string, height = size.height): Promise<void> {
  const clip = { x: 0, y: 0, width: size.width, height }
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', clip })
  console.log(`docs/${name}.png`)
}
