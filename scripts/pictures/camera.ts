import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

const folder = fileURLToPath(new URL('../../docs/console/', import.meta.url))
export const wide = { width: 1100, height: 720 }
const looks = [
  ['light', 'light', wide.width],
  ['dark', 'dark', wide.width],
  ['phone', 'light', 390],
] as const
/** Of WebP: letters stay sharp, and a picture takes some ten kilobytes. */
const QUALITY = 85
const MOST_PX = 1400

/**
 * Takes what the page shows now, light, dark and on a phone, from its top. `height`: of the window, in pixels; without
 * it, as high as the page is, at most `mostPx`.
 */
export async function takeLooks(page: Page, name: string, height?: number, mostPx = MOST_PX): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const session = await page.context().newCDPSession(page)
  for (const [look, colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme })
    // Lower than any page, so that its own height is seen.
    await page.setViewportSize({ width, height: height ?? 200 })
    const own = await page.evaluate<number>('document.scrollingElement.scrollHeight')
    await page.setViewportSize({ width, height: height ?? Math.min(mostPx, own) })
    await page.evaluate('scrollTo(0, 0)')
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
    writeFileSync(join(folder, `${name}-${look}.webp`), Buffer.from(data, 'base64'))
    console.log(`docs/console/${name}-${look}.webp`)
  }
  await session.detach()
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(wide)
}

/** Opens a page of the console in the tab that shows another one, so that its charts go on. */
export async function open(page: Page, path: string, shown: RegExp): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/${path}`)
  await shows(page, shown)
}

/** Waits until the page shows the text. */
export async function shows(page: Page, text: RegExp): Promise<void> {
  await page.locator('main').getByText(text).first().waitFor({ timeout: 30_000 })
}
