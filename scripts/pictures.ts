import { chromium } from 'playwright-core'
import { findChromium } from '../test/runner/chromium.ts'
import { toolArguments } from '../test/tool-arguments.ts'
import { takeConsumerGroups } from './pictures/consumer-groups.ts'
import { PictureCluster } from './pictures/picture-cluster.ts'
import { takeReadme } from './pictures/readme.ts'
import { takeSignIn } from './pictures/sign-in.ts'
import { takeTour } from './pictures/tour.ts'

toolArguments(
  `npm run pictures
Writes docs/console*.png, which the README shows, and docs/console/*.webp, each page light, dark and on a phone, which
docs/console.md shows: the console of a cluster of three brokers and three cascade brokers to which flights are published. It
takes four minutes and needs Chromium; CHROMIUM_PATH names one. Disks that other programs fill up are warned of: TMPDIR names
a folder on a quiet one.`,
  {},
)
const executablePath = findChromium()
if (executablePath === null) throw new Error('There is no Chromium: install one, or name it with CHROMIUM_PATH.')

const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
let cluster: PictureCluster | undefined
try {
  await takeSignIn(browser)
  cluster = await PictureCluster.start()
  await takeTour(browser, cluster)
  await takeReadme(browser, cluster)
  await takeConsumerGroups(browser, cluster)
} finally {
  await browser.close()
  await cluster?.stop()
}
